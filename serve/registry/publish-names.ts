import type { PublishOptions } from './publish-options.js'

/** The options of `publish` by name: for the server, which checks them, and for clients, in browsers too, which send them. */
export const PUBLISH_OPTIONS = [
  'version',
  'replicas',
  'isolation',
  'application',
  'ifChanged',
  'kind',
  'batching',
  'limits',
  'inputType',
  'inputSize',
  'outputs',
  'maxInFlight',
  'python',
  'engine',
  'token',
] as const satisfies readonly (keyof PublishOptions)[]
