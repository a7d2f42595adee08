import type { ActorOptions, TaskOptions } from '../api/options.js'
import type { Headquarters, Payload, Placed, TaskSpec } from '../control/headquarters.js'
import type { Task } from '../scheduler/task.js'
import { LargeValue } from '../store/large-value.js'
import { lineageOf } from './lineage.js'
import type { LocalEngine } from './local.js'
import { StreamPull } from './stream-pull.js'
import { changeable } from './values.js'

/** Tasks that need more than a worker for tasks has: the main thread finds a place for them. */
export class Entrusted {
  private readonly tasks = new Set<Task>()

  constructor(
    private readonly engine: LocalEngine,
    private readonly headquarters: Headquarters,
  ) {}

  has(task: Task): boolean {
    return this.tasks.has(task)
  }

  all(): Iterable<Task> {
    return this.tasks
  }

  run(task: Task, payload: Payload): void {
    const { sending } = this.engine
    // The main thread cannot bring back what this one owns; of its own it does when there is a place for the task.
    if (this.headquarters.nextOf !== undefined && !sending.bringAll(task)) {
      if (task.failure !== undefined) this.engine.outcomes.fail(task, task.failure)
      else sending.onceArrived(() => this.run(task, payload))
      return
    }
    this.tasks.add(task)
    task.toldElsewhere = true
    const spec: TaskSpec = {
      id: task.ref.id,
      name: task.name,
      definition: task.definition!,
      payload,
      options: placed(task.needs!),
      streaming: task.stream !== undefined,
      retryErrors: retryNames(task),
      frames: task.site.frames(),
      parentId: task.parentId,
      createdMs: task.createdMs,
    }
    const { headquarters } = this
    const settled = headquarters.run(spec, task)
    if (task.stream !== undefined && headquarters.nextOf !== undefined)
      task.pull = new StreamPull(
        task.stream,
        () => headquarters.nextOf!(task.ref.id),
        (value) => this.engine.outcomes.yielded(task, value),
      )
    settled.then(
      async ({ failed, value }) => {
        await task.pull?.done
        if (!this.tasks.delete(task)) return
        if (failed) this.engine.outcomes.fail(task, value)
        else {
          task.payload = payload.bytes
          // The same memory is to be held for this ref.
          if (task.relay?.ref.absent instanceof LargeValue) task.relay.ref.absent.release()
          const lineage = changeable(value) ? lineageOf(this.engine, task) : undefined
          this.engine.outcomes.succeed(task, value, undefined, undefined, undefined, lineage)
        }
      },
      (error: unknown) => {
        if (this.tasks.delete(task)) this.engine.outcomes.fail(task, error)
      },
    )
  }

  clear(): Task[] {
    const all = [...this.tasks]
    this.tasks.clear()
    return all
  }
}

/** Options as they travel. */
export function placed<Options extends TaskOptions | ActorOptions>(options: Options): Placed<Options> {
  const { placementGroup, module: _, ...rest } = options
  const { retryExceptions: __, ...plain } = rest as { retryExceptions?: unknown }
  return { ...plain, ...(placementGroup === undefined ? {} : { groupId: placementGroup.id }) } as Placed<Options>
}

/** The names of the errors after which a task may run again. */
function retryNames({ retryExceptions }: Task): boolean | string[] {
  return Array.isArray(retryExceptions) ? retryExceptions.map(({ name }) => name) : retryExceptions === true
}
