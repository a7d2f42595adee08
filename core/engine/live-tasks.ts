import type { Pool } from '../scheduler/pool.js'
import type { Task, TaskTable } from '../scheduler/task.js'
import { CALL } from '../worker/layout.js'
import { Link } from '../worker/link.js'
import type { ActorCalls } from './actor-calls.js'
import type { LiveTask } from './task-log.js'

/** Where a thread keeps what it has submitted. */
export interface Submitted {
  /** Arguments are missing. */
  readonly unready: Iterable<Task>
  readonly pool: Pool
  readonly calls: ActorCalls
  /** Sent and not answered. */
  readonly table: TaskTable
}

/** All tasks of a thread that are under way, with Ray's words for how far they are. */
export function* liveTasks({ unready, pool, calls, table }: Submitted): Generator<LiveTask> {
  for (const task of unready) yield { task, state: 'PENDING_ARGS_AVAIL', worker: 0 }
  for (const task of pool.queued()) yield { task, state: 'PENDING_NODE_ASSIGNMENT', worker: 0 }
  for (const { waiting } of calls.all()) {
    for (const task of waiting.all()) yield { task, state: task.missing > 0 ? 'PENDING_ARGS_AVAIL' : 'PENDING_NODE_ASSIGNMENT', worker: 0 }
  }
  for (const task of table) {
    // The restoring of an actor is no task of the program's.
    if (task.kind > CALL) continue
    if (task.link instanceof Link) yield { task, state: task.link.begun(task) ? 'RUNNING' : 'SUBMITTED_TO_WORKER', worker: task.link.index }
    else {
      // In the queue it is nobody's until a worker has taken it.
      const worker = pool.taker(task)
      yield { task, state: worker === 0 ? 'PENDING_NODE_ASSIGNMENT' : 'RUNNING', worker }
    }
  }
}
