import type { ActorShape, AnyActorHandle } from '../api/actor-handle.js'
import type { ObjectRef } from '../api/object-ref.js'
import type { Demand } from '../scheduler/demand.js'
import type { Strategy } from '../scheduler/placement-groups.js'
import type { Outcome } from './headquarters.js'
import type { HistoryPart } from './history.js'
import type { MetricsBatch } from './metrics.js'

/**
 * Who holds what. A ref or handle that leaves its thread is counted by the main thread, by thread. The rules:
 *
 * - In a **request** it is held by the task on the sender's side until the answer; the receiver reports its own hold when it
 *   has read the request, which is before it answers.
 * - In a **reply** the sender reports a hold in the receiver's name before it sends, which the receiver then owns.
 * - A thread drops its hold when the ref is collected there, or when the thread is gone.
 *
 * Reports travel on a port of each thread. Before the main thread frees anything it reads all ports: a hold that was reported
 * before the drop it made possible is seen, whichever port it came on.
 */
export type LedgerMessage =
  | { readonly kind: 'hold' | 'drop' | 'share'; readonly thread: number; readonly ids: readonly number[] }
  | { readonly kind: 'transfer'; readonly thread: number; readonly ids: readonly number[]; readonly to: number }
  /** A shared ref of the sender's has settled. */
  | { readonly kind: 'value'; readonly thread: number; readonly id: number; readonly outcome: Outcome }
  /** A placement group was made. Told here and not called: whoever has heard of the group finds this report before it. */
  | {
      readonly kind: 'group'
      readonly id: number
      readonly bundles: readonly Demand[]
      readonly strategy: Strategy
      readonly name: string | undefined
    }
  /** The object store is full, and this thread cannot make room alone. */
  | { readonly kind: 'pressed' }
  /** The worker has given its CPU away, as it was asked to. */
  | { readonly kind: 'paused'; readonly thread: number }
  /** A task that holds resources begins or ends waiting in `get`. */
  | { readonly kind: 'waiting'; readonly thread: number; readonly on: boolean }
  /** A streaming task stops because its reader is far behind, or goes on. */
  | { readonly kind: 'held-back'; readonly thread: number; readonly on: boolean }
  /** What is needed of its history of tasks when it is gone. */
  | { readonly kind: 'history'; readonly thread: number; readonly part: HistoryPart }
  /** What the program has counted there. */
  | { readonly kind: 'metrics'; readonly thread: number; readonly batch: MetricsBatch }
  /** The actor of this thread has called `exitActor`. */
  | { readonly kind: 'exiting'; readonly thread: number }
  /** An actor's state, to be restored if it dies. */
  | { readonly kind: 'saved'; readonly thread: number; readonly outcome: Outcome }

export type Borrowed = ObjectRef | AnyActorHandle

/** A thread's own book of refs and handles that came from elsewhere or went there. */
export interface RefBook {
  /** These leave in a request; the caller keeps them until it is answered, and then calls `unshare`. */
  share(things: readonly Borrowed[]): void
  unshare(things: readonly Borrowed[]): void
  /** These leave in a reply to another thread. */
  transfer(things: readonly Borrowed[], to: number): void
  /** A ref that came in. `counted`: in a reply, so the hold was reported by the sender. */
  ref(id: number, counted: boolean): ObjectRef
  handle(actorId: number, shape: ActorShape, counted: boolean): AnyActorHandle
  /** Reports what came in since. */
  report(): void
}
