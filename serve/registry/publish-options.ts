import type { Batching, BatchingOptions } from '../batching/policies.js'
import { checkBatching } from '../batching/policies.js'
import { MOST_IN_FLIGHT, mayBeInFlight, type OutputDescription } from '../containers/container.js'
import { INPUT_TYPES, type InputType } from '../containers/element-types.js'
import { type ContainerSettings, ISOLATIONS, type Isolation, KINDS, type Kind, type Limits } from '../containers/kinds.js'
import { digestOf } from '../containers/listener.js'
import { described } from '../containers/replies.js'
import { checkOptions, LONGEST_TIMER_MS, refuse } from '../refusals.js'
import { type ApplicationOptions, checkApplication, checkReplicas } from './options.js'
import { PUBLISH_OPTIONS } from './publish-names.js'

/** What `publish` takes besides the model. */
export interface PublishOptions {
  /** Default: one more than the highest whole number published so far. */
  version?: number | string
  /** Containers side by side; default 1. */
  replicas?: number
  /** Each replica in a process of its own (default), in a thread of its own, or 'inline': in the thread that serves. */
  isolation?: Isolation
  /**
   * Where there is no application of the model's name, one is made, with these options; false: none is made. One that is there stays as
   * it is.
   */
  application?: boolean | Partial<Omit<ApplicationOptions, 'name' | 'inputType'>>
  /** true: nothing changes where the version that was published last has the same content and runs in the same way. */
  ifChanged?: boolean
  /** What the model is; default: as the file's name says (.safetensors, .onnx, .json, .py, .js, an http address), else a policy. */
  kind?: Kind
  /** How queries are put together; default 'aimd'. */
  batching?: Batching['policy'] | BatchingOptions
  /** What its containers may use. */
  limits?: Limits
  /** What queries carry, of a function or a Python model that does not say so itself; default 'floats'. */
  inputType?: InputType
  /** Elements of one input, where the model does not say so itself; absent: each has its own length. */
  inputSize?: number
  /** Outputs of a function or a Python model that does not say so itself; default: one, any JSON value. */
  outputs?: readonly [OutputDescription, ...OutputDescription[]]
  /** Batches that a container of a function or a remote model takes before it has answered the first. */
  maxInFlight?: number
  /** Of kind 'python': the interpreter; default `python3`. */
  python?: string
  /** Of kind 'image': the engine's command; default `podman`. */
  engine?: string
  /** Of kind 'external': what the container that connects shows, at least 16 characters. */
  token?: string
}

/** As a version is run. */
export interface PublishSettings {
  readonly replicas: number
  readonly isolation: Isolation
  readonly batching: Batching
  readonly settings: ContainerSettings
}

const LIMITS = ['memoryMB', 'niceness', 'env', 'batchMs', 'startMs'] as const
/** Kinds whose containers are processes, and nothing else. */
const PROCESSES: readonly Kind[] = ['python', 'image', 'external']
const SHORTEST_TOKEN = 16

function checkLimits(given: Limits = {}): Limits {
  const { memoryMB, niceness, env, batchMs, startMs } = checkOptions<Limits>('limits', given, LIMITS)
  const isWithin = (value: unknown, most: number) => value === undefined || (typeof value === 'number' && value > 0 && value <= most)
  if (!isWithin(memoryMB, Number.MAX_SAFE_INTEGER)) refuse('limits.memoryMB', memoryMB, 'MiB, more than 0')
  if (!isWithin(batchMs, LONGEST_TIMER_MS)) refuse('limits.batchMs', batchMs, `milliseconds, more than 0, up to ${LONGEST_TIMER_MS}`)
  if (!isWithin(startMs, LONGEST_TIMER_MS)) refuse('limits.startMs', startMs, `milliseconds, more than 0, up to ${LONGEST_TIMER_MS}`)
  const isNice = niceness === undefined || (Number.isInteger(niceness) && niceness >= -20 && niceness <= 19)
  if (!isNice) refuse('limits.niceness', niceness, 'a whole number from -20 to 19')
  const isVariable = ([name, value]: readonly [string, unknown]) =>
    /^[^=\0]+$/.test(name) && typeof value === 'string' && !value.includes('\0')
  const isEnv = env === undefined || (typeof env === 'object' && env !== null && Object.entries(env).every(isVariable))
  if (!isEnv) refuse('limits.env', env, 'an object of strings by names without "=", none with a zero in it')
  return { ...given }
}

/** What belongs to one kind alone is refused for the others, so that nobody thinks it does something. */
function checkKind(kind: Kind, { python, engine, token, outputs, inputType, inputSize, maxInFlight }: PublishOptions): void {
  const only = (what: string, value: unknown, kinds: readonly Kind[]) => {
    if (value !== undefined && !kinds.includes(kind)) refuse(what, value, `none for kind "${kind}"; it belongs to ${kinds.join(', ')}`)
  }
  only('python', python, ['python'])
  only('engine', engine, ['image'])
  only('token', token === undefined ? token : '…', ['external'])
  only('outputs', outputs, ['function', 'python'])
  only('inputType', inputType, ['function', 'python'])
  only('inputSize', inputSize, ['function', 'python', 'onnx', 'tfjs', 'remote'])
  only('maxInFlight', maxInFlight, ['function', 'remote'])
  for (const [what, command] of Object.entries({ python, engine })) {
    const isCommand = command === undefined || (typeof command === 'string' && command !== '' && !command.includes('\0'))
    if (!isCommand) refuse(what, command, 'the name or the path of a program')
  }
  if (inputType !== undefined && !INPUT_TYPES.includes(inputType)) refuse('inputType', inputType, INPUT_TYPES.join(', '))
  if (inputSize !== undefined && !(Number.isSafeInteger(inputSize) && inputSize > 0))
    refuse('inputSize', inputSize, 'a whole number, at least 1')
  const read = outputs && described({ inputType: 'floats', inputSize: null, outputs })
  if (typeof read === 'string') refuse('outputs', outputs, `[{ name, type, shape }, …]: ${read}`)
  if (maxInFlight !== undefined && !mayBeInFlight(maxInFlight)) refuse('maxInFlight', maxInFlight, `1 to ${MOST_IN_FLIGHT}`)
  if (kind === 'external' && (typeof token !== 'string' || token.length < SHORTEST_TOKEN))
    refuse('token', token === undefined ? token : '…', `at least ${SHORTEST_TOKEN} characters that only you and the container know`)
}

/** Options of the application that is to be made, looked at before anything is started. */
function checkMade(application: unknown): void {
  if (typeof application === 'boolean') return
  if (typeof application !== 'object' || application === null || Array.isArray(application))
    refuse('application', application, 'true, false, or options of registerApplication')
  for (const key of ['name', 'inputType'] as const)
    if (key in application) refuse(`application.${key}`, (application as Record<string, unknown>)[key], "none: it is the model's own")
  checkApplication({ defaultOutput: 0, ...application, name: 'any' })
}

/** @param implied what the model is if `kind` does not say @throws ServeError `SERVE_OPTION` */
export function checkPublish(
  options: PublishOptions,
  implied: Kind,
  path?: string,
): PublishSettings & Pick<PublishOptions, 'application'> & { ifChanged: boolean } {
  const given = checkOptions<PublishOptions>('publish', options, PUBLISH_OPTIONS)
  const { replicas = 1, isolation = 'process', application = true, ifChanged = false, kind = implied, batching } = given
  checkReplicas(replicas)
  if (!ISOLATIONS.includes(isolation)) refuse('isolation', isolation, ISOLATIONS.map((one) => `"${one}"`).join(', '))
  checkMade(application)
  if (typeof ifChanged !== 'boolean') refuse('ifChanged', ifChanged, 'true or false')
  if (!KINDS.includes(kind)) refuse('kind', kind, KINDS.join(', '))
  if (PROCESSES.includes(kind) && isolation !== 'process') refuse('isolation', isolation, `"process", which is how kind "${kind}" runs`)
  checkKind(kind, given)
  const { inputType, inputSize, outputs, maxInFlight, python, engine, token } = given
  const limits = checkLimits(given.limits)
  const tokenDigest = token === undefined ? undefined : digestOf(token)
  const settings: ContainerSettings = { kind, limits, path, inputType, inputSize, outputs, maxInFlight, python, engine, tokenDigest }
  return { replicas, isolation, application, ifChanged, batching: checkBatching(batching), settings }
}
