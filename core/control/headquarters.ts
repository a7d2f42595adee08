import type { ActorShape } from '../api/actor-handle.js'
import type { Attachment } from '../api/object-ref.js'
import type { ActorOptions, TaskOptions } from '../api/options.js'
import type { ShippedFunction, Wire } from '../worker/messages.js'

/** A value or an error on its way between threads. */
export interface Outcome {
  readonly failed: boolean
  readonly bytes: Uint8Array
  readonly attachments: readonly Attachment[]
}

/** Encoded arguments, with what they name. */
export interface Payload {
  readonly bytes: Uint8Array
  readonly attachments: readonly Attachment[]
}

/** An actor as a handle needs it. */
export interface HandleData {
  readonly actorId: number
  readonly shape: ActorShape
}

/** Options without what only the submitter uses; a placement group by its id. */
export type Placed<Options> = Omit<Options, 'placementGroup' | 'retryExceptions' | 'module'> & { readonly groupId?: number }

export interface ActorSpec {
  readonly definition: ShippedFunction
  readonly options: Placed<ActorOptions>
  /** Where it was submitted. */
  readonly frames: string
}

export interface TaskSpec {
  readonly id: number
  readonly name: string
  readonly definition: ShippedFunction
  readonly payload: Payload
  readonly options: Placed<TaskOptions>
  readonly frames: string
}

export interface ActorGone {
  readonly actorId: number
  readonly restarting: boolean
  readonly message: string
  readonly cause: unknown
  /** The stack of the error, where it is not this thread's. */
  readonly stack: string | undefined
}

/**
 * What the main thread does for every thread of the runtime: starting threads, connecting them, actors, resources, and the
 * values of refs that travelled. Workers call it through comlink, the driver's own engine directly.
 */
export interface Headquarters {
  /** Connections to all workers for tasks, who take from this queue from now on. */
  connectPool(queue: SharedArrayBuffer): Promise<Wire[]>
  /** Registers an actor under an id that the caller minted; with `getIfExists` the id of the living one of that name. Throws if the name is taken. */
  registerActor(actorId: number, spec: ActorSpec): Promise<HandleData>
  /** Starts it, with its constructor's arguments. */
  startActor(actorId: number, payload: Payload): Promise<void>
  /** An argument of its constructor failed. */
  stillborn(actorId: number, message: string, cause: unknown): Promise<void>
  /** Resolves once it lives; or tells how it died. */
  connectActor(actorId: number): Promise<Wire | ActorGone>
  actorNamed(name: string, namespace: string): Promise<HandleData | undefined>
  kill(actorId: number, noRestart: boolean): Promise<void>
  /** This actor ends itself. */
  exiting(actorId: number): Promise<void>
  /** Ends a thread that runs one of the caller's tasks. */
  endThread(index: number): Promise<void>
  /** Runs a task that needs more than a worker for tasks has. */
  run(spec: TaskSpec): Promise<Outcome>
  cancel(id: number, force: boolean, recursive: boolean): Promise<void>
  /** The value of a ref that belongs to another thread. */
  fetch(id: number): Promise<Outcome>
}
