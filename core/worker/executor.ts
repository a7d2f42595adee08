import { ownerOf } from '../api/ids.js'
import { Placed } from '../scheduler/placed.js'
import type { Task } from '../scheduler/task.js'
import { ActorInstance, saved, savedAnyway } from './actor-instance.js'
import { leave, OpenTask, runAs } from './context.js'
import type { Inlet, Memory } from './inlet.js'
import { Intake } from './intake.js'
import { Lane } from './lane.js'
import * as layout from './layout.js'
import type { Loaded } from './load.js'
import type { DataMessage, WorkerData } from './messages.js'
import type { Clock } from './reply-sender.js'
import { type Borrower, type Request, RequestReader } from './request.js'
import { Answered, Streams } from './streams.js'
import { isThenable } from './thenable.js'

export interface ExecutorTools {
  readonly clock: Clock
  readonly gpuIds: readonly number[]
  /** The words of this thread's bell. */
  readonly bell: Int32Array
  readonly borrower: Borrower
  now(): number
  /** A task begins or ends to wait, as in `get`. */
  waits(task: OpenTask, by: 1 | -1): void
  /** A task is over; its answer is about to be sent. */
  answering(): void
  /** A task that was left open has ended. */
  ended(): void
  /** The children of a task that was cancelled. */
  orphaned(tasks: Iterable<Task>, force: boolean): void
  /** The actor's state, after a call. */
  save(state: unknown): void
}

/**
 * Carries out the requests of one thread: begins them, keeps count of those that are open, and answers.
 *
 * A worker for tasks runs one at a time, where one that waits in `get` does not count: its CPU goes to the next. An actor runs
 * sync methods one at a time, in each caller's order, and lets async ones overlap.
 */
export class Executor {
  /** Async tasks that have begun and are not over. */
  readonly running = new Placed<OpenTask>()
  /** When the next task begins, as far as known: one that follows another at once begins when that ended. */
  mark = 0
  /** Those of the open tasks that wait in `get`. */
  private waiting = 0
  /** By concurrency group; the first is for what belongs to none. */
  private readonly lanes: Lane<Request>[]
  private readonly intake: Intake
  private readonly reader: RequestReader
  private readonly actor: ActorInstance
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
    this.reader = new RequestReader(tools.borrower)
    this.intake = new Intake(data.index, new Int32Array(data.pool), this.actorId !== undefined, (inlet, memory, at, queued) =>
      this.read(inlet, memory, at, queued),
    )
    this.actor = new ActorInstance(tools.save, () => {
      this.intake.onlyMain = false
      if (role.kind === 'actor') this.lanes[0]!.limit = role.maxConcurrency
    })
    this.streams = new Streams(tools.clock, tools.now, tools.waits, () => this.actor.saver?.save())
  }

  add(inlet: Inlet): void {
    this.intake.add(inlet)
  }

  /**
   * A client is gone. Nobody can read what its tasks would return; an actor's calls have effects, and go on. Returns how many
   * of its tasks are open still.
   */
  remove(client: number): number {
    if (!this.intake.remove(client) || this.actorId !== undefined) return 0
    const open = this.openOf(client)
    for (const task of open) this.abort(task, true, true)
    return open.length
  }

  /** Resolves once all tasks of a client are over. */
  async left(client: number): Promise<void> {
    await Promise.all(this.openOf(client).map((task) => new Promise<void>((resolve) => (task.whenOver = resolve))))
  }

  private openOf(client: number): OpenTask[] {
    return [...this.running].filter(({ taskId }) => ownerOf(taskId) === client)
  }

  /** `force`: of its children, since it goes on itself. */
  private abort(task: OpenTask, recursive: boolean, force: boolean): void {
    if (recursive) task.cancelsChildren = true
    task.abort()
    if (task.children !== undefined && recursive) this.tools.orphaned(task.children, force)
  }

  /** So many tasks have begun and are not over. */
  get open(): number {
    return this.running.size
  }

  /** Whether another request may be taken. With concurrency groups any may, since it may belong to one that has room. */
  get free(): boolean {
    if (this.lanes.length > 1 && !this.intake.onlyMain) return !this.finishing
    return this.lanes[0]!.open - this.waiting < this.lanes[0]!.limit && !this.finishing
  }

  /** Whether something waits that may be begun. */
  ready(takesTasks: boolean): boolean {
    return this.free && this.intake.ready(takesTasks)
  }

  /** Begins what comes next. False: there is nothing. */
  step(takesTasks: boolean): boolean {
    return this.intake.step(takesTasks)
  }

  /** Whether tasks wait in the queues. */
  more(): boolean {
    return this.intake.more()
  }

  /** Whether the queues hold more than one task, as far as can be seen from outside. */
  several(): boolean {
    return this.intake.several()
  }

  told(message: DataMessage): void {
    if ('abort' in message) {
      const task = [...this.running].find(({ taskId }) => taskId === message.abort)
      if (task === undefined) this.unpark(message.abort)
      else this.abort(task, message.recursive, message.force)
    } else if ('stream' in message) this.streams.credit(message.stream, message.read)
  }

  /** A `get` or `wait` of a task begins or ends. */
  wait(task: OpenTask, by: 1 | -1): void {
    const before = task.waiting
    task.waiting += by
    if (this.actorId !== undefined || !this.running.has(task)) return
    if (before === 0) {
      this.waiting++
      this.stands()
    } else if (task.waiting === 0) {
      this.waiting--
      this.tools.bell[layout.RUNS_FOR] = ownerOf(task.taskId) + 1
    }
  }

  /** A task is over, or waits: whether another is under way here. */
  private stands(): void {
    this.tools.bell[layout.RUNS_FOR] = this.running.size > this.waiting ? layout.SOMEBODY : 0
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

  /** Reads one record, gives it back, and begins what it asks for. */
  private read(inlet: Inlet, memory: Memory, at: number, queued: boolean): void {
    const { words, view } = memory
    const kind = words[at + layout.KIND]!
    const slot = words[at + layout.SLOT]!
    const what = words[at + layout.WHAT]!
    const task = new OpenTask(view.getFloat64((at + layout.TASK_ID) * 4, true), this.actorId, this.data.workerId, this.tools.gpuIds)
    const lane = this.lanes[this.groupOf(kind, what)]!
    let args: unknown[]
    try {
      args = this.reader.args(inlet, memory, at)
    } catch (error) {
      queued ? inlet.queue!.decoded(at) : inlet.pass(at)
      this.over(this.mark)
      inlet.replies.thrown(slot, error)
      return
    }
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
    const { inlet, task, kind, slot } = request
    this.tools.bell[layout.RUNS_FOR] = inlet.client + 1
    const beganMs = this.mark
    task.beganMs = beganMs
    let result: unknown
    let pending: Promise<unknown> | undefined
    let ran = false
    const saver = (kind & layout.KIND_MASK) === layout.CALL ? this.actor.saver : undefined
    try {
      result = this.call(request)
      ran = true
      if (kind & layout.STREAMING) result = this.streams.run(inlet.replies, slot, task.taskId, result, task)
      // Looking at a result may run code of the user's, as a getter's.
      if (isThenable(result)) pending = Promise.resolve(result)
      if (saver !== undefined) pending = saved(saver, result, pending)
    } catch (error) {
      if (saver !== undefined && !ran && !task.exits) pending = savedAnyway(saver, error)
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
    } else this.leaveOpen(request, beganMs, pending)
  }

  private call(request: Request): unknown {
    const { inlet, task, kind, what, args } = request
    switch (kind & layout.KIND_MASK) {
      case layout.CALL:
        return this.actor.call(request)
      case layout.RESTORE:
        return runAs(task, () => this.actor.restore(args[0]))
      default: {
        const loaded = inlet.define(what)
        const creates = (kind & layout.KIND_MASK) === layout.CREATE_ACTOR
        const restores = (kind & layout.RESTORES) !== 0
        const run = (code: Loaded) => runAs(task, () => (creates ? this.actor.construct(code, request, restores) : code(...args)))
        if (!(loaded instanceof Promise)) return run(loaded)
        return loaded.then((code) => {
          // It was cancelled while its module was imported.
          task.throwIfAborted()
          return run(code)
        })
      }
    }
  }

  private leaveOpen(request: Request, beganMs: number, pending: Promise<unknown>): void {
    const { inlet, task, slot, lane } = request
    lane.open++
    this.running.add(task)
    // It may have called `get` before its first await.
    if (task.waiting > 0 && this.actorId === undefined) {
      this.waiting++
      this.stands()
    }
    pending.then(
      (value) => {
        this.close(task, beganMs)
        // Who asked for the actor's end is told by it.
        if (!task.exits) inlet.replies.result(slot, value)
        this.closed(lane)
      },
      (error: unknown) => {
        this.close(task, beganMs)
        if (!task.exits) this.failed(request, error)
        this.closed(lane)
      },
    )
  }

  /** A task that was left open has ended; its answer is to be sent. */
  private close(task: OpenTask, beganMs: number): void {
    this.running.delete(task)
    if (task.waiting > 0 && this.actorId === undefined) this.waiting--
    leave(task)
    task.whenOver?.()
    this.over(beganMs)
  }

  /** Its answer has been sent. */
  private closed(lane: Lane<Request>): void {
    lane.open--
    this.beginParked(lane)
    this.exitIfOver()
    this.tools.ended()
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

  private over(beganMs: number): void {
    this.stands()
    this.tools.clock.beganMs = beganMs
    this.tools.clock.endedMs = this.mark = this.tools.now()
    this.tools.answering()
  }
}
