import { closest } from 'fastest-levenshtein'
import { invalid } from './errors.js'

export interface TaskOptions {
  /** Shown in errors. Default: the function's name. */
  name?: string
  /** `import.meta.url` of the module that exports the function: it is imported in the worker instead of shipped as source. */
  module?: string
  /** CPUs that the task needs, at most one on this engine (a task is one thread). Default 1. */
  numCpus?: number
  /** How often the task is run again when its worker dies. Default 3. */
  maxRetries?: number
  /** Longest time the task may run, milliseconds; its worker is ended then, and `get` throws TaskTimeoutError. Default none. */
  timeoutMs?: number
}

export interface ActorOptions {
  /** A name for `getActor`, unique among the living. */
  name?: string
  /** `import.meta.url` of the module that exports the class. */
  module?: string
  /** CPUs needed to place it. A running actor holds none. */
  numCpus?: number
  /** Calls that may be open at once, for async methods. Default 1000, as Ray; sync methods never overlap. */
  maxConcurrency?: number
}

export interface InitOptions {
  /** Worker threads for tasks. Default: the cores of this machine. Actors have a thread each besides. */
  numCpus?: number
  /**
   * Largest JavaScript heap of a worker, MiB; beyond it the worker ends with ERR_WORKER_OUT_OF_MEMORY. Best effort: it is
   * noticed when memory is collected, and a single allocation far above the limit makes V8 abort the whole process.
   * Default: V8's.
   */
  workerHeapMb?: number
  /** A second `init` is ignored instead of refused. */
  ignoreReinitError?: boolean
}

type Check = (value: unknown) => string | undefined

const aNumber =
  (low: number, high: number, whole: boolean): Check =>
  (value) =>
    typeof value === 'number' && value >= low && value <= high && (!whole || Number.isInteger(value))
      ? undefined
      : `${whole ? 'a whole number' : 'a number'} ${high === Infinity ? `of at least ${low}` : `between ${low} and ${high}`}`
const aString: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'a string that is not empty')
const aBoolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false')
const aFileUrl: Check = (value) =>
  typeof value === 'string' && /^file:\/\//.test(value)
    ? undefined
    : 'a file: URL such as import.meta.url (in CommonJS: pathToFileURL(__filename).href)'

/** setTimeout fires at once above this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
const aDuration = aNumber(0, LONGEST_TIMER_MS, false)

const checks = {
  task: {
    name: aString,
    module: aFileUrl,
    numCpus: aNumber(0, Infinity, false),
    maxRetries: aNumber(0, Infinity, true),
    timeoutMs: aNumber(1, LONGEST_TIMER_MS, false),
  },
  actor: {
    name: aString,
    module: aFileUrl,
    numCpus: aNumber(0, Infinity, false),
    maxConcurrency: aNumber(1, Infinity, true),
  },
  init: { numCpus: aNumber(1, 1024, true), workerHeapMb: aNumber(8, Infinity, true), ignoreReinitError: aBoolean },
  get: { timeoutMs: aDuration },
  wait: { numReturns: aNumber(1, Infinity, true), timeoutMs: aDuration },
  cancel: { force: aBoolean, recursive: aBoolean },
  kill: { noRestart: aBoolean },
} satisfies Record<string, Record<string, Check>>

/** Options of the design that this engine does not carry out: refused with their own words, so nobody thinks they work. */
const notYet = new Set(
  (
    'numGpus resources numReturns retryExceptions runtime env placementGroup bundleIndex maxRestarts maxTaskRetries lifetime namespace ' +
    'getIfExists concurrencyGroups objectStoreBytes dashboard engine address'
  ).split(' '),
)

/** Throws for an option that is unknown or has a bad value, saying what was meant or expected. */
export function checkOptions(kind: keyof typeof checks, caller: string, options: object): void {
  if (typeof options !== 'object' || options === null) throw invalid(`${caller}: options must be an object, not ${String(options)}`)
  const table: Record<string, Check> = checks[kind]
  for (const [key, value] of Object.entries(options)) {
    const check = Object.hasOwn(table, key) ? table[key] : undefined
    if (check === undefined) throw invalid(`${caller}: ${unknownOption(key, Object.keys(table))}`)
    const expected = value === undefined ? undefined : check(value)
    if (expected !== undefined)
      throw invalid(`${caller}: ${key} must be ${expected}, not ${typeof value === 'string' ? `'${value}'` : String(value)}`)
  }
}

function unknownOption(key: string, known: string[]): string {
  if (notYet.has(key)) return `option '${key}' is not carried out by this version; leave it out (known here: ${known.join(', ')})`
  return `unknown option '${key}'; did you mean '${closest(key, known)}'? (known: ${known.join(', ')})`
}
