import { type Names, Decoder } from '../store/decoder.js'
import type { ActorShape } from '../api/actor-handle.js'
import type { Task } from '../scheduler/task.js'
import { leave, OpenTask, runAs } from './context.js'
import type { Inlet, Memory } from './inlet.js'
import * as layout from './layout.js'
import type { Loaded } from './load.js'
import type { DataMessage, WorkerData } from './messages.js'
import type { Clock } from './reply-sender.js'
import { Streams } from './streams.js'

/** What a task's arguments may name besides values. */
export interface Borrower {
  ref(id: number): object
  actor(id: number, shape: ActorShape): object
  /** Tells the owners which refs and handles have arrived here. */
  settle(): void
}

/**
 * Carries out the requests of one thread.
 *
 * A worker for tasks takes a task from the queue of its own thread first, then from the others'. It runs one at a time, where
 * one that waits in `get` does not count: its CPU goes to the next. An actor runs sync methods one at a time, in each
 * caller's order, and lets async ones overlap.
 */
export class Executor implements Names {
  readonly running = new Map<number, OpenTask>()
  readonly inlets: Inlet[] = []
  /** Tasks that have begun and are not over. */
  open = 0
  /** Those of them that wait in `get`. */
  private waiting = 0
  private limit = 1
  private turn = 0
  private readonly decoder = new Decoder(this)
  private reading: Inlet | undefined
  private methods: readonly string[] = []
  private instance: Record<string, Loaded> | undefined
  private readonly streams: Streams

  constructor(
    private readonly data: WorkerData,
    private readonly clock: Clock,
    private readonly borrower: Borrower,
    private readonly now: () => number,
    /** Called when a task that was left open has ended. */
    private readonly ended: () => void,
    /** The children of a task that was cancelled. */
    private readonly orphaned: (tasks: ReadonlySet<Task>) => void,
  ) {
    this.streams = new Streams(clock, now)
  }

  add(inlet: Inlet): void {
    // The thread's own queue comes first.
    if (inlet.client === this.data.index) this.inlets.unshift(inlet)
    else this.inlets.push(inlet)
  }

  remove(client: number): void {
    const at = this.inlets.findIndex((inlet) => inlet.client === client)
    if (at >= 0) this.inlets.splice(at, 1)[0]!.close()
  }

  /** Whether another task may be begun. */
  get free(): boolean {
    return this.open - this.waiting < this.limit
  }

  /** Whether something waits that may be begun. */
  ready(takesTasks: boolean): boolean {
    if (!this.free) return false
    for (const inlet of this.inlets) if (inlet.requests.ready() || (takesTasks && inlet.queue?.ready())) return true
    return false
  }

  /** Begins what comes next. False: there is nothing, or it may not begin. */
  step(takesTasks: boolean): boolean {
    const { inlets } = this
    const count = inlets.length
    if (!this.free) return false
    for (let i = 0; i < count; i++) {
      if (++this.turn >= count) this.turn = 0
      const inlet = inlets[this.turn]!
      const at = inlet.requests.next()
      if (at < 0) continue
      this.request(inlet, at)
      return true
    }
    if (!takesTasks) return false
    for (let i = 0; i < count; i++) {
      const inlet = inlets[i]!
      const at = inlet.queue === undefined ? -1 : inlet.queue.take()
      if (at < 0) continue
      this.begin(inlet, inlet.queued!, at, () => inlet.queue!.decoded(at))
      return true
    }
    return false
  }

  /** Whether the queues hold more than this worker can begin now. */
  more(): boolean {
    for (const inlet of this.inlets) if (inlet.queue?.ready()) return true
    return false
  }

  /** Whether the queues hold more than one task, as far as can be seen from outside. */
  several(): boolean {
    let waiting = 0
    for (const inlet of this.inlets) {
      if (!inlet.queue?.ready()) continue
      if (inlet.queue.several() || ++waiting > 1) return true
    }
    return false
  }

  told(message: DataMessage): void {
    if ('abort' in message) {
      const task = this.running.get(message.abort)
      task?.abort()
      if (task?.children !== undefined && message.recursive) this.orphaned(task.children)
    } else if ('credit' in message) this.streams.credit(message.credit, message.count)
  }

  /** A `get` or `wait` of a task begins or ends. */
  wait(task: OpenTask, by: 1 | -1): void {
    const before = task.waiting
    task.waiting += by
    if (this.data.role.kind === 'actor' || !this.running.has(task.taskId)) return
    if (before === 0) this.waiting++
    else if (task.waiting === 0) this.waiting--
  }

  private request(inlet: Inlet, at: number): void {
    const { words, view } = inlet.channel
    const bytes = words[at + layout.LENGTH]!
    const pass = () => {
      inlet.requests.skip(bytes)
      inlet.requests.share()
    }
    if ((words[at + layout.KIND]! & layout.KIND_MASK) === layout.DROP_HANDLE) {
      inlet.handle(view.getFloat64((at + layout.TASK_ID) * 4, true), true)
      pass()
      // Compare-exchange: the client does the same with REVOKED to take a request back; whoever finds QUEUED has it.
    } else if (Atomics.compareExchange(words, at + layout.STATUS, layout.QUEUED, layout.CLAIMED) !== layout.QUEUED) pass()
    else this.begin(inlet, inlet.channel, at, pass)
  }

  /** Carries out one record; an async task is left open. `decoded` is called once the record is not needed any more. */
  private begin(inlet: Inlet, { words, buffer, view }: Memory, at: number, decoded: () => void): void {
    const kind = words[at + layout.KIND]!
    const slot = words[at + layout.SLOT]!
    const what = words[at + layout.WHAT]!
    const id = view.getFloat64((at + layout.TASK_ID) * 4, true)
    const actorId = this.data.role.kind === 'actor' ? this.data.role.actorId : undefined
    const task = new OpenTask(id, actorId, this.data.workerId)
    const { clock } = this
    const beganMs = this.mark
    let result: unknown
    let pending: Promise<unknown> | undefined
    let passed = false
    try {
      this.reading = inlet
      const start = at * 4 + layout.REQUEST_HEADER
      if (kind & layout.OVERSIZE) {
        const shelf = inlet.handle(view.getFloat64(start, true), true) as SharedArrayBuffer
        this.decoder.open(Buffer.from(shelf), new DataView(shelf), 0)
      } else this.decoder.open(buffer, view, start)
      const args = this.decoder.args()
      this.borrower.settle()
      decoded()
      passed = true
      result = this.call(inlet, task, kind & layout.KIND_MASK, what, args)
      if (kind & layout.STREAMING) result = this.streams.run(inlet.replies, slot, id, result, task)
      // Looking at a result may run code of the user's, as a getter's.
      if (isThenable(result)) pending = Promise.resolve(result)
    } catch (error) {
      if (!passed) decoded()
      leave(task)
      this.over(beganMs)
      inlet.replies.thrown(slot, error)
      return
    }
    if (pending === undefined) {
      leave(task)
      this.over(beganMs)
      inlet.replies.result(slot, result)
      return
    }
    this.open++
    this.running.set(id, task)
    const done = (send: () => void) => {
      this.running.delete(id)
      this.open--
      if (task.waiting > 0 && actorId === undefined) this.waiting--
      leave(task)
      this.over(beganMs)
      send()
      this.ended()
    }
    pending.then(
      (value) => done(() => inlet.replies.result(slot, value)),
      (error: unknown) => done(() => inlet.replies.thrown(slot, error)),
    )
  }

  /** When the next task begins, as far as known: one that follows another at once begins when that ended. */
  mark = 0

  private over(beganMs: number): void {
    this.clock.beganMs = beganMs
    this.clock.endedMs = this.mark = this.now()
  }

  private call(inlet: Inlet, task: OpenTask, kind: number, what: number, args: unknown[]): unknown {
    if (kind === layout.CALL) {
      const instance = this.instance!
      const method = this.methods[what]!
      return runAs(task, () => instance[method]!(...args))
    }
    const loaded = inlet.define(what)
    const run =
      kind === layout.TASK
        ? (code: Loaded) => runAs(task, () => code(...args))
        : (code: Loaded) => runAs(task, () => this.construct(code, inlet.shippedAs(what).methods, args))
    return loaded instanceof Promise ? loaded.then(run) : run(loaded)
  }

  private construct(type: Loaded, methods: readonly string[], args: unknown[]): undefined {
    const instance = Reflect.construct(type, args) as Record<string, Loaded>
    if (isThenable(instance)) {
      throw new TypeError(`the constructor of ${type.name} returned a promise; give the class an async method and call that first`)
    }
    this.instance = instance
    this.methods = methods
    if (this.data.role.kind === 'actor') this.limit = this.data.role.maxConcurrency
  }

  handle(id: number, once: boolean) {
    return this.reading!.handle(id, once)
  }

  ref(id: number): object {
    return this.borrower.ref(id)
  }

  actor(id: number, shape: ActorShape): object {
    return this.borrower.actor(id, shape)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
