import type { ActorCaller, ActorShape, AnyActorHandle } from '../api/actor-handle.js'
import { GymnuraError, invalid, type WorkerCrashedError } from '../api/errors.js'
import { FAILED, ObjectRef, PENDING } from '../api/object-ref.js'
import type { ActorOptions, MethodOptions, TaskOptions } from '../api/options.js'
import type { PlacementGroups } from '../api/placement-group.js'
import { RefStream } from '../api/ref-stream.js'
import type { StateSource } from '../api/state.js'
import type { SubmitSite } from '../control/call-site.js'
import type { ActorGone, Headquarters, Payload, Placed, TaskSpec } from '../control/headquarters.js'
import type { RefBook } from '../control/ref-book.js'
import { ActorClient } from '../scheduler/actors.js'
import { actorDied, mayRetry, Outcomes } from '../scheduler/outcomes.js'
import { Pool } from '../scheduler/pool.js'
import { Task, TaskTable } from '../scheduler/task.js'
import { Encoder } from '../store/encoder.js'
import { whenHandleDies } from '../store/handles.js'
import type { OpenTask, RuntimeContext } from '../worker/context.js'
import { CALL, CREATE_ACTOR, type STDERR, type STDOUT, TASK } from '../worker/layout.js'
import { Link, type Reply } from '../worker/link.js'
import type { ShippedFunction, Wire } from '../worker/messages.js'
import { Arguments } from './arguments.js'
import type { Engine } from './engine.js'
import { Pump } from './pump.js'
import { StreamPull } from './stream-pull.js'
import { Values } from './values.js'

const DEFAULT_MAX_RETRIES = 3

/** What an engine needs of its thread. */
export interface ThreadTools {
  readonly index: number
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
  output(link: Link, kind: typeof STDOUT | typeof STDERR, text: string): void
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
  private readonly args: Arguments
  /** For payloads that are sent again or late, as raw bytes: no code of a user's runs while it is in use. */
  private readonly relay = new Encoder(true)
  private readonly actors = new Map<number, ActorClient>()
  /** Actors whose rings had no room for what waits. */
  private readonly blocked = new Set<ActorClient>()
  /** Tasks whose arguments are not there yet. */
  private readonly unready = new Set<Task>()
  /** Tasks that the main thread runs for this one. */
  private readonly entrusted = new Set<Task>()
  /** Threads that are gone, so that a late connection to one is not made. */
  private readonly gone = new Set<number>()
  private connected = false
  private closed = false

  constructor(private readonly tools: ThreadTools) {
    this.book = tools.book(this)
    this.values = new Values(this.book)
    this.args = new Arguments(this.book, (task) => this.argumentsSettled(task))
    this.outcomes = new Outcomes({
      book: this.book,
      free: (task) => this.free(task),
      again: (task, link) => this.again(task, link),
      over: (task, link, reply, error) => this.over(task, link, reply, error),
      output: tools.output,
    })
    this.pool = new Pool(this.table, this.relay, tools.poolWords, (task, error) => this.outcomes.fail(task, error))
    this.pump = new Pump(
      () => this.refill(),
      () => tools.rest(this.pump),
      () => tools.wake(),
      () => (this.pool.inFlight > 0 ? this.pool.workers : noLinks),
    )
    whenHandleDies((id) => {
      for (const link of this.links.values()) link.forget(id)
    })
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
    const task = new Task(TASK, new ObjectRef(tools.mint()), options.name ?? definition.name, definition, definition.index, site)
    task.maxRetries = options.maxRetries ?? DEFAULT_MAX_RETRIES
    task.retryExceptions = options.retryExceptions
    if (needsMore(options)) task.needs = options
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
    const task = new Task(
      CALL,
      new ObjectRef(this.tools.mint()),
      options.name ?? `${shape.className}.${shape.methodNames[method]}`,
      undefined,
      method,
      site,
    )
    task.actorId = actorId
    task.handle = handle
    task.maxRetries = options.maxTaskRetries ?? shape.maxTaskRetries
    // In a concurrency group it may be taken before its turn: it is sent again if the actor dies then.
    task.keeps = task.maxRetries !== 0 || shape.groupNames.length > 0
    task.retryExceptions = options.retryExceptions
    if (options.concurrencyGroup !== undefined) task.group = shape.groupNames.indexOf(options.concurrencyGroup) + 1
    return this.start(task, args, options.numReturns)
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
      if (parent !== undefined) {
        task.parent = parent
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
    if (task.kind !== TASK) this.toActor(task, encoder)
    else if (task.failure !== undefined) this.outcomes.fail(task, task.failure)
    else if (task.missing > 0) {
      task.payload = encoder.copy()
      this.unready.add(task)
    } else this.send(task, encoder)
  }

  private send(task: Task, encoder: Encoder): void {
    if (task.needs !== undefined) {
      this.entrust(task, { bytes: encoder.copy(), attachments: task.attachments })
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
      const actor = this.actors.get(task.actorId)
      if (actor !== undefined) this.flush(actor)
      return
    }
    if (!this.unready.delete(task)) return
    this.args.complete(task)
    if (task.failure !== undefined) {
      this.outcomes.fail(task, task.failure)
      return
    }
    this.relay.start()
    this.relay.raw(task.payload!)
    task.payload = undefined
    this.send(task, this.relay)
  }

  /** What needs more than a worker for tasks has: the main thread finds a place for it. */
  private entrust(task: Task, payload: Payload): void {
    this.entrusted.add(task)
    const spec: TaskSpec = {
      id: task.ref.id,
      name: task.name,
      definition: task.definition!,
      payload,
      options: placed(task.needs!),
      streaming: task.stream !== undefined,
      retryErrors: retryNames(task),
      frames: task.site.frames(),
    }
    const { headquarters } = this.tools
    const settled = headquarters.run(spec, task)
    if (task.stream !== undefined && headquarters.nextOf !== undefined)
      task.pull = new StreamPull(task.stream, () => headquarters.nextOf!(task.ref.id))
    settled.then(
      async ({ failed, value }) => {
        await task.pull?.done
        if (!this.entrusted.delete(task)) return
        if (failed) this.outcomes.fail(task, value)
        else this.outcomes.succeed(task, value)
      },
      (error: unknown) => {
        if (this.entrusted.delete(task)) this.outcomes.fail(task, error)
      },
    )
  }

  createActor(definition: ShippedFunction, args: unknown[], options: ActorOptions, site: SubmitSite): AnyActorHandle {
    const { headquarters, mint } = this.tools
    const shape = shapeOf(definition, options)
    const task = new Task(CREATE_ACTOR, new ObjectRef(mint()), `new ${definition.name}`, definition, definition.index, site)
    // Arguments that cannot travel are refused before anything is started for them.
    const encoder = this.args.encode(task, args)
    try {
      task.actorId = mint()
      const spec = { definition, options: placed(options), shape, frames: site.frames() }
      const { existing, registered } = headquarters.registerActor(task.actorId, spec)
      if (existing !== undefined) {
        this.book.unshare(task.borrowed)
        return this.book.handle(existing.actorId, existing.shape, false)
      }
      const handle = this.book.handle(task.actorId, shape, false)
      this.book.report()
      const actor = this.actor(handle)
      registered?.catch((error: unknown) => this.actorGone(goneBy(task.actorId, error)))
      task.payload = encoder.copy()
      task.handle = handle
      if (task.missing > 0) actor.waiting.push(task)
      else this.startActor(actor, task)
      return handle
    } catch (error) {
      this.book.unshare(task.borrowed)
      throw error
    } finally {
      encoder.done()
    }
  }

  private startActor(actor: ActorClient, task: Task): void {
    this.args.complete(task)
    const { headquarters } = this.tools
    if (task.failure !== undefined) {
      void headquarters.stillborn(actor.actorId, task.failure, task.site.frames())
      this.book.unshare(task.borrowed)
    } else void headquarters.startActor(actor.actorId, { bytes: task.payload!, attachments: task.attachments }, task.borrowed)
    task.ref.settle(FAILED, undefined)
  }

  /** An actor as this thread calls it. */
  private actor(handle: AnyActorHandle): ActorClient {
    let actor = this.actors.get(handle.actorId)
    if (actor === undefined) {
      actor = new ActorClient(handle.actorId, handle.shape.className)
      this.actors.set(handle.actorId, actor)
    }
    return actor
  }

  private toActor(task: Task, encoder: Encoder): void {
    const actor = this.actor(task.handle!)
    const ready = actor.waiting.length === 0 && task.missing === 0 && task.failure === undefined
    if (ready && actor.link?.send(task, encoder)) {
      if (task.keeps) task.payload = encoder.copy()
      this.pump.expect(actor.link)
      return
    }
    if (ready && actor.link !== undefined) this.blocked.add(actor)
    task.payload = encoder.copy()
    actor.waiting.push(task)
    if (actor.link === undefined && actor.death === undefined) this.connect(actor)
    if (task.failure !== undefined || actor.death !== undefined) this.flush(actor)
  }

  private connect(actor: ActorClient): void {
    if (actor.connecting) return
    actor.connecting = true
    this.tools.headquarters.connectActor(actor.actorId).then(
      (found) => {
        actor.connecting = false
        if ('message' in found) {
          this.actorGone(found)
          return
        }
        const link = 'connected' in found ? this.links.get(found.connected) : this.gone.has(found.index) ? undefined : this.link(found)
        // That thread is gone meanwhile: there will be another, or word of the actor's end.
        if (link === undefined) this.connect(actor)
        else {
          actor.link = link
          this.flush(actor)
        }
      },
      (error: unknown) => this.actorGone(goneBy(actor.actorId, error)),
    )
  }

  private flush(actor: ActorClient): void {
    const first = actor.waiting.peek()
    if (first?.kind === CREATE_ACTOR) {
      if (first.missing > 0) return
      actor.waiting.shift()
      this.startActor(actor, first)
    }
    const full = actor.flush(
      this.relay,
      (task) => this.args.complete(task),
      (link) => this.pump.expect(link),
      (task, error) => this.outcomes.fail(task, error),
    )
    if (full) this.blocked.add(actor)
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

  private refill(): void {
    if (this.closed) return
    this.pool.refill()
    if (this.blocked.size === 0) return
    const blocked = [...this.blocked]
    this.blocked.clear()
    for (const actor of blocked) this.flush(actor)
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
    const actor = task.kind === CALL ? this.actors.get(task.actorId) : undefined
    if (actor !== undefined) {
      actor.waiting.push(task)
      this.flush(actor)
    } else if (task.alone) this.sendTo(link, task)
    else this.pool.requeue([task])
    this.pump.expect()
  }

  /** A task has ended, or will never begin. */
  private over(task: Task, _link: Link | undefined, _reply: Reply | undefined, _error: unknown): void {
    if (task.parent !== undefined) task.parent.children?.delete(task)
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
      stop: () => void this.cancel(task.ref, false, true),
    })
  }

  /** The connection to the thread that runs a task now. */
  private runner(sent: Task): Link | undefined {
    const task = sent.relay ?? sent
    if (task.link instanceof Link) return task.link
    return task.slot < 0 ? undefined : this.links.get(this.pool.taker(task))
  }

  /** Sends a task to a certain thread: false if its ring is full. */
  sendTo(link: Link, task: Task): boolean {
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
    const actor = this.actors.get(task.actorId)
    if (actor?.waiting.remove(task)) {
      this.outcomes.fail(task, this.outcomes.cancelled(task))
      // It may have held up the others.
      this.flush(actor)
      return
    }
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
    for (const task of [...this.unready, ...this.entrusted, ...this.table, ...this.pool.queued()]) {
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
        task.stream?.rewind()
        again.push(task)
      } else {
        this.pool.forget(task, task.attachments)
        this.outcomes.fail(task, this.outcomes.crashed(link.name, task, how, cause))
      }
    }
    this.pool.requeue(again)
    for (const actor of this.actors.values()) {
      // Connected after the word of the thread's end had come by another way.
      if (actor.link === link) this.actorGone({ ...goneBy(actor.actorId, cause), restarting: true, message: `${link.name} died (${how})` })
    }
    for (const task of link.unanswered()) {
      // The main thread's own, to an actor that it never called: its record knows.
      if (task.kind === TASK) continue
      link.free(task)
      this.outcomes.fail(task, this.outcomes.crashed(link.name, task, how, cause))
    }
    link.close()
    this.pump.look()
  }

  handleGone(actorId: number): void {
    this.actors.delete(actorId)
  }

  poolLost(error: WorkerCrashedError): void {
    this.pool.giveUp(error)
  }

  /** An actor has died, or is started again. */
  actorGone({ actorId, restarting, message, cause, stack }: ActorGone): void {
    const actor = this.actors.get(actorId)
    if (actor === undefined || actor.death !== undefined) return
    const death = actorDied(message, cause, stack)
    const { link } = actor
    const failed: Task[] = []
    if (link !== undefined) {
      link.drain()
      const again: Task[] = []
      for (const task of link.unanswered()) {
        const begun = link.begun(task)
        if (!begun || task.keeps) link.recover(task)
        link.free(task)
        if (restarting && !task.cancelled && (!begun || mayRetry(task))) {
          task.stream?.rewind()
          again.push(task)
        } else failed.push(task)
      }
      actor.waiting.unshift(again)
      actor.link = undefined
      this.links.delete(link.index)
      this.pump.remove(link)
      link.close()
    }
    if (!restarting) {
      actor.death = death
      for (const task of actor.waiting.clear()) {
        if (task.kind === CREATE_ACTOR) this.book.unshare(task.borrowed)
        else failed.push(task)
      }
    } else this.connect(actor)
    for (const task of failed) this.outcomes.fail(task, task.cancelled ? this.outcomes.cancelled(task) : death)
    this.pump.look()
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
    this.closed = true
    const open = [...this.unready, ...this.entrusted, ...this.pool.clear(), ...this.table]
    for (const actor of this.actors.values()) open.push(...actor.waiting.clear())
    this.unready.clear()
    this.entrusted.clear()
    for (const task of open) this.outcomes.fail(task, shutDown())
    this.pump.close()
    await this.tools.shutdown()
  }
}

const noLinks: readonly Link[] = []

/** Whether a task needs more than one thread with one CPU. */
function needsMore(options: TaskOptions): boolean {
  return (
    (options.numCpus !== undefined && options.numCpus !== 1) ||
    (options.numGpus !== undefined && options.numGpus > 0) ||
    options.resources !== undefined ||
    options.placementGroup !== undefined ||
    options.timeoutMs !== undefined ||
    options.runtime === 'process'
  )
}

function goneBy(actorId: number, cause: unknown): ActorGone {
  return { actorId, restarting: false, message: cause instanceof Error ? cause.message : String(cause), cause, stack: undefined }
}

/** Options as they travel. */
function placed<Options extends TaskOptions | ActorOptions>(options: Options): Placed<Options> {
  const { placementGroup, module: _, ...rest } = options
  const { retryExceptions: __, ...plain } = rest as { retryExceptions?: unknown }
  return { ...plain, ...(placementGroup === undefined ? {} : { groupId: placementGroup.id }) } as Placed<Options>
}

/** The names of the errors after which a task may run again. */
function retryNames({ retryExceptions }: Task): boolean | string[] {
  return Array.isArray(retryExceptions) ? retryExceptions.map(({ name }) => name) : retryExceptions === true
}

function shapeOf(definition: ShippedFunction, options: ActorOptions): ActorShape {
  return {
    className: definition.name,
    methodNames: definition.methods,
    groupNames: Object.keys(options.concurrencyGroups ?? {}),
    maxTaskRetries: options.maxTaskRetries ?? 0,
  }
}

function shutDown(): GymnuraError {
  return new GymnuraError('ERR_SHUTDOWN', 'the runtime was shut down: its results and actors are gone')
}
