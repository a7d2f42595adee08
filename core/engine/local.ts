import type { ActorCaller, AnyActorHandle } from '../api/actor-handle.js'
import { GymnuraError, invalid, shutDown, type WorkerCrashedError } from '../api/errors.js'
import { FAILED, ObjectRef, PENDING } from '../api/object-ref.js'
import type { ActorOptions, MethodOptions, TaskOptions } from '../api/options.js'
import type { PlacementGroups } from '../api/placement-group.js'
import { RefStream } from '../api/ref-stream.js'
import type { StateSource } from '../api/state.js'
import type { SubmitSite } from '../control/call-site.js'
import type { Headquarters } from '../control/headquarters.js'
import { type Query, select } from '../control/query.js'
import type { RefBook } from '../control/ref-book.js'
import { columns, type TaskCount, type TaskRow } from '../control/rows.js'
import type { Part } from '../control/survey.js'
import { needsMore } from '../scheduler/demand.js'
import { mayRetry, Outcomes } from '../scheduler/outcomes.js'
import { Pool } from '../scheduler/pool.js'
import { bringAll, Task, TaskTable } from '../scheduler/task.js'
import { Encoder } from '../store/encoder.js'
import { whenHandleDies } from '../store/handles.js'
import type { ObjectStore } from '../store/object-store.js'
import type { OpenTask, RuntimeContext } from '../worker/context.js'
import { CALL, type STDERR, type STDOUT, TASK } from '../worker/layout.js'
import { Link, type Reply } from '../worker/link.js'
import type { ShippedFunction, Wire } from '../worker/messages.js'
import { ActorCalls } from './actor-calls.js'
import { Arguments } from './arguments.js'
import type { Engine } from './engine.js'
import { Entrusted } from './entrusted.js'
import { lineageOf } from './lineage.js'
import { liveTasks } from './live-tasks.js'
import { Pump } from './pump.js'
import { type Label, type LiveTask, type OpenFact, TaskLog } from './task-log.js'
import { Values } from './values.js'

const DEFAULT_MAX_RETRIES = 3

/** What an engine needs of its thread. */
export interface ThreadTools {
  readonly index: number
  /** Large objects of this thread. */
  readonly store: ObjectStore
  readonly poolWords: Int32Array
  readonly headquarters: Headquarters
  /** The next id; the thread's index is in its upper bits. */
  mint(): number
  book(engine: LocalEngine): RefBook
  /** What the thread does when there are no replies, and before it looks for some again. */
  rest(pump: Pump): void
  wake(): void
  /** The running task, if this is inside one. */
  current(): OpenTask | undefined
  context(): RuntimeContext
  /** A `get` of a task begins or ends. */
  waiting(task: OpenTask, by: 1 | -1): void
  /** The first task is about to be submitted: connects the workers. */
  connectPool(engine: LocalEngine): void
  /** The workers cannot reach this thread's memory: the main thread submits its tasks. */
  readonly entrusts: boolean
  /** A worker has written something; `taskId` is 0 where no task is known to have. */
  output(link: Link, kind: typeof STDOUT | typeof STDERR, text: string, taskId: number): void
  readonly placementGroups: PlacementGroups
  resources(): Promise<{ total: Record<string, number>; available: Record<string, number> }>
  readonly state: StateSource
  ready(): Promise<void>
  shutdown(): Promise<void>
  exitActor(): never
  readonly namespace: string
}

/**
 * The engine of one thread: it owns the refs of what is submitted in it. Tasks go to a queue from which all workers take,
 * calls to their actor's thread, and what needs more than that to the main thread.
 */
export class LocalEngine implements Engine, ActorCaller {
  readonly table = new TaskTable()
  readonly links = new Map<number, Link>()
  readonly pump: Pump
  readonly pool: Pool
  readonly book: RefBook
  readonly outcomes: Outcomes
  readonly values: Values
  readonly log = new TaskLog()
  private readonly args: Arguments
  /** For payloads that are sent again or late, as raw bytes: no code of a user's runs while it is in use. */
  private readonly relay = new Encoder(true)
  readonly calls: ActorCalls
  readonly entrusted: Entrusted
  /** Tasks whose arguments are not there yet. */
  readonly unready = new Set<Task>()
  /** Threads that are gone, so that a late connection to one is not made. */
  private readonly gone = new Set<number>()
  /** What goes on when a lost value is there again. */
  private readonly onArrival: (() => void)[] = []
  private connected = false
  closed = false

  constructor(private readonly tools: ThreadTools) {
    this.book = tools.book(this)
    const forget = (id: number) => {
      for (const link of this.links.values()) link.forget(id)
    }
    this.values = new Values(this.book, tools.store, { forget, arrived: () => this.arrived() })
    this.args = new Arguments(this.book, (task) => this.argumentsSettled(task))
    this.calls = new ActorCalls(this, this.args, this.relay, tools)
    this.entrusted = new Entrusted(this, tools.headquarters)
    this.outcomes = new Outcomes({
      book: this.book,
      free: (task) => this.free(task),
      values: this.values,
      lineageOf: (task) => lineageOf(this, task),
      again: (task, link, reply, error) => {
        this.log.again(task, link.index, reply, error)
        this.again(task, link)
      },
      over: (task, link, reply, error) => this.over(task, link, reply, error),
      output: tools.output,
    })
    this.pool = new Pool(this.table, this.relay, tools.poolWords, (task, error) => this.outcomes.fail(task, error))
    this.pump = new Pump(
      () => {
        this.log.turned()
        this.refill()
      },
      () => {
        this.log.turned()
        tools.rest(this.pump)
      },
      () => tools.wake(),
      () => (this.pool.inFlight > 0 ? this.pool.workers : noLinks),
      () => tools.store.relieve(),
    )
    whenHandleDies(forget)
  }

  get placementGroups(): PlacementGroups {
    return this.tools.placementGroups
  }

  submit(
    definition: ShippedFunction,
    args: unknown[],
    options: TaskOptions,
    site: SubmitSite,
  ): ObjectRef | ObjectRef[] | RefStream | undefined {
    const { tools } = this
    const label = options.name === undefined ? this.log.ofFunction(definition) : this.log.label(options.name)
    const task = new Task(TASK, new ObjectRef(tools.mint()), label.name, definition, definition.index, site)
    task.nameIndex = label.index
    task.maxRetries = options.maxRetries ?? DEFAULT_MAX_RETRIES
    task.retryExceptions = options.retryExceptions
    if (tools.entrusts || needsMore(options)) task.needs = options
    return this.start(task, args, options.numReturns)
  }

  call(
    handle: AnyActorHandle,
    method: number,
    args: unknown[],
    options: MethodOptions,
    site: SubmitSite,
  ): ObjectRef | ObjectRef[] | RefStream | undefined {
    const { shape, actorId } = handle
    const label = options.name === undefined ? this.labelOf(handle, method) : this.log.label(options.name)
    const task = new Task(CALL, new ObjectRef(this.tools.mint()), label.name, undefined, method, site)
    task.nameIndex = label.index
    task.actorId = actorId
    task.handle = handle
    task.maxRetries = options.maxTaskRetries ?? shape.maxTaskRetries
    // In a concurrency group it may be taken before its turn: it is sent again if the actor dies then.
    task.keeps = task.maxRetries !== 0 || shape.groupNames.length > 0
    task.retryExceptions = options.retryExceptions
    if (options.concurrencyGroup !== undefined) task.group = shape.groupNames.indexOf(options.concurrencyGroup) + 1
    return this.start(task, args, options.numReturns)
  }

  private labelOf({ labels, shape }: AnyActorHandle, method: number): Label {
    labels[method] ??= this.log.label(`${shape.className}.${shape.methodNames[method]}`)
    return labels[method]
  }

  /** Encodes and sends, and gives what the caller gets. */
  private start(
    task: Task,
    args: unknown[],
    numReturns: number | 'streaming' | undefined,
  ): ObjectRef | ObjectRef[] | RefStream | undefined {
    if (this.closed) {
      task.ref.settle(FAILED, shutDown())
    } else {
      if (numReturns === 'streaming') task.stream = this.streamOf(task)
      else if (numReturns !== undefined && numReturns !== 1) {
        if (numReturns > 1) task.more = Array.from({ length: numReturns - 1 }, () => new ObjectRef(this.tools.mint()))
        for (const ref of task.more ?? []) ref.origin = task
      }
      const parent = this.tools.current()
      task.createdMs = this.log.now(parent)
      if (parent !== undefined) {
        task.parent = parent
        task.parentId = parent.taskId
        parent.children ??= new Set()
        parent.children.add(task)
      }
      const encoder = this.args.encode(task, args)
      try {
        this.dispatch(task, encoder)
      } finally {
        encoder.done()
      }
    }
    if (numReturns === undefined || numReturns === 1) return task.ref
    if (numReturns === 'streaming') return task.stream
    return numReturns === 0 ? undefined : [task.ref, ...task.more!]
  }

  /** Sends a task whose arguments are in `encoder`, or keeps them until the rest is there. */
  private dispatch(task: Task, encoder: Encoder): void {
    if (task.kind !== TASK) this.calls.send(task, encoder)
    else if (task.failure !== undefined) this.outcomes.fail(task, task.failure)
    else if (task.missing > 0) {
      task.payload = encoder.copy()
      this.unready.add(task)
    } else this.send(task, encoder)
  }

  private send(task: Task, encoder: Encoder): void {
    if (task.needs !== undefined) {
      this.entrusted.run(task, { bytes: encoder.copy(), attachments: task.attachments })
      return
    }
    if (!this.connected) {
      this.connected = true
      this.tools.connectPool(this)
    }
    this.pool.submit(task, encoder)
    this.pump.expect()
  }

  private argumentsSettled(task: Task): void {
    if (task.kind !== TASK) {
      this.calls.settled(task)
      return
    }
    if (!this.unready.delete(task)) return
    this.args.complete(task)
    if (task.failure !== undefined) {
      this.outcomes.fail(task, task.failure)
      return
    }
    this.sendNow(task)
  }

  /** Sends a task whose arguments were encoded before. */
  sendNow(task: Task): void {
    this.relay.start()
    this.relay.raw(task.payload!)
    task.payload = undefined
    this.send(task, this.relay)
  }

  /** Whether a task's large arguments are in memory; brings them back, or says why not. */
  bringAll(task: Task): boolean {
    try {
      return bringAll(task.attachments)
    } catch (error) {
      task.failure = error
      return false
    }
  }

  createActor(definition: ShippedFunction, args: unknown[], options: ActorOptions, site: SubmitSite): AnyActorHandle {
    return this.calls.create(definition, args, options, site)
  }

  /** The end of a connection to a thread that this one sends requests to. */
  link(wire: Wire): Link {
    let link = this.links.get(wire.index)
    if (link === undefined) {
      link = new Link(wire, this.table, this.outcomes, this.tools.poolWords)
      this.links.set(wire.index, link)
      this.pump.add(link)
    }
    return link
  }

  /** A worker that may take tasks from now on. */
  addWorker(wire: Wire): void {
    if (!this.gone.has(wire.index)) this.pool.add(this.link(wire))
  }

  /** A lost value was made again. */
  private arrived(): void {
    for (const resume of this.onArrival.splice(0)) resume()
    this.refill()
  }

  private refill(): void {
    if (this.closed) return
    this.pool.refill()
    this.calls.refill()
  }

  private free(task: Task): void {
    if (task.link instanceof Link) task.link.free(task)
    else if (task.slot >= 0) this.pool.free(task)
  }

  /** Runs a task again that threw and may have another try. */
  private again(task: Task, link: Link): void {
    if (task.link === undefined) {
      this.pool.recover(task)
      this.pool.release(task)
    } else {
      if (task.payload !== undefined) link.recover(task)
      this.free(task)
    }
    task.stream?.rewind()
    if (task.kind === CALL) this.calls.again(task)
    else if (task.alone) this.sendTo(link, task)
    else this.pool.requeue([task])
    this.pump.expect()
  }

  /** A task has ended, or will never begin. */
  private over(task: Task, link: Link | undefined, reply: Reply | undefined, error: unknown): void {
    if (task.parent !== undefined) task.parent.children?.delete(task)
    this.log.over(task, link, reply, error)
  }

  /** The tasks that this thread has submitted; `facts`: what the workers that run them say. Without a query all. `more`: not sent yet. */
  taskRows(facts: readonly OpenFact[], query?: Query<TaskRow>, more: Iterable<LiveTask> = []): Part<TaskRow> {
    const rows = this.log.rows([...liveTasks(this), ...more], facts)
    if (query === undefined) return { rows, total: rows.length }
    const chosen = select('state', columns.tasks, rows, query)
    return { rows: [...chosen], total: chosen.total }
  }

  taskCounts(facts: readonly OpenFact[], more: Iterable<LiveTask> = []): TaskCount[] {
    return this.log.counts([...liveTasks(this), ...more], facts)
  }

  private streamOf(task: Task): RefStream {
    const holds: (OpenTask | undefined)[] = []
    return new RefStream({
      mint: () => new ObjectRef(this.tools.mint()),
      read: (count) => (task.pull === undefined ? this.runner(task)?.credit(task.ref.id, count) : task.pull.told(count)),
      wait: (on) => {
        if (on) holds.push(this.hold())
        else this.release(holds.pop())
      },
      stop: (force, recursive) => this.cancel(task.ref, force, recursive),
    })
  }

  /** The connection to the thread that runs a task now. */
  runner(sent: Task): Link | undefined {
    const task = sent.relay ?? sent
    if (task.link instanceof Link) return task.link
    return task.slot < 0 ? undefined : this.links.get(this.pool.taker(task))
  }

  /** Sends a task to a certain thread: false if its ring is full. */
  sendTo(link: Link, task: Task): boolean {
    if (!this.bringAll(task)) {
      if (task.failure !== undefined) this.outcomes.fail(task, task.failure)
      else this.onArrival.push(() => this.sendTo(link, task))
      return true
    }
    this.relay.start()
    this.relay.raw(task.payload!)
    const sent = link.send(task, this.relay)
    if (sent) this.pump.expect(link)
    return sent
  }

  put(value: unknown): ObjectRef {
    if (value instanceof ObjectRef) throw invalid('put: the value is an ObjectRef already; pass it on as it is')
    const encoder = this.args.borrow()
    try {
      return this.values.put(new ObjectRef(this.tools.mint()), value, encoder)
    } finally {
      encoder.done()
    }
  }

  poll(): void {
    this.pump.drain()
  }

  hold(): OpenTask | undefined {
    const task = this.tools.current()
    if (task !== undefined) this.tools.waiting(task, 1)
    this.pump.hold()
    // Its thread has room for another task now, also if others wait in it already.
    if (task !== undefined) this.pump.look()
    return task
  }

  release(waiter: OpenTask | undefined): void {
    if (waiter !== undefined) this.tools.waiting(waiter, -1)
    this.pump.release()
  }

  async cancel(ref: ObjectRef, force: boolean, recursive: boolean): Promise<void> {
    // It may be over, and this thread not have heard of it yet.
    this.poll()
    const task = ref.origin
    if (!(task instanceof Task)) {
      if (ref.state === PENDING) await this.tools.headquarters.cancel(ref.id, force, recursive)
      return
    }
    if (this.entrusted.has(task)) {
      await this.tools.headquarters.cancel(ref.id, force, recursive)
      return
    }
    if (this.calls.revoke(task)) return
    if (this.unready.delete(task) || this.pool.revoke(task) || task.link?.revoke(task)) {
      this.outcomes.fail(task, this.outcomes.cancelled(task))
      return
    }
    const runner = this.runner(task)
    if (runner === undefined) return
    if (force && task.kind === CALL) throw invalid(`cancel: ${task.name} runs in an actor, which force would end; use kill(handle)`)
    task.cancelled = true
    if (!force) runner.abort(ref.id, recursive)
    else if (runner.index === this.tools.index) {
      // It is between two steps in this very thread: ending that would end the caller.
      runner.abort(ref.id, recursive)
      task.ref.settle(FAILED, this.outcomes.cancelled(task))
    } else {
      task.endedBy = 'cancel'
      await this.tools.headquarters.endThread(runner.index)
    }
  }

  /** The same for another thread, which has only the id. */
  async cancelById(id: number, force: boolean, recursive: boolean): Promise<void> {
    for (const task of [...this.unready, ...this.entrusted.all(), ...this.table, ...this.pool.queued()]) {
      if (task.ref.id === id) await this.cancel(task.ref, force, recursive)
    }
  }

  /** Cancels what a cancelled task had started. */
  cancelAll(tasks: ReadonlySet<Task>): void {
    for (const task of [...tasks]) if (task.kind === TASK) void this.cancel(task.ref, false, true)
  }

  async kill(handle: AnyActorHandle, noRestart: boolean): Promise<void> {
    if (handle.caller !== this)
      throw new GymnuraError('ERR_SHUTDOWN', `kill: ${handle.shape.className} belongs to a runtime that was shut down, and ended with it`)
    await this.tools.headquarters.kill(handle.actorId, noRestart)
  }

  async actorNamed(name: string, namespace: string | undefined): Promise<AnyActorHandle | undefined> {
    const { headquarters, index } = this.tools
    const found = await headquarters.actorNamed(name, namespace ?? this.tools.namespace)
    return found === undefined ? undefined : this.book.handle(found.actorId, found.shape, index !== 0)
  }

  exitActor(): never {
    return this.tools.exitActor()
  }

  /** A worker that may have taken tasks of this thread is gone. */
  threadGone(index: number, how: string, cause: unknown, condemned: boolean): void {
    this.gone.add(index)
    const link = this.links.get(index)
    if (link === undefined) return
    link.drain()
    this.links.delete(index)
    this.pump.remove(link)
    const again: Task[] = []
    for (const task of this.pool.workers.includes(link) ? this.pool.remove(link) : []) {
      // A thread that was ended because of another task: this one is not to blame.
      if (task.endedBy === undefined && !task.cancelled && (condemned || mayRetry(task))) {
        this.log.again(task, index, undefined, this.outcomes.crashed(link.name, task, how, cause))
        task.stream?.rewind()
        again.push(task)
      } else {
        this.pool.forget(task, task.attachments)
        this.outcomes.fail(task, this.outcomes.crashed(link.name, task, how, cause), link)
      }
    }
    this.pool.requeue(again)
    this.calls.linkGone(link, how, cause)
    for (const task of link.unanswered()) {
      // The main thread's own, to an actor that it never called: its record knows.
      if (task.kind === TASK) continue
      link.free(task)
      this.outcomes.fail(task, this.outcomes.crashed(link.name, task, how, cause))
    }
    link.close()
    this.pump.look()
  }

  isDead(actorId: number): boolean {
    return !this.closed && this.calls.isDead(actorId)
  }

  handleGone(actorId: number): void {
    this.calls.forget(actorId)
  }

  isGone(index: number): boolean {
    return this.gone.has(index)
  }

  /** The next id. */
  get mint(): () => number {
    return this.tools.mint
  }

  poolLost(error: WorkerCrashedError): void {
    this.pool.giveUp(error)
  }

  context(): RuntimeContext {
    return this.tools.context()
  }

  resources() {
    return this.tools.resources()
  }

  get state(): StateSource {
    return this.tools.state
  }

  ready(): Promise<void> {
    return this.tools.ready()
  }

  async shutdown(): Promise<void> {
    // What has arrived, output too, is not lost.
    this.pump.drainAll()
    this.closed = true
    const open = [...this.unready, ...this.entrusted.clear(), ...this.pool.clear(), ...this.table, ...this.calls.clear()]
    this.unready.clear()
    for (const task of open) this.outcomes.fail(task, shutDown())
    this.pump.close()
    this.tools.store.close()
    await this.tools.shutdown()
  }
}

const noLinks: readonly Link[] = []
