import { mayRetry } from '../scheduler/outcomes.js'
import type { Task } from '../scheduler/task.js'
import { TASK } from '../worker/layout.js'
import type { LocalEngine } from './local.js'

/** What becomes of the tasks and calls of this thread when a thread dies that may have taken some. */
export class LostThreads {
  /** Those that are gone, so that a late connection to one is not made. */
  private readonly gone = new Set<number>()

  constructor(private readonly engine: LocalEngine) {}

  has(index: number): boolean {
    return this.gone.has(index)
  }

  /** `condemned`: it was ended on purpose. */
  add(index: number, how: string, cause: unknown, condemned: boolean): void {
    const { links, pump, pool, calls, outcomes, log } = this.engine
    this.gone.add(index)
    const link = links.get(index)
    if (link === undefined) return
    link.drain()
    links.delete(index)
    pump.remove(link)
    const again: Task[] = []
    for (const task of pool.workers.includes(link) ? pool.remove(link) : []) {
      // A thread that was ended because of another task: this one is not to blame.
      if (task.endedBy === undefined && !task.cancelled && (condemned || mayRetry(task))) {
        log.again(task, index, undefined, outcomes.crashed(link.name, task, how, cause))
        task.stream?.rewind()
        again.push(task)
      } else {
        pool.forget(task, task.attachments)
        outcomes.fail(task, outcomes.crashed(link.name, task, how, cause), link)
      }
    }
    pool.requeue(again)
    calls.linkGone(link, how, cause)
    for (const task of link.unanswered()) {
      // The main thread's own, to an actor that it never called: its record knows.
      if (task.kind === TASK) continue
      link.free(task)
      outcomes.fail(task, outcomes.crashed(link.name, task, how, cause))
    }
    link.close()
    pump.look()
  }
}
