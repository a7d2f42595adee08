import { withoutRuntime } from '../control/call-site.js'

/**
 * Every error of the runtime. All extend `GymnuraError`; a program tells them apart by class or by `code`.
 *
 * | code | class | told by | when |
 * | --- | --- | --- | --- |
 * | ERR_TASK | TaskError | get | the user's function threw; `cause` is what it threw |
 * | ERR_ACTOR_DIED | ActorDiedError | get | the actor's constructor threw, its thread died, or it was killed |
 * | ERR_WORKER_CRASHED | WorkerCrashedError | get | a worker died under a task more often than `maxRetries` allows |
 * | ERR_OBJECT_LOST | ObjectLostError | get | a value's bytes are gone |
 * | ERR_GET_TIMEOUT | GetTimeoutError | get | `timeoutMs` of `get` passed |
 * | ERR_TASK_TIMEOUT | TaskTimeoutError | get | the task ran longer than its own `timeoutMs` |
 * | ERR_TASK_CANCELLED | TaskCancelledError | get | `cancel` was called |
 * | ERR_OBJECT_STORE_FULL | ObjectStoreFullError | put, .remote, get | no room for a large value, in memory or on disk |
 * | ERR_RESOURCES_UNAVAILABLE | ResourcesUnavailableError | get | the task asks for more than the runtime has |
 * | ERR_QUEUE_FULL | QueueFullError | Queue | a queue had no room in time |
 * | ERR_QUEUE_EMPTY | QueueEmptyError | Queue | a queue had too few items in time |
 * | ERR_SERIALIZATION | SerializationError | put, .remote, get | a value cannot travel between threads |
 * | ERR_INVALID_ARGUMENT | GymnuraError | any call | a bad option or argument |
 * | ERR_CAPTURED_VARIABLE | GymnuraError | remote, actor | the function uses a variable that it does not carry |
 * | ERR_INIT | GymnuraError | init, state, timeline | already initialised, called inside a worker, or nothing runs that could be told of |
 * | ERR_SHUTDOWN | GymnuraError | any call | the runtime that made a ref, a handle or a group was shut down |
 */
export type ErrorCode =
  | 'ERR_TASK'
  | 'ERR_ACTOR_DIED'
  | 'ERR_WORKER_CRASHED'
  | 'ERR_OBJECT_LOST'
  | 'ERR_GET_TIMEOUT'
  | 'ERR_TASK_TIMEOUT'
  | 'ERR_TASK_CANCELLED'
  | 'ERR_OBJECT_STORE_FULL'
  | 'ERR_RESOURCES_UNAVAILABLE'
  | 'ERR_QUEUE_FULL'
  | 'ERR_QUEUE_EMPTY'
  | 'ERR_SERIALIZATION'
  | 'ERR_INVALID_ARGUMENT'
  | 'ERR_CAPTURED_VARIABLE'
  | 'ERR_INIT'
  | 'ERR_SHUTDOWN'

/** `Code` is wider in the rooms above, which have tables of their own. */
export class GymnuraError<Code extends string = ErrorCode> extends Error {
  readonly code: Code

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  override get name(): string {
    return this.constructor.name
  }
}

/** The user's function threw. `cause` is what it threw; the stack shows the call on the driver's side and the throw on the worker's. */
export class TaskError extends GymnuraError {
  /** `note`: what a reader of the worker's stack should know. */
  constructor(task: string, cause: unknown, site: string, worker: string, note = '') {
    super('ERR_TASK', `${task} failed: ${describe(cause)}`, { cause })
    if (cause instanceof Error && typeof cause.stack === 'string') cause.stack = withoutRuntime(cause.stack)
    this.stack = `TaskError: ${this.message}\n${site}\n  thrown in ${worker}${note}:\n${indent(stackOf(cause))}`
  }
}

export class ActorDiedError extends GymnuraError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_ACTOR_DIED', message, options)
  }
}

export class WorkerCrashedError extends GymnuraError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_WORKER_CRASHED', message, options)
  }
}

export class ObjectLostError extends GymnuraError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_OBJECT_LOST', message, options)
  }
}

export class GetTimeoutError extends GymnuraError {
  constructor(message: string) {
    super('ERR_GET_TIMEOUT', message)
  }
}

export class TaskTimeoutError extends GymnuraError {
  constructor(message: string) {
    super('ERR_TASK_TIMEOUT', message)
  }
}

export class TaskCancelledError extends GymnuraError {
  constructor(message: string) {
    super('ERR_TASK_CANCELLED', message)
  }
}

export class ObjectStoreFullError extends GymnuraError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_OBJECT_STORE_FULL', message, options)
  }
}

export class ResourcesUnavailableError extends GymnuraError {
  constructor(message: string) {
    super('ERR_RESOURCES_UNAVAILABLE', message)
  }
}

/** There was no room in a queue in time. */
export class QueueFullError extends GymnuraError {
  constructor(message: string) {
    super('ERR_QUEUE_FULL', message)
  }
}

/** There were too few items in a queue in time. */
export class QueueEmptyError extends GymnuraError {
  constructor(message: string) {
    super('ERR_QUEUE_EMPTY', message)
  }
}

export class SerializationError extends GymnuraError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SERIALIZATION', message, options)
  }
}

/** The classes by name, for errors that cross threads: they arrive as what they were. */
export const errorClasses: Readonly<Record<string, { readonly name: string; readonly prototype: GymnuraError }>> = {
  GymnuraError,
  TaskError,
  ActorDiedError,
  WorkerCrashedError,
  ObjectLostError,
  GetTimeoutError,
  TaskTimeoutError,
  TaskCancelledError,
  ObjectStoreFullError,
  ResourcesUnavailableError,
  QueueFullError,
  QueueEmptyError,
  SerializationError,
}

export function shutDown(): GymnuraError {
  return new GymnuraError('ERR_SHUTDOWN', 'the runtime was shut down: its results and actors are gone')
}

export function invalid(message: string): GymnuraError {
  return new GymnuraError('ERR_INVALID_ARGUMENT', message)
}

/** What was thrown, in words. Anything can be thrown, also what cannot be made a string: this never throws. */
export function describe(value: unknown): string {
  if (value instanceof Error) return `${textOf(() => value.name)}: ${textOf(() => value.message)}`
  if (typeof value === 'string') return value
  return value === null || value === undefined ? `${value} was thrown` : `${textOf(() => value)} was thrown, a ${typeof value}`
}

/** A value as text, whatever reading it or its own `toString` does. */
export function textOf(read: () => unknown, otherwise = '(cannot be shown)'): string {
  try {
    return String(read())
  } catch {
    return otherwise
  }
}

/** `1 run`, `2 runs` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** An error's stack; of anything else what it is. */
export function stackOf(value: unknown): string {
  return value instanceof Error && typeof value.stack === 'string' ? value.stack : describe(value)
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}
