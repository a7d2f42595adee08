import { shutDown } from '../api/errors.js'
import { ObjectRef } from '../api/object-ref.js'
import { Task } from '../scheduler/task.js'
import type { Lineage } from '../store/large-value.js'
import { TASK } from '../worker/layout.js'
import type { LocalEngine } from './local.js'

/** A task's large arguments that are not in refs are kept, to make its result again, up to so many bytes. */
const LINEAGE_BYTES = 1024 * 1024

/** How the large result of a task is made again; undefined if it cannot be. */
export function lineageOf(engine: LocalEngine, task: Task): Lineage | undefined {
  if (task.kind !== TASK || task.alone || task.stream !== undefined || task.maxRetries === 0) return undefined
  if (task.slot >= 0) engine.pool.recover(task)
  let inline = 0
  for (const { once, object } of task.attachments) if (once && object instanceof SharedArrayBuffer) inline += object.byteLength
  if (task.payload === undefined || inline > LINEAGE_BYTES) return undefined
  const { payload, attachments, borrowed } = task
  const { name, maxRetries } = task
  const run = (index: number, done: (made: ObjectRef) => void) => {
    const { mint } = engine
    const again = new Task(TASK, new ObjectRef(mint()), name, task.definition, task.what, task.site)
    again.payload = payload
    again.attachments = attachments
    again.borrowed = borrowed
    again.maxRetries = maxRetries
    again.retryExceptions = task.retryExceptions
    again.needs = task.needs
    again.more = task.more?.map(() => new ObjectRef(mint()))
    const made = index === 0 ? again.ref : again.more![index - 1]!
    made.addWaiter({ settled: done })
    // Not at once: this may be in the middle of sending another.
    queueMicrotask(() => {
      if (engine.closed) {
        engine.outcomes.fail(again, shutDown())
        return
      }
      if (borrowed.length > 0) engine.book.share(borrowed)
      if (again.needs !== undefined) engine.entrusted.run(again, { bytes: payload, attachments })
      else engine.pool.requeue([again])
      engine.pump.expect()
    })
  }
  return { name, maxRetries, run }
}
