import type { ActorGone } from '../control/headquarters.js'
import type { LiveObject } from '../control/live-objects.js'
import type { Query } from '../control/query.js'
import type { TaskCount, TaskRow } from '../control/rows.js'
import type { Part } from '../control/survey.js'
import type { OpenFact } from '../engine/task-log.js'
import type { InletSetup, Wire } from './messages.js'

/** What the main thread calls in a worker through comlink. */
export interface WorkerControl {
  /** Resolves once the worker takes tasks. */
  ready(): true
  /** Serves another client. */
  attach(inlet: InletSetup): void
  /** A client is gone. So many of its tasks are open still. */
  detach(client: number): number
  /** Resolves once those are over. */
  left(client: number): Promise<void>
  /** Another worker takes tasks now. */
  poolAdded(wire: Wire): void
  /** A worker that may have taken tasks of ours is gone. */
  threadGone(index: number, how: string, cause: unknown, condemned: boolean): void
  /** No worker can be started any more. */
  poolLost(message: string): void
  actorGone(gone: ActorGone): void
  /** Cancels a task that this thread has submitted. */
  cancel(id: number, force: boolean, recursive: boolean): Promise<void>
  /** What is under way here, of whomever. */
  openTasks(): OpenFact[]
  /** What this thread has refs to, or holds in its store. */
  liveObjects(): LiveObject[]
  /** What this thread has submitted. */
  taskRows(facts: readonly OpenFact[], query: Query<TaskRow> | undefined): Part<TaskRow>
  taskCounts(facts: readonly OpenFact[]): TaskCount[]
  /** Lets go of refs and memory that nothing here needs any more. */
  collect(): Promise<void>
  /** Ends an actor once what is under way is answered. */
  exit(): void
}
