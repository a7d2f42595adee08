import type { ActorCaller, AnyActorHandle } from '../api/actor-handle.js'
import { GymnuraError, invalid, shutDown, type WorkerCrashedError } from '../api/errors.js'
import { ObjectRef } from '../api/object-ref.js'
import type { ActorOptions, MethodOptions, TaskOptions } from '../api/options.js'
import type { PlacementGroups } from '../api/placement-group.js'
import type { StateSource } from '../api/state.js'
import type { SubmitSite } from '../control/call-site.js'
import { type Query, select } from '../control/query.js'
import type { RefBook } from '../control/ref-book.js'
import { columns, type TaskCount, type TaskRow } from '../control/rows.js'
import type { Part } from '../control/survey.js'
import { Outcomes } from '../scheduler/outcomes.js'
import { Pool } from '../scheduler/pool.js'
import { type Task, TaskTable } from '../scheduler/task.js'
import { Encoder } from '../store/encoder.js'
import { whenHandleDies } from '../store/handles.js'
import type { OpenTask, RuntimeContext } from '../worker/context.js'
import { Link, type Reply } from '../worker/link.js'
import type { ShippedFunction, Wire } from '../worker/messages.js'
import { ActorCalls } from './actor-calls.js'
import { Arguments } from './arguments.js'
import { Cancellation } from './cancellation.js'
import type { Engine } from './engine.js'
import { Entrusted } from './entrusted.js'
import { lineageOf } from './lineage.js'
import { liveTasks } from './live-tasks.js'
import { LostThreads } from './lost-threads.js'
import { Pump } from './pump.js'
import { Sending } from './sending.js'
import { Submission, type Submitted } from './submission.js'
import { type LiveTask, type OpenFact, TaskLog } from './task-log.js'
import type { ThreadTools } from './thread-tools.js'
import { Values } from './values.js'

/**
 * The engine of one thread: it owns the refs of what is submitted in it. Tasks go to a queue from which all workers take,
 * calls to their actor's thread, and what needs more than that to the main thread.
 *
 *     Submission ──task──▶ Sending ──▶ pool │ calls │ entrusted ──reply──▶ Outcomes ──▶ the ref settles
 */
export class LocalEngine implements Engine, ActorCaller {
  readonly table = new TaskTable()
  readonly links = new Map<number, Link>()
  readonly pump: Pump
  readonly pool: Pool
  readonly book: RefBook
  readonly outcomes: Outcomes
  readonly values: Values
  readonly log: TaskLog
  readonly calls: ActorCalls
  readonly entrusted: Entrusted
  readonly sending: Sending
  readonly cancellation: Cancellation
  readonly lost = new LostThreads(this)
  private readonly args: Arguments
  private readonly submission: Submission
  closed = false

  constructor(private readonly tools: ThreadTools) {
    this.book = tools.book(this)
    this.log = new TaskLog(tools.history)
    const forget = (id: number) => {
      for (const link of this.links.values()) link.forget(id)
    }
    const relay = new Encoder(true)
    this.values = new Values(this.book, tools.store, { forget, arrived: () => this.sending.arrived() }, tools.isApart)
    this.args = new Arguments(this.book, (task) => this.sending.argumentsSettled(task))
    this.sending = new Sending(this, this.args, relay, tools)
    this.submission = new Submission(this, this.args, tools)
    this.cancellation = new Cancellation(this, tools)
    this.calls = new ActorCalls(this, this.args, relay, tools)
    this.entrusted = new Entrusted(this, tools.headquarters)
    this.outcomes = new Outcomes({
      book: this.book,
      free: (task) => this.sending.free(task),
      values: this.values,
      lineageOf: (task) => lineageOf(this, task),
      again: (task, link, reply, error) => {
        this.log.again(task, link.index, reply, error)
        this.sending.again(task, link)
      },
      over: (task, link, reply, error) => this.over(task, link, reply, error),
      output: tools.output,
    })
    this.pool = new Pool(this.table, relay, tools.poolWords, (task, error) => this.outcomes.fail(task, error))
    this.pump = new Pump(
      () => {
        this.log.turned()
        this.sending.refill()
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

  /** A task has ended, or will never begin. */
  private over(task: Task, link: Link | undefined, reply: Reply | undefined, error: unknown): void {
    if (task.parent !== undefined) task.parent.children?.delete(task)
    this.log.over(task, link, reply, error)
  }

  submit(definition: ShippedFunction, args: unknown[], options: TaskOptions, site: SubmitSite): Submitted {
    return this.submission.task(definition, args, options, site)
  }

  call(handle: AnyActorHandle, method: number, args: unknown[], options: MethodOptions, site: SubmitSite): Submitted {
    return this.submission.call(handle, method, args, options, site)
  }

  createActor(definition: ShippedFunction, args: unknown[], options: ActorOptions, site: SubmitSite): AnyActorHandle {
    return this.calls.create(definition, args, options, site)
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

  /** The process stays alive until it is done. */
  private async held<T>(work: () => Promise<T>): Promise<T> {
    const waiter = this.hold()
    try {
      return await work()
    } finally {
      this.release(waiter)
    }
  }

  cancel(ref: ObjectRef, force: boolean, recursive: boolean): Promise<void> {
    return this.held(() => this.cancellation.cancel(ref, force, recursive))
  }

  async kill(handle: AnyActorHandle, noRestart: boolean): Promise<void> {
    if (handle.caller !== this)
      throw new GymnuraError('ERR_SHUTDOWN', `kill: ${handle.shape.className} belongs to a runtime that was shut down, and ended with it`)
    await this.held(() => this.tools.headquarters.kill(handle.actorId, noRestart))
  }

  async actorNamed(name: string, namespace: string | undefined): Promise<AnyActorHandle | undefined> {
    const { headquarters, index } = this.tools
    const found = await headquarters.actorNamed(name, namespace ?? this.tools.namespace)
    return found === undefined ? undefined : this.book.handle(found.actorId, found.shape, index !== 0)
  }

  exitActor(): never {
    return this.tools.exitActor()
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
    if (!this.lost.has(wire.index)) this.pool.add(this.link(wire))
  }

  /** No worker can be started any more. */
  poolLost(error: WorkerCrashedError): void {
    this.pool.giveUp(error)
  }

  isDead(actorId: number): boolean {
    return !this.closed && this.calls.isDead(actorId)
  }

  /** This thread's last handle of an actor is gone. */
  handleGone(actorId: number): void {
    this.calls.forget(actorId)
  }

  /** The tasks that this thread has submitted; `facts`: what the workers that run them say. Without a query all. `more`: not sent yet. */
  taskRows(facts: readonly OpenFact[], query?: Query<TaskRow>, more: Iterable<LiveTask> = []): Part<TaskRow> {
    const rows = this.log.rows([...this.live(), ...more], facts)
    if (query === undefined) return { rows, total: rows.length }
    const chosen = select('state', columns.tasks, rows, query)
    return { rows: [...chosen], total: chosen.total }
  }

  taskCounts(facts: readonly OpenFact[], more: Iterable<LiveTask> = []): TaskCount[] {
    return this.log.counts([...this.live(), ...more], facts)
  }

  private live(): Iterable<LiveTask> {
    const { pool, calls, table } = this
    return liveTasks({ unready: this.sending.unready, pool, calls, table })
  }

  /** All tasks of this thread that are not over. */
  *unfinished(): Iterable<Task> {
    for (const { task } of this.live()) yield task
    yield* this.entrusted.all()
  }

  /** The next id. */
  get mint(): () => number {
    return this.tools.mint
  }

  context(): RuntimeContext {
    return this.tools.context()
  }

  get placementGroups(): PlacementGroups {
    return this.tools.placementGroups
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
    const { unready } = this.sending
    const open = [...unready, ...this.entrusted.clear(), ...this.pool.clear(), ...this.table, ...this.calls.clear()]
    unready.clear()
    for (const task of open) this.outcomes.fail(task, shutDown())
    this.pump.close()
    this.tools.store.close()
    await this.tools.shutdown()
  }
}

const noLinks: readonly Link[] = []
