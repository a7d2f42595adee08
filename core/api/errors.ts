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
 * | ERR_OBJECT_STORE_FULL | ObjectStoreFullError | put, .remote | no memory for a large value |
 * | ERR_RESOURCES_UNAVAILABLE | ResourcesUnavailableError | get | the task asks for more than the runtime has |
 * | ERR_SERIALIZATION | SerializationError | put, .remote, get | a value cannot travel between threads |
 * | ERR_INVALID_ARGUMENT | GymnuraError | any call | a bad option or argument |
 * | ERR_CAPTURED_VARIABLE | GymnuraError | remote, actor | the function uses a variable that it does not carry |
 * | ERR_NESTED_SUBMISSION | GymnuraError | any call in a worker | tasks, actors, get and put from inside a task |
 * | ERR_INIT | GymnuraError | init | already initialised, or called inside a worker |
 * | ERR_SHUTDOWN | GymnuraError | get | the runtime was shut down under the call |
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
  | 'ERR_SERIALIZATION'
  | 'ERR_INVALID_ARGUMENT'
  | 'ERR_CAPTURED_VARIABLE'
  | 'ERR_NESTED_SUBMISSION'
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
  constructor(task: string, cause: unknown, site: string, worker: string) {
    super('ERR_TASK', `${task} failed: ${describe(cause)}`, { cause })
    const thrown = cause instanceof Error ? (cause.stack ?? String(cause)) : describe(cause)
    this.stack = `TaskError: ${this.message}\n${site}\n  thrown in ${worker}:\n${indent(withoutRuntime(thrown))}`
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

export class SerializationError extends GymnuraError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SERIALIZATION', message, options)
  }
}

/** The classes by name, for errors that cross threads: they arrive as what they were. */
export const errorClasses: Readonly<Record<string, { readonly prototype: GymnuraError }>> = {
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
  SerializationError,
}

export function invalid(message: string): GymnuraError {
  return new GymnuraError('ERR_INVALID_ARGUMENT', message)
}

function describe(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  return typeof value === 'string' ? value : `a thrown ${typeof value}, ${String(value)}`
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}
