import { inspect } from 'node:util'
import { closest, distance } from 'fastest-levenshtein'
import { demandOf } from '../scheduler/demand.js'
import { invalid } from './errors.js'
import type { PlacementGroup } from './placement-group.js'

/** What a task or an actor needs of the machine. */
export interface ResourceOptions {
  /**
   * CPUs, also fractions. A task takes 1 by default. An actor needs a machine with 1 to be placed on and holds none while it
   * runs, so any number of them live on one CPU; given here, it waits until so many are free and holds them for life.
   */
  numCpus?: number
  /** GPUs, also fractions of one. Their ids are in `runtimeContext().gpuIds` and in CUDA_VISIBLE_DEVICES. Default 0. */
  numGpus?: number
  /** Custom resources by name, as given to `init`. */
  resources?: Readonly<Record<string, number>>
  /** Takes its resources from a placement group's bundle. */
  placementGroup?: PlacementGroup
  /** Which bundle of the group; default any that has room. */
  bundleIndex?: number
  /** A thread of this process, or a process of its own (its memory is not shared, native code may crash there). Default 'thread'. */
  runtime?: 'thread' | 'process'
  /** Environment variables; only with `runtime: 'process'`. */
  env?: Readonly<Record<string, string>>
}

type ErrorClass = abstract new (...args: never[]) => Error

export interface TaskOptions extends ResourceOptions {
  /** Shown in errors and in `state`. Default: the function's name. */
  name?: string
  /** `import.meta.url` of the module that exports the function: it is imported in the worker instead of shipped as source. */
  module?: string
  /** So many refs; the function returns an array of as many values. 'streaming': a generator's values, one ref each. Default 1. */
  numReturns?: number | 'streaming'
  /** How often the task is run again when its worker dies. Default 3. */
  maxRetries?: number
  /** Also run it again when it throws: any error, or those of these classes (told by their names). Default false. */
  retryExceptions?: boolean | readonly ErrorClass[]
  /**
   * Longest time the task may run, milliseconds; its worker is ended then, and `get` throws TaskTimeoutError. It is counted in each
   * attempt from when a thread can run the task; time in its `get`s counts too, but not the time in which a streaming task is
   * stopped because its reader is far behind. Default none.
   */
  timeoutMs?: number
}

export interface ActorOptions extends ResourceOptions {
  /** A name for `getActor`, unique among the living of its namespace: a second `.remote()` throws, in a worker its calls fail. */
  name?: string
  /** Default: the one given to `init`. */
  namespace?: string
  /**
   * With `name`: gives the living actor of that name, if there is one, instead of an error. Of several threads that ask at once
   * one makes it and the others get that one. The arguments and other options are not looked at then; the class must be the same.
   */
  getIfExists?: boolean
  /** 'detached': it lives until it is killed, exits or the runtime ends. Default: until its last handle is gone. */
  lifetime?: 'detached'
  /** `import.meta.url` of the module that exports the class. */
  module?: string
  /** Calls that may be open at once, for async methods; 1: one after the other. Default 1000, as Ray. Sync methods never overlap. */
  maxConcurrency?: number
  /**
   * Groups of calls, each with its own `maxConcurrency`: `{ io: 2, compute: { maxConcurrency: 1, methods: ['fit'] } }`. A call is
   * in the group that its `.options({ concurrencyGroup: 'io' })` names, else in its method's, else in none, where the actor's own
   * `maxConcurrency` holds. A full group does not hold up the others. Sync methods do not overlap across groups either.
   */
  concurrencyGroups?: Readonly<Record<string, number | { maxConcurrency: number; methods?: readonly string[] }>>
  /**
   * How often it is started again after its thread died, also by `kill` with `noRestart: false`; −1: always. Default 0. An error
   * in its constructor, `exitActor` and `kill` end it for good.
   */
  maxRestarts?: number
  /**
   * How often each call is made again on the restarted actor when the actor died after the call had begun; −1: always. Default 0:
   * a call runs at most once, and fails with ActorDiedError if nobody knows how far it came. Above 0 it runs at least once, perhaps
   * several times, if it ends with a value. Calls that had not begun are sent to the restarted actor in any case, uncounted.
   */
  maxTaskRetries?: number
}

/** Options of one call of an actor's method. */
export interface MethodOptions {
  /** So many refs; the method returns an array of as many values. 'streaming': a generator's values, one ref each. Default 1. */
  numReturns?: number | 'streaming'
  /** One of the actor's `concurrencyGroups`. Default: the method's own, if it is in one. */
  concurrencyGroup?: string
  /** Shown in errors and in `state`. Default: `Class.method`. */
  name?: string
  /** Instead of the actor's. */
  maxTaskRetries?: number
  /** Also make the call again when it throws, any error or those of these classes, as often as `maxTaskRetries` says in all. Default false. */
  retryExceptions?: boolean | readonly ErrorClass[]
}

export interface InitOptions {
  /** Worker threads for tasks. Default: the cores of this machine. Actors have a thread each besides. */
  numCpus?: number
  /** Default: those that nvidia-smi lists, once something asks for one. */
  numGpus?: number
  /** Custom resources by name. */
  resources?: Readonly<Record<string, number>>
  /** Memory for large objects, bytes; beyond it the least recently used go to disk. Default 30 % of the machine's memory, as Ray. */
  objectStoreBytes?: number
  /** Of named actors. Default 'default'. */
  namespace?: string
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

const aRuntime: Check = (value) => (value === 'thread' || value === 'process' ? undefined : "'thread' or 'process'")
const returns: Check = (value) =>
  value === 'streaming' || aNumber(0, 1e6, true)(value) === undefined ? undefined : "a whole number of at least 0, or 'streaming'"
const someErrors: Check = (value) =>
  typeof value === 'boolean' ||
  (Array.isArray(value) && value.every((one) => typeof one === 'function' && (one === Error || one.prototype instanceof Error)))
    ? undefined
    : 'true, false, or a list of error classes'
const amounts: Check = (value) =>
  isRecord(value) && Object.values(value).every((one) => aNumber(0, Infinity, false)(one) === undefined)
    ? undefined
    : 'an object of names and amounts, such as { camera: 1 }'
const variables: Check = (value) =>
  isRecord(value) && Object.values(value).every((one) => typeof one === 'string')
    ? undefined
    : 'an object of strings, such as { LEVEL: "1" }'
const groups: Check = (value) =>
  isRecord(value) &&
  Object.values(value).every((one) =>
    isRecord(one)
      ? isCount(one.maxConcurrency) &&
        (one.methods === undefined || isStrings(one.methods)) &&
        Object.keys(one).every((key) => key === 'maxConcurrency' || key === 'methods')
      : isCount(one),
  )
    ? undefined
    : "an object such as { io: 2 } or { io: { maxConcurrency: 2, methods: ['read'] } }"
const timesOrAlways: Check = (value) =>
  value === -1 || aNumber(0, Infinity, true)(value) === undefined ? undefined : 'a whole number of at least 0, or -1 for always'
const aGroup: Check = (value) =>
  isObject(value) && typeof value.id === 'number' && Array.isArray(value.bundles) ? undefined : 'what placementGroup() returned'

/** A plain object: of a Map or an instance of a class the entries would be overlooked. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  // Of another realm too: its Object.prototype is not ours.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function isCount(value: unknown): boolean {
  return aNumber(1, Infinity, true)(value) === undefined
}

const resourceChecks = {
  numCpus: aNumber(0, Infinity, false),
  numGpus: aNumber(0, Infinity, false),
  resources: amounts,
  placementGroup: aGroup,
  bundleIndex: aNumber(-1, Infinity, true),
  runtime: aRuntime,
  env: variables,
}

const checks = {
  task: {
    name: aString,
    module: aFileUrl,
    ...resourceChecks,
    numReturns: returns,
    maxRetries: timesOrAlways,
    retryExceptions: someErrors,
    timeoutMs: aNumber(1, LONGEST_TIMER_MS, false),
  },
  actor: {
    name: aString,
    namespace: aString,
    getIfExists: aBoolean,
    lifetime: (value) => (value === 'detached' ? undefined : "'detached'"),
    module: aFileUrl,
    ...resourceChecks,
    maxConcurrency: aNumber(1, Infinity, true),
    concurrencyGroups: groups,
    maxRestarts: timesOrAlways,
    maxTaskRetries: timesOrAlways,
  },
  method: { numReturns: returns, concurrencyGroup: aString, name: aString, maxTaskRetries: timesOrAlways, retryExceptions: someErrors },
  init: {
    numCpus: aNumber(1, 1024, true),
    numGpus: aNumber(0, 1024, true),
    resources: amounts,
    objectStoreBytes: aNumber(1024 * 1024, Infinity, true),
    namespace: aString,
    workerHeapMb: aNumber(8, Infinity, true),
    ignoreReinitError: aBoolean,
  },
  get: { timeoutMs: aDuration },
  wait: { numReturns: aNumber(1, Infinity, true), timeoutMs: aDuration },
  cancel: { force: aBoolean, recursive: aBoolean },
  kill: { noRestart: aBoolean },
  getActor: { namespace: aString },
} satisfies Record<string, Record<string, Check>>

/** Options of the design that this engine does not carry out: refused with their own words, so nobody thinks they work. */
const notYet = new Set('dashboard engine address'.split(' '))

/** In errors a value stands on one line. */
const FLAT = { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80, maxArrayLength: 8 }

/** Throws for options that do not go together. */
export function checkResources(caller: string, options: ResourceOptions): void {
  // Amounts that can never be counted are refused here, not when a place is looked for.
  demandOf(caller, options, 0)
  if (options.env !== undefined && options.runtime !== 'process')
    throw invalid(`${caller}: env is for runtime: 'process'; threads share this process's environment`)
  if (options.bundleIndex !== undefined && options.bundleIndex >= 0) {
    if (options.placementGroup === undefined) throw invalid(`${caller}: bundleIndex needs a placementGroup`)
    const { length } = options.placementGroup.bundles
    if (options.bundleIndex >= length)
      throw invalid(`${caller}: bundleIndex is ${options.bundleIndex}, and the group has ${length} bundles`)
  }
}

/** Throws for an option that is unknown or has a bad value, saying what was meant or expected. */
export function checkOptions(kind: keyof typeof checks, caller: string, options: object): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid(`${caller}: options must be an object, not ${inspect(options, FLAT)}`)
  const table: Record<string, Check> = checks[kind]
  for (const [key, value] of Object.entries(options)) {
    const check = Object.hasOwn(table, key) ? table[key] : undefined
    if (check === undefined) throw invalid(`${caller}: ${unknownOption(key, Object.keys(table))}`)
    const expected = value === undefined ? undefined : check(value)
    if (expected !== undefined) throw invalid(`${caller}: ${key} must be ${expected}, not ${inspect(value, FLAT)}`)
  }
}

function unknownOption(key: string, known: string[]): string {
  if (notYet.has(key)) return `option '${key}' is not carried out by this version; leave it out (known here: ${known.join(', ')})`
  const near = closest(key, known)
  const guess = distance(key, near) <= Math.max(2, key.length / 3) ? `; did you mean '${near}'?` : ''
  return `unknown option '${key}'${guess} (known: ${known.join(', ')})`
}
