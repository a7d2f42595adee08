import { invalid } from '../api/errors.js'
import { FAILED, type ObjectRef, PENDING } from '../api/object-ref.js'
import { Task } from '../scheduler/task.js'
import { CALL } from '../worker/layout.js'
import type { LocalEngine } from './local.js'
import type { ThreadTools } from './thread-tools.js'

/** Takes back what has not begun, and asks for the end of what runs. */
export class Cancellation {
  constructor(
    private readonly engine: LocalEngine,
    private readonly tools: ThreadTools,
  ) {}

  /** `ref`: any of a task's. Resolves once it has been told; with `force`, once its thread is gone. */
  async cancel(ref: ObjectRef, force: boolean, recursive: boolean): Promise<void> {
    const { engine, tools } = this
    // It may be over, and this thread not have heard of it yet.
    engine.poll()
    const task = ref.origin
    if (!(task instanceof Task)) {
      // Another thread's.
      if (ref.state === PENDING) await tools.headquarters.cancel(ref.id, force, recursive)
      return
    }
    if (force && task.kind === CALL)
      throw invalid(`cancel: ${task.name} is a call of an actor, which force would end; leave force out, or use kill(handle)`)
    if (engine.entrusted.has(task)) await tools.headquarters.cancel(task.ref.id, force, recursive)
    else if (this.revoke(task)) engine.outcomes.fail(task, engine.outcomes.cancelled(task))
    else await this.stop(task, force, recursive)
  }

  /** Takes back a task that nobody has begun. */
  private revoke(task: Task): boolean {
    const { calls, sending, pool } = this.engine
    return calls.revoke(task) || sending.unready.delete(task) || pool.revoke(task) || task.link?.revoke(task) === true
  }

  private async stop(task: Task, force: boolean, recursive: boolean): Promise<void> {
    const { engine, tools } = this
    const runner = engine.sending.runner(task)
    if (runner === undefined) return
    task.cancelled = true
    if (!force) runner.abort(task.ref.id, recursive)
    else if (runner.index === tools.index) {
      // It is between two steps in this very thread: ending that would end the caller.
      runner.abort(task.ref.id, recursive, true)
      for (const ref of [task.ref, ...(task.more ?? [])]) ref.settle(FAILED, engine.outcomes.cancelled(task))
    } else {
      task.endedBy = 'cancel'
      await tools.headquarters.endThread(runner.index)
    }
  }

  /** The same for another thread, which has only the id of one of the task's refs. */
  async byId(id: number, force: boolean, recursive: boolean): Promise<void> {
    for (const { ref, more } of this.engine.unfinished()) {
      if (ref.id === id || more?.some((other) => other.id === id)) {
        await this.cancel(ref, force, recursive)
        return
      }
    }
  }

  /** Cancels what a cancelled task had started; of calls of actors, force would end more than them. */
  all(tasks: Iterable<Task>, force: boolean): void {
    // One may be over by then, or its thread gone.
    for (const task of [...tasks]) this.cancel(task.ref, force && task.kind !== CALL, true).catch(() => {})
  }
}
