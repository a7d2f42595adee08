import type { AnyActorHandle } from '../api/actor-handle.js'
import { shutDown } from '../api/errors.js'
import { FAILED, ObjectRef } from '../api/object-ref.js'
import type { MethodOptions, TaskOptions } from '../api/options.js'
import { RefStream } from '../api/ref-stream.js'
import type { SubmitSite } from '../control/call-site.js'
import { needsMore } from '../scheduler/demand.js'
import { Placed } from '../scheduler/placed.js'
import { Task } from '../scheduler/task.js'
import type { Encoder } from '../store/encoder.js'
import type { OpenTask } from '../worker/context.js'
import { CALL, TASK } from '../worker/layout.js'
import type { ShippedFunction } from '../worker/messages.js'
import type { Arguments } from './arguments.js'
import type { LocalEngine } from './local.js'
import type { Label } from './task-log.js'
import type { ThreadTools } from './thread-tools.js'

const DEFAULT_MAX_RETRIES = 3

/** What `.remote()` gives. */
export type Submitted = ObjectRef | ObjectRef[] | RefStream | undefined

/** From a call of `.remote()` to a task with an id, refs and encoded arguments. */
export class Submission {
  constructor(
    private readonly engine: LocalEngine,
    private readonly args: Arguments,
    private readonly tools: ThreadTools,
  ) {}

  /** A run of a function. */
  task(definition: ShippedFunction, args: unknown[], options: TaskOptions, site: SubmitSite): Submitted {
    const { tools, engine } = this
    const label = options.name === undefined ? engine.log.ofFunction(definition) : engine.log.label(options.name)
    const task = new Task(TASK, new ObjectRef(tools.mint()), label.name, definition, definition.index, site)
    task.nameIndex = label.index
    task.maxRetries = options.maxRetries ?? DEFAULT_MAX_RETRIES
    task.retryExceptions = options.retryExceptions
    if (tools.entrusts || needsMore(options)) task.needs = options
    task.leaves = tools.entrusts || options.runtime === 'process'
    return this.start(task, args, options.numReturns)
  }

  /** A call of an actor's method. */
  call(handle: AnyActorHandle, method: number, args: unknown[], options: MethodOptions, site: SubmitSite): Submitted {
    const { shape, actorId } = handle
    const label = options.name === undefined ? this.labelOf(handle, method) : this.engine.log.label(options.name)
    const task = new Task(CALL, new ObjectRef(this.tools.mint()), label.name, undefined, method, site)
    task.nameIndex = label.index
    task.actorId = actorId
    task.handle = handle
    task.leaves = this.tools.entrusts || shape.apart
    task.maxRetries = options.maxTaskRetries ?? shape.maxTaskRetries
    // In a concurrency group it may be taken before its turn: it is sent again if the actor dies then.
    task.keeps = task.maxRetries !== 0 || shape.groupNames.length > 0
    task.retryExceptions = options.retryExceptions
    if (options.concurrencyGroup !== undefined) task.group = shape.groupNames.indexOf(options.concurrencyGroup) + 1
    return this.start(task, args, options.numReturns)
  }

  private labelOf({ labels, shape }: AnyActorHandle, method: number): Label {
    labels[method] ??= this.engine.log.label(`${shape.className}.${shape.methodNames[method]}`)
    return labels[method]
  }

  /** Encodes and sends, and gives what the caller gets. */
  private start(task: Task, args: unknown[], numReturns: number | 'streaming' | undefined): Submitted {
    if (this.engine.closed) {
      task.ref.settle(FAILED, shutDown())
    } else {
      if (numReturns === 'streaming') task.stream = this.streamOf(task)
      else if (numReturns !== undefined && numReturns !== 1) {
        if (numReturns > 1) task.more = Array.from({ length: numReturns - 1 }, () => new ObjectRef(this.tools.mint()))
        for (const ref of task.more ?? []) ref.origin = task
      }
      const parent = this.tools.current()
      task.createdMs = this.engine.log.now(parent)
      if (parent !== undefined) {
        task.parent = parent
        task.parentId = parent.taskId
        parent.children ??= new Placed()
        parent.children.add(task)
      }
      if (parent?.cancelsChildren === true) this.engine.outcomes.fail(task, this.engine.outcomes.cancelled(task))
      else this.send(task, args)
    }
    if (numReturns === undefined || numReturns === 1) return task.ref
    if (numReturns === 'streaming') return task.stream
    return numReturns === 0 ? undefined : [task.ref, ...task.more!]
  }

  private send(task: Task, args: unknown[]): void {
    let encoder: Encoder
    try {
      encoder = this.args.encode(task, args)
    } catch (error) {
      // Refused: it was never submitted.
      task.parent?.children?.delete(task)
      throw error
    }
    try {
      this.engine.sending.dispatch(task, encoder)
    } finally {
      encoder.done()
    }
  }

  private streamOf(task: Task): RefStream {
    const { engine } = this
    const holds: (OpenTask | undefined)[] = []
    return new RefStream({
      mint: () => new ObjectRef(this.tools.mint()),
      read: (count) => (task.pull === undefined ? engine.sending.runner(task)?.credit(task.ref.id, count) : task.pull.told(count)),
      wait: (on) => {
        if (on) holds.push(engine.hold())
        else engine.release(holds.pop())
      },
      stop: (force, recursive) => engine.cancel(task.ref, force, recursive),
    })
  }
}
