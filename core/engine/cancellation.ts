import { invalid } from '../api/errors.js'
import { FAILED, type ObjectRef, PENDING } from '../api/object-ref.js'
import { Task } from '../scheduler/task.js'
import { CALL, TASK } from '../worker/layout.js'
import type { LocalEngine } from './local.js'
import type { ThreadTools } from './thread-tools.js'

/** Takes back what has not begun, and asks for the end of what runs. */
export class Cancellation {
  constructor(
    private readonly engine: LocalEngine,
    private readonly tools: ThreadTools,
  ) {}

  async cancel(ref: ObjectRef, force: boolean, recursive: boolean): Promise<void> {
    const { engine } = this
    const { headquarters } = this.tools
    // It may be over, and this thread not have heard of it yet.
    engine.poll()
    const task = ref.origin
    if (!(task instanceof Task)) {
      if (ref.state === PENDING) await headquarters.cancel(ref.id, force, recursive)
      return
    }
    if (engine.entrusted.has(task)) {
      await headquarters.cancel(ref.id, force, recursive)
      return
    }
    if (engine.calls.revoke(task)) return
    if (engine.sending.unready.delete(task) || engine.pool.revoke(task) || task.link?.revoke(task)) {
      engine.outcomes.fail(task, engine.outcomes.cancelled(task))
      return
    }
    const runner = engine.sending.runner(task)
    if (runner === undefined) return
    if (force && task.kind === CALL) throw invalid(`cancel: ${task.name} runs in an actor, which force would end; use kill(handle)`)
    task.cancelled = true
    if (!force) runner.abort(ref.id, recursive)
    else if (runner.index === this.tools.index) {
      // It is between two steps in this very thread: ending that would end the caller.
      runner.abort(ref.id, recursive)
      task.ref.settle(FAILED, engine.outcomes.cancelled(task))
    } else {
      task.endedBy = 'cancel'
      await headquarters.endThread(runner.index)
    }
  }

  /** The same for another thread, which has only the id. */
  async byId(id: number, force: boolean, recursive: boolean): Promise<void> {
    const { sending, entrusted, table, pool } = this.engine
    for (const task of [...sending.unready, ...entrusted.all(), ...table, ...pool.queued()]) {
      if (task.ref.id === id) await this.cancel(task.ref, force, recursive)
    }
  }

  /** Cancels what a cancelled task had started. */
  all(tasks: ReadonlySet<Task>): void {
    for (const task of [...tasks]) if (task.kind === TASK) void this.cancel(task.ref, false, true)
  }
}
