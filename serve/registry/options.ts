import { ServeError } from '../errors.js'
import { selectionNames, selectionPolicy } from '../selection/policies.js'
import type { ApplicationRecord, Json } from '../state/state.js'

/** What `registerApplication` takes. */
export interface ApplicationOptions {
  /** 1 to 128 letters, digits, `.`, `_` or `-`. */
  name: string
  /** What queries carry; default 'floats'. */
  inputType?: 'floats'
  /** The output when no prediction is there in time; any JSON value. */
  defaultOutput: Json
  /** Every query is answered within this many milliseconds; default 100. */
  sloMs?: number
  /** How linked models are chosen and combined; default 'fixed'. */
  selection?: 'fixed'
}

/** What `publish` takes besides the policy. */
export interface PublishOptions {
  /** Default: one more than the highest whole number published so far. */
  version?: number | string
  /** Containers side by side; default 1. */
  replicas?: number
  /** 'process' (default): each replica in a process of its own. 'inline': in the thread that serves. */
  isolation?: 'process' | 'inline'
  /** false: make no application of the model's name where there is none. */
  application?: boolean
}

const NAME = /^[\w.-]{1,128}$/
/** First segments of other APIs' paths. */
const RESERVED = ['admin', 'v1', 'v2', 'metrics']
const LONGEST_SLO_MS = 3_600_000
const MOST_REPLICAS = 64

export const DEFAULT_SLO_MS = 100
const DEFAULT_SELECTION = 'fixed'

function refuse(what: string, given: unknown, expected: string): never {
  throw new ServeError('SERVE_OPTION', `${what} is ${JSON.stringify(given) ?? String(given)}; expected ${expected}`)
}

export function checkName(what: string, name: unknown): string {
  if (typeof name !== 'string' || !NAME.test(name)) refuse(what, name, '1 to 128 letters, digits, ".", "_" or "-"')
  if (RESERVED.includes(name)) refuse(what, name, `a name other than ${RESERVED.join(', ')}, which are paths of the server`)
  return name
}

export function checkVersion(version: unknown): string {
  if (typeof version === 'number' && Number.isSafeInteger(version) && version >= 0) return String(version)
  if (typeof version === 'string' && NAME.test(version)) return version
  return refuse('version', version, 'a whole number, or a string of letters, digits, ".", "_" or "-"')
}

/** @throws ServeError `SERVE_OPTION` */
export function checkApplication(options: ApplicationOptions): Omit<ApplicationRecord, 'models'> {
  const { defaultOutput, inputType = 'floats', sloMs = DEFAULT_SLO_MS, selection = DEFAULT_SELECTION } = options
  const name = checkName('name', options.name)
  if (inputType !== 'floats') refuse('inputType', inputType, '"floats", which is what policies take')
  if (typeof sloMs !== 'number' || !(sloMs > 0 && sloMs <= LONGEST_SLO_MS)) refuse('sloMs', sloMs, `more than 0, up to ${LONGEST_SLO_MS}`)
  if (!selectionPolicy(selection)) refuse('selection', selection, selectionNames.map((known) => `"${known}"`).join(' or '))
  if (defaultOutput === undefined || JSON.stringify(defaultOutput) === undefined) refuse('defaultOutput', defaultOutput, 'a JSON value')
  return { name, inputType, defaultOutput, sloMs, selection }
}

/** @throws ServeError `SERVE_OPTION` */
export function checkPublish(options: PublishOptions): { replicas: number; isolation: 'process' | 'inline' } {
  const { replicas = 1, isolation = 'process' } = options
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > MOST_REPLICAS) refuse('replicas', replicas, `1 to ${MOST_REPLICAS}`)
  if (isolation !== 'process' && isolation !== 'inline') refuse('isolation', isolation, '"process" or "inline"')
  return { replicas, isolation }
}
