import type { ActorShape } from '../api/actor-handle.js'
import type { Attachment } from '../api/object-ref.js'
import type { ActorOptions, TaskOptions } from '../api/options.js'
import type { Task } from '../scheduler/task.js'
import type { ShippedFunction, Wire } from '../worker/messages.js'
import type { Borrowed } from './ref-book.js'

/** A value or an error on its way between threads. */
export interface Outcome {
  readonly failed: boolean
  readonly bytes: Uint8Array
  readonly attachments: readonly Attachment[]
  /** Refs and handles inside, which the sender has counted in the receiver's name. */
  readonly held: readonly number[]
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

/** Decoded. */
export interface Settled {
  readonly failed: boolean
  readonly value: unknown
}

/** Options without what only the submitter uses; a placement group by its id. */
export type Placed<Options> = Omit<Options, 'placementGroup' | 'retryExceptions' | 'module'> & { readonly groupId?: number }

export interface ActorSpec {
  readonly definition: ShippedFunction
  readonly shape: ActorShape
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
  readonly streaming: boolean
  readonly retryErrors: boolean | readonly string[]
  readonly frames: string
}

/** The thread of that index has been connected before. */
export interface Connected {
  readonly connected: number
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
 * What the main thread does for every thread of the runtime: connecting threads, actors, resources, and the values of refs
 * that travelled. The driver's engine calls it directly, a worker's through comlink.
 */
export interface Headquarters {
  /**
   * Registers an actor under an id that the caller minted. With `getIfExists` the living one of that name is given instead.
   * A name that is taken throws; in a worker `registered` is rejected.
   */
  registerActor(actorId: number, spec: ActorSpec): { readonly existing?: HandleData; readonly registered?: Promise<unknown> }
  /** Starts it, with its constructor's arguments and the refs and handles in them. */
  startActor(actorId: number, payload: Payload, borrowed: readonly Borrowed[]): Promise<void>
  /** An argument of its constructor failed. */
  stillborn(actorId: number, cause: unknown, frames: string): Promise<void>
  /** Resolves once it lives, or when it is dead for good. */
  connectActor(actorId: number): Promise<Wire | Connected | ActorGone>
  /** In a worker the handle is counted as the caller's already. */
  actorNamed(name: string, namespace: string): Promise<HandleData | undefined>
  kill(actorId: number, noRestart: boolean): Promise<void>
  /** Ends a thread that runs one of the caller's tasks. */
  endThread(index: number): Promise<void>
  /** Runs a task that needs more than a worker for tasks has. */
  run(spec: TaskSpec, task: Task): Promise<Settled>
  /** The next value of such a task that streams, undefined behind the last; where there is none, `run` fills the task's stream itself. */
  nextOf?(id: number): Promise<Settled | undefined>
  cancel(id: number, force: boolean, recursive: boolean): Promise<void>
}
