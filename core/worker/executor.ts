import type { ActorShape } from '../api/actor-handle.js'
import type { Task } from '../scheduler/task.js'
import { Decoder, type Names } from '../store/decoder.js'
import { leave, OpenTask, runAs } from './context.js'
import type { Inlet, Memory } from './inlet.js'
import { Lane } from './lane.js'
import * as layout from './layout.js'
import type { Loaded } from './load.js'
import type { DataMessage, WorkerData } from './messages.js'
import type { Clock } from './reply-sender.js'
import { Saver, type Saving } from './saver.js'
import { Answered, Streams } from './streams.js'
import { isThenable } from './thenable.js'

export interface ExecutorTools {
  readonly clock: Clock
  readonly gpuIds: readonly number[]
  readonly borrower: {
    ref(id: number): object
    actor(id: number, shape: ActorShape): object
    /** Tells the main thread which refs and handles have arrived here. */
    settle(): void
  }
  now(): number
  /** A task begins or ends to wait, as in `get`. */
  waits(task: OpenTask, by: 1 | -1): void
  /** A task is over; its answer is about to be sent. */
  answering(): void
  /** A task that was left open has ended. */
  ended(): void
  /** The children of a task that was cancelled. */
  orphaned(tasks: ReadonlySet<Task>): void
  /** The actor's state, after a call. */
  save(state: unknown): void
}

/** A request that has been read. */
interface Request {
  readonly inlet: Inlet
  readonly task: OpenTask
  readonly kind: number
  readonly slot: number
  readonly what: number
  readonly args: unknown[]
  readonly lane: Lane<Request>
}

/** One task in so many comes from the others' queues though the thread's own has some. */
const OTHERS_EVERY = 64
/** The others' queues take turns of so many tasks. */
const TURN_OF_OTHERS = 16

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
  /** When the next task begins, as far as known: one that follows another at once begins when that ended. */
  mark = 0
  /** Those of the open tasks that wait in `get`. */
  private waiting = 0
  /** By concurrency group; the first is for what belongs to none. */
  private readonly lanes: Lane<Request>[]
  private turn = 0
  /** Counts tasks taken, and says from whose queue the last came. */
  private taken = 0
  private others = -1
  private readonly decoder = new Decoder(this)
  private reading: Inlet | undefined
  private methods: readonly string[] = []
  private instance: (Record<string, Loaded> & Saving) | undefined
  private saver: Saver | undefined
  /** An actor takes calls once it is constructed and, after a restart, restored. */
  private takesCalls = false
  /** It takes nothing more. */
  private finishing = false
  private exits = false
  private readonly streams: Streams
  private readonly actorId: number | undefined

  constructor(
    private readonly data: WorkerData,
    private readonly tools: ExecutorTools,
  ) {
    const { role } = data
    this.actorId = role.kind === 'actor' ? role.actorId : undefined
    this.lanes = [new Lane<Request>(1), ...(role.kind === 'actor' ? role.groups : []).map((limit) => new Lane<Request>(limit))]
    this.streams = new Streams(tools.clock, tools.now, tools.waits, () => this.saver?.save())
  }

  add(inlet: Inlet): void {
    // The thread's own queue comes first.
    if (inlet.client === this.data.index) this.inlets.unshift(inlet)
    else this.inlets.push(inlet)
  }

  remove(client: number): void {
    const at = this.inlets.findIndex((inlet) => inlet.client === client)
    if (at < 0) return
    const [inlet] = this.inlets.splice(at, 1)
    inlet!.close()
    // Nobody can read what these would return. An actor's calls have effects, and go on.
    if (this.actorId !== undefined) return
    for (const [id, open] of this.running) if (Math.floor(id / 2 ** 40) === client) this.abort(open, true)
  }

  private abort(task: OpenTask, recursive: boolean): void {
    task.abort()
    if (task.children !== undefined && recursive) this.tools.orphaned(task.children)
  }

  /** Whether another request may be taken. With concurrency groups any may, since it may belong to one that has room. */
  get free(): boolean {
    if (this.lanes.length > 1 && this.takesCalls) return !this.finishing
    return this.lanes[0]!.open - this.waiting < this.lanes[0]!.limit && !this.finishing
  }

  /** Whether something waits that may be begun. */
  ready(takesTasks: boolean): boolean {
    if (!this.free) return false
    for (const inlet of this.inlets) {
      if (this.hears(inlet) && inlet.requests.ready()) return true
      if (takesTasks && inlet.queue?.ready()) return true
    }
    return false
  }

  /** Begins what comes next. False: there is nothing, or it may not begin. */
  step(takesTasks: boolean): boolean {
    const { inlets } = this
    const count = inlets.length
    for (let i = 0; i < count; i++) {
      if (++this.turn >= count) this.turn = 0
      const inlet = inlets[this.turn]!
      if (!this.hears(inlet)) continue
      const at = inlet.requests.next()
      if (at < 0) continue
      this.request(inlet, at)
      return true
    }
    if (!takesTasks) return false
    // Its own tasks first, but for one in so many: those of others do not wait behind tasks that go on making more.
    const own = ++this.taken % OTHERS_EVERY !== 0 && inlets[0]?.client === this.data.index
    if (own && this.take(inlets[0]!)) return true
    for (let i = 0; i < count; i++) {
      if (++this.others >= count) this.others = 0
      if (this.take(inlets[this.others]!)) {
        // The same again next time, for a while: each has its functions and its memory warm.
        if (this.taken % TURN_OF_OTHERS !== 0) this.others--
        return true
      }
    }
    return false
  }

  private take(inlet: Inlet): boolean {
    const at = inlet.queue === undefined ? -1 : inlet.queue.take()
    if (at < 0) return false
    this.read(inlet, inlet.queued!, at, true)
    return true
  }

  /** Before an actor takes calls only the main thread, which constructs it, is heard. */
  private hears(inlet: Inlet): boolean {
    return this.actorId === undefined || this.takesCalls || inlet.client === 0
  }

  /** Whether tasks wait in the queues. */
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
      if (task === undefined) this.unpark(message.abort)
      else this.abort(task, message.recursive)
    } else if ('stream' in message) this.streams.credit(message.stream, message.read)
  }

  /** A `get` or `wait` of a task begins or ends. */
  wait(task: OpenTask, by: 1 | -1): void {
    const before = task.waiting
    task.waiting += by
    if (this.actorId !== undefined || !this.running.has(task.taskId)) return
    if (before === 0) this.waiting++
    else if (task.waiting === 0) this.waiting--
  }

  /** Takes nothing more, and ends the thread when what is open is over. */
  finish(): void {
    this.finishing = true
    this.exits = true
    // The method that asks for it may be running right now.
    setImmediate(() => this.exitIfOver())
  }

  private exitIfOver(): void {
    if (this.exits && this.open === 0) process.exit(0)
  }

  /** A call whose turn has not come was cancelled. */
  private unpark(taskId: number): void {
    for (const { parked } of this.lanes) {
      const request = parked.all().find(({ task }) => task.taskId === taskId)
      if (request === undefined || !parked.remove(request)) continue
      request.inlet.replies.thrown(request.slot, new DOMException('the call was cancelled', 'AbortError'))
      return
    }
  }

  private request(inlet: Inlet, at: number): void {
    const { words } = inlet.channel
    if ((words[at + layout.KIND]! & layout.KIND_MASK) === layout.DROP_HANDLE) {
      inlet.forgetDropped()
      inlet.pass(at)
      // Compare-exchange: the client does the same with REVOKED to take a request back; whoever finds QUEUED has it.
    } else if (Atomics.compareExchange(words, at + layout.STATUS, layout.QUEUED, layout.CLAIMED) !== layout.QUEUED) inlet.pass(at)
    else this.read(inlet, inlet.channel, at, false)
  }

  /** Reads one record, gives it back, and begins what it asks for. */
  private read(inlet: Inlet, { words, buffer, view }: Memory, at: number, queued: boolean): void {
    const kind = words[at + layout.KIND]!
    const slot = words[at + layout.SLOT]!
    const what = words[at + layout.WHAT]!
    const task = new OpenTask(view.getFloat64((at + layout.TASK_ID) * 4, true), this.actorId, this.data.workerId, this.tools.gpuIds)
    const lane = this.lanes[this.groupOf(kind, what)]!
    let args: unknown[]
    try {
      this.reading = inlet
      const start = at * 4 + layout.REQUEST_HEADER
      if (kind & layout.OVERSIZE) {
        const shelf = inlet.handle(view.getFloat64(start, true), true) as SharedArrayBuffer
        this.decoder.open(Buffer.from(shelf), new DataView(shelf), 0)
      } else this.decoder.open(buffer, view, start)
      args = (kind & layout.KIND_MASK) === layout.RESTORE ? [this.decoder.section()] : this.decoder.args()
    } catch (error) {
      queued ? inlet.queue!.decoded(at) : inlet.pass(at)
      this.over(this.mark)
      inlet.replies.thrown(slot, error)
      return
    }
    this.tools.borrower.settle()
    queued ? inlet.queue!.decoded(at) : inlet.pass(at)
    const request = { inlet, task, kind, slot, what, args, lane }
    if (this.lanes.length > 1 && lane.full) {
      lane.parked.push(request)
      inlet.replies.told(slot, layout.PARKED)
    } else this.begin(request)
  }

  private groupOf(kind: number, method: number): number {
    const { role } = this.data
    if (role.kind !== 'actor' || (kind & layout.KIND_MASK) !== layout.CALL) return 0
    return kind >> layout.GROUP_SHIFT || role.groupOfMethod[method]!
  }

  /** Begins a request; an async one is left open. */
  private begin(request: Request): void {
    const { inlet, task, kind, slot, lane } = request
    const beganMs = this.mark
    task.beganMs = beganMs
    let result: unknown
    let pending: Promise<unknown> | undefined
    let ran = false
    const saver = (kind & layout.KIND_MASK) === layout.CALL ? this.saver : undefined
    try {
      result = this.call(request)
      ran = true
      if (kind & layout.STREAMING) result = this.streams.run(inlet.replies, slot, task.taskId, result, task)
      // Looking at a result may run code of the user's, as a getter's.
      if (isThenable(result)) pending = Promise.resolve(result)
      if (saver !== undefined) pending = this.saved(saver, result, pending)
    } catch (error) {
      if (saver !== undefined && !ran && !task.exits) pending = this.savedAnyway(saver, error)
      if (pending === undefined) {
        leave(task)
        this.over(beganMs)
        this.failed(request, error)
        return
      }
    }
    if (pending === undefined) {
      leave(task)
      this.over(beganMs)
      if (task.exits) this.exitIfOver()
      else inlet.replies.result(slot, result)
      return
    }
    this.open++
    lane.open++
    this.running.set(task.taskId, task)
    // It may have called `get` before its first await.
    if (task.waiting > 0 && this.actorId === undefined) this.waiting++
    const done = (send: () => void) => {
      this.running.delete(task.taskId)
      this.open--
      if (task.waiting > 0 && this.actorId === undefined) this.waiting--
      leave(task)
      this.over(beganMs)
      // Who asked for the actor's end is told by it.
      if (!task.exits) send()
      lane.open--
      this.beginParked(lane)
      this.exitIfOver()
      this.tools.ended()
    }
    pending.then(
      (value) => done(() => inlet.replies.result(slot, value)),
      (error: unknown) => done(() => this.failed(request, error)),
    )
  }

  /** There is room in a concurrency group. */
  private beginParked(lane: Lane<Request>): void {
    while (!this.finishing) {
      const request = lane.next()
      if (request === undefined) return
      request.inlet.replies.told(request.slot, layout.UNPARKED)
      this.begin(request)
    }
  }

  private failed({ inlet, slot, kind, task }: Request, error: unknown): void {
    const whole = kind & layout.KIND_MASK
    // An actor that could not be made is ended by the main thread; until then nothing else may run.
    if (whole === layout.CREATE_ACTOR || whole === layout.RESTORE) this.finishing = true
    if (task.exits && whole === layout.CALL) this.exitIfOver()
    else if (!(error instanceof Answered)) inlet.replies.thrown(slot, error)
  }

  /** What a call ends with, once the actor's state is saved; undefined if that is done. */
  private saved(saver: Saver, result: unknown, pending: Promise<unknown> | undefined): Promise<unknown> | undefined {
    if (pending === undefined) return saver.save()?.then(() => result)
    return pending.then(
      async (value) => {
        await saver.save()
        return value
      },
      async (error: unknown) => {
        await this.savedAnyway(saver, error)
        throw error
      },
    )
  }

  /** A call that throws may have changed the state before, and its caller sees that it ran. What it threw matters more than what saving throws. */
  private savedAnyway(saver: Saver, error: unknown): Promise<never> | undefined {
    const fail = () => {
      throw error
    }
    try {
      return saver.save()?.then(fail, fail)
    } catch {
      return undefined
    }
  }

  private over(beganMs: number): void {
    this.tools.clock.beganMs = beganMs
    this.tools.clock.endedMs = this.mark = this.tools.now()
    this.tools.answering()
  }

  private call(request: Request): unknown {
    const { inlet, task, kind, what, args } = request
    switch (kind & layout.KIND_MASK) {
      case layout.CALL: {
        const instance = this.instance!
        const method = this.methods[what]!
        return runAs(task, () => instance[method]!(...args))
      }
      case layout.RESTORE:
        return runAs(task, () => this.restore(args[0]))
      default: {
        const loaded = inlet.define(what)
        const creates = (kind & layout.KIND_MASK) === layout.CREATE_ACTOR
        const run = (code: Loaded) => runAs(task, () => (creates ? this.construct(code, request) : code(...args)))
        return loaded instanceof Promise ? loaded.then(run) : run(loaded)
      }
    }
  }

  private construct(type: Loaded, { inlet, what, args, kind }: Request): undefined {
    const instance = Reflect.construct(type, args) as Record<string, Loaded>
    if (isThenable(instance)) {
      throw new TypeError(`the constructor of ${type.name} returned a promise; give the class an async method and call that first`)
    }
    if ((instance.saveState === undefined) !== (instance.restoreState === undefined))
      throw new TypeError(`${type.name} has only one of saveState and restoreState; give it both, or neither`)
    this.instance = instance
    this.methods = inlet.shippedAs(what).methods
    if ((kind & layout.RESTORES) === 0) this.openUp()
  }

  private async restore(state: unknown): Promise<void> {
    await this.instance!.restoreState!(state)
    this.openUp()
  }

  private openUp(): void {
    const { instance } = this
    if (instance?.saveState !== undefined) {
      this.saver = new Saver(instance, (state) => this.tools.save(state))
    }
    this.takesCalls = true
    if (this.data.role.kind === 'actor') this.lanes[0]!.limit = this.data.role.maxConcurrency
  }

  handle(id: number, once: boolean) {
    return this.reading!.handle(id, once)
  }

  ref(id: number): object {
    return this.tools.borrower.ref(id)
  }

  actor(id: number, shape: ActorShape): object {
    return this.tools.borrower.actor(id, shape)
  }
}
