import { ownerOf } from '../api/ids.js'
import { FAILED, ObjectRef, READY } from '../api/object-ref.js'
import type { RefStream } from '../api/ref-stream.js'
import type { Settled, TaskSpec } from '../control/headquarters.js'
import type { LocalEngine } from '../engine/local.js'
import { TASK } from '../worker/layout.js'
import { Task } from './task.js'

/** The task that carries out a specification. */
export function taskOf(spec: TaskSpec): Task {
  const { definition, options, payload, retryErrors } = spec
  const task = new Task(TASK, new ObjectRef(spec.id), spec.name, definition, definition.index, { frames: () => spec.frames })
  task.maxRetries = options.maxRetries ?? 3
  task.retryExceptions = typeof retryErrors === 'boolean' ? retryErrors : retryErrors.map((name) => ({ name }))
  task.payload = payload.bytes
  task.attachments = payload.attachments
  task.parentId = spec.parentId
  task.createdMs = spec.createdMs
  return task
}

/** Tasks of process workers, whose memory the workers for tasks cannot reach: the main thread submits them as its own. */
export class OnBehalf {
  private readonly tasks = new Map<number, Task>()

  constructor(private readonly engine: LocalEngine) {}

  run(spec: TaskSpec, stream: RefStream | undefined): Promise<Settled> {
    const task = taskOf(spec)
    task.stream = stream
    task.ref.origin = task
    this.tasks.set(spec.id, task)
    return new Promise((resolve) => {
      task.ref.addWaiter({
        settled: (ref) => {
          this.tasks.delete(spec.id)
          resolve({ failed: ref.state === FAILED, value: ref.state === READY ? ref.read() : ref.value })
        },
      })
      this.engine.sending.now(task)
    })
  }

  /** Undefined: there is no such task here. */
  cancel(id: number, force: boolean, recursive: boolean): Promise<void> | undefined {
    const task = this.tasks.get(id)
    return task === undefined ? undefined : this.engine.cancellation.cancel(task.ref, force, recursive)
  }

  /** So many values of a streaming task have been read in all. */
  credit(id: number, read: number): void {
    const task = this.tasks.get(id)
    if (task !== undefined) this.engine.sending.runner(task)?.credit(id, read)
  }

  /** A process is gone: nobody can read what its tasks would give. */
  abandon(owner: number): void {
    for (const id of this.tasks.keys()) if (ownerOf(id) === owner) void this.cancel(id, true, true)
  }
}
