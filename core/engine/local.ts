import { type ActorCaller, AnyActorHandle } from '../api/actor-handle.js'
import { GymnuraError, invalid, ResourcesUnavailableError, WorkerCrashedError } from '../api/errors.js'
import { FAILED, ObjectRef, PENDING, READY, type Stored } from '../api/object-ref.js'
import type { ActorOptions, InitOptions, TaskOptions } from '../api/options.js'
import type { SubmitSite } from '../control/call-site.js'
import { Directory } from '../control/directory.js'
import { Actor, ActorTable } from '../scheduler/actors.js'
import { Outcomes } from '../scheduler/outcomes.js'
import { Pool } from '../scheduler/pool.js'
import { DependencyWaiter, Task } from '../scheduler/task.js'
import { Decoder } from '../store/decoder.js'
import { Encoder } from '../store/encoder.js'
import { whenHandleDies } from '../store/handles.js'
import { onDriver, type RuntimeContext } from '../worker/context.js'
import { CALL, CREATE_ACTOR, TASK } from '../worker/layout.js'
import { WorkerLink } from '../worker/link.js'
import type { ShippedFunction } from '../worker/messages.js'
import type { Engine } from './engine.js'
import { Pump } from './pump.js'

const DEFAULT_MAX_RETRIES = 3
const DEFAULT_MAX_CONCURRENCY = 1000

/**
 * Ids are the thread's and not the engine's, so that refs and handles of a runtime that was shut down never name newer ones.
 * The submitter's index goes into the upper bits; the driver's is 0.
 */
let nextId = 1
let nextActorId = 1

/**
 * The engine of one machine: the thread that makes it is the driver, which owns all refs and schedules; tasks run on a pool
 * of worker threads, each actor on a thread of its own.
 */
export class LocalEngine implements Engine, ActorCaller {
  private readonly numCpus: number
  private readonly heapMb: number | undefined
  private readonly encoder = new Encoder(true)
  /** For payloads that are sent again or late, as raw bytes: no code of a user's runs while it is in use. */
  private readonly relay = new Encoder(true)
  private readonly directory = new Directory()
  private readonly actors = new ActorTable()
  private readonly links = new Set<WorkerLink>()
  /** Tasks whose arguments are not there yet. */
  private readonly unready = new Set<Task>()
  private readonly pump: Pump
  private readonly pool: Pool
  private readonly outcomes: Outcomes
  private closed = false

  constructor(options: InitOptions, defaultCpus: number) {
    this.numCpus = options.numCpus ?? defaultCpus
    this.heapMb = options.workerHeapMb
    this.pump = new Pump(
      () => this.refill(),
      () => this.pool.rebalance(),
    )
    this.outcomes = new Outcomes({
      directory: this.directory,
      actors: this.actors,
      caller: this,
      requeue: (tasks) => this.pool.requeue(tasks),
      gone: (link, ranBefore, error) => this.gone(link, ranBefore, error),
    })
    this.pool = new Pool(
      this.relay,
      (index) => this.startLink(`worker-${index + 1}`, undefined, 1),
      (link) => this.pump.expect(link),
      (task, error) => this.outcomes.fail(task, error),
      this.numCpus,
    )
    whenHandleDies((id) => {
      for (const link of this.links) link.forget(id)
    })
  }

  submit(definition: ShippedFunction, args: unknown[], options: TaskOptions, site: SubmitSite): ObjectRef {
    const task = new Task(TASK, new ObjectRef(nextId++), options.name ?? definition.name, definition, definition.index, site)
    task.maxRetries = options.maxRetries ?? DEFAULT_MAX_RETRIES
    task.timeoutMs = options.timeoutMs ?? 0
    this.encodeAndSend(task, args, (encoder) => {
      if (this.lacksCpus(options.numCpus)) return this.outcomes.fail(task, this.tooManyCpus(task.name, options.numCpus))
      this.pool.submit(task, encoder)
    })
    return task.ref
  }

  createActor(definition: ShippedFunction, args: unknown[], options: ActorOptions, site: SubmitSite): AnyActorHandle {
    const { name } = options
    if (name !== undefined && this.actors.named(name))
      throw invalid(`an actor named '${name}' is alive; kill it first, or use getActor('${name}')`)
    const id = nextActorId++
    const handle = new AnyActorHandle(id, definition.name, definition.methods, this)
    const task = new Task(CREATE_ACTOR, new ObjectRef(nextId++), `new ${definition.name}`, definition, definition.index, site)
    if (this.lacksCpus(options.numCpus)) {
      this.actors.stillborn(id, this.tooManyCpus(definition.name, options.numCpus))
      return handle
    }
    task.actorId = id
    // Arguments that cannot travel are refused before a thread is started for them.
    const encoder = this.encode(task, args)
    try {
      const link = this.startLink(`${definition.name}-${id}`, id, options.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY)
      const actor = new Actor(handle, link, name)
      this.actors.add(actor)
      this.toActor(actor, task, encoder)
    } finally {
      encoder.busy = false
    }
    return handle
  }

  call(actorId: number, method: number, name: string, args: unknown[], site: SubmitSite): ObjectRef {
    const task = new Task(CALL, new ObjectRef(nextId++), name, undefined, method, site)
    task.actorId = actorId
    const actor = this.closed ? undefined : this.actors.withId(actorId)
    if (actor === undefined) {
      task.ref.settle(FAILED, this.closed ? shutDown() : this.actors.deathOf(actorId))
      return task.ref
    }
    const encoder = this.encode(task, args)
    try {
      this.toActor(actor, task, encoder)
    } finally {
      encoder.busy = false
    }
    return task.ref
  }

  put(value: unknown): ObjectRef {
    if (value instanceof ObjectRef) throw invalid('put: the value is an ObjectRef already; pass it on as it is')
    const ref = new ObjectRef(nextId++)
    const encoder = this.borrowEncoder()
    try {
      encoder.storing = true
      encoder.section(value, 'the value')
      const stored: Stored = { bytes: encoder.copy(), attachments: [...encoder.attachments], refs: [...encoder.refs] }
      ref.stored = stored
      ref.load = () => this.readStored(stored)
    } finally {
      encoder.storing = false
      encoder.busy = false
    }
    ref.settle(READY, undefined)
    return ref
  }

  poll(): void {
    this.pump.drain()
  }

  hold(): void {
    this.pump.hold()
  }

  release(): void {
    this.pump.release()
  }

  cancel(ref: ObjectRef, force: boolean): void {
    // It may be over, and this thread not have heard of it yet.
    this.poll()
    const task = ref.origin
    if (!(task instanceof Task)) return
    const actor = this.actors.withId(task.actorId)
    const { link } = task
    if (this.unready.delete(task) || actor?.waiting.remove(task) || this.pool.forget(task) || link?.revoke(task)) {
      this.outcomes.fail(task, this.outcomes.cancelled(task))
      return
    }
    if (link === undefined) return
    if (force && actor !== undefined) throw invalid(`cancel: ${task.name} runs in an actor, which force would end; use kill(handle)`)
    task.cancelled = true
    if (force) {
      task.endedBy = 'cancel'
      link.terminate()
    } else void link.control.abort(ref.id)
  }

  async kill(handle: AnyActorHandle): Promise<void> {
    if (handle.caller !== this)
      throw new GymnuraError('ERR_SHUTDOWN', `kill: ${handle.className} belongs to a runtime that was shut down, and ended with it`)
    const actor = this.actors.withId(handle.actorId)
    if (actor === undefined) return
    this.outcomes.actorDied(actor, 'was ended by kill()')
    await actor.link.close()
  }

  actorNamed(name: string): AnyActorHandle | undefined {
    return this.actors.named(name)?.handle
  }

  context(): RuntimeContext {
    return onDriver
  }

  async ready(): Promise<void> {
    this.hold()
    try {
      const started = await Promise.all(this.pool.workers.map((link) => link.started))
      if (started.includes(false)) throw new WorkerCrashedError('init: a worker thread died before it took a task')
    } finally {
      this.release()
    }
  }

  async shutdown(): Promise<void> {
    this.closed = true
    const open = [...this.unready, ...this.pool.clear()]
    for (const actor of this.actors.all()) open.push(...actor.waiting.clear())
    for (const link of this.links) open.push(...link.unanswered())
    for (const task of open) this.outcomes.fail(task, shutDown())
    this.pump.close()
    await Promise.all([...this.links].map((link) => link.close()))
    this.directory.clear()
  }

  private lacksCpus(asked: number | undefined): boolean {
    return asked !== undefined && asked > 1
  }

  private tooManyCpus(name: string, asked: number | undefined): ResourcesUnavailableError {
    const limit =
      (asked ?? 1) > this.numCpus ? `the runtime has ${this.numCpus}` : 'a task or actor here is one thread and uses one at most'
    return new ResourcesUnavailableError(`${name} asks for ${asked} CPUs; ${limit}`)
  }

  private borrowEncoder(): Encoder {
    // A getter of a value being encoded may submit: it gets an encoder of its own.
    const encoder = this.encoder.busy ? new Encoder(true) : this.encoder
    encoder.busy = true
    encoder.start()
    return encoder
  }

  /** Encodes a call's arguments. The encoder stays borrowed until `busy` is put back. */
  private encode(task: Task, args: unknown[]): Encoder {
    const encoder = this.borrowEncoder()
    try {
      const dependencies = encoder.args(args)
      if (dependencies !== undefined) this.depend(task, dependencies, encoder)
      if (encoder.refs.length > 0) task.borrowed = encoder.refs
      if (encoder.attachments.length > 0) task.attachments = encoder.attachments
      this.directory.hold(task.borrowed)
      task.ref.origin = task
      return encoder
    } catch (error) {
      encoder.busy = false
      throw error
    }
  }

  private encodeAndSend(task: Task, args: unknown[], send: (encoder: Encoder) => void): void {
    const encoder = this.encode(task, args)
    try {
      if (task.failure !== undefined) this.outcomes.fail(task, task.failure)
      else if (task.missing === 0) send(encoder)
      else {
        task.payload = encoder.copy()
        this.unready.add(task)
      }
    } finally {
      encoder.busy = false
    }
  }

  private depend(task: Task, dependencies: ObjectRef[], encoder: Encoder): void {
    task.dependencies = dependencies
    const waiter = new DependencyWaiter(task, (complete) => this.dependenciesSettled(complete))
    for (const ref of dependencies) {
      if (ref.state === FAILED) task.failure ??= ref.value
      else if (ref.state !== READY) {
        task.missing++
        ref.addWaiter(waiter)
      }
    }
    if (task.missing === 0 && task.failure === undefined) this.append(task, encoder)
  }

  /** Adds the values of a task's dependencies behind its arguments. */
  private append(task: Task, encoder: Encoder): void {
    for (const ref of task.dependencies) {
      if (ref.stored !== undefined) encoder.raw(ref.stored.bytes, ref.stored.attachments, ref.stored.refs)
      else encoder.section(ref.read(), `the value of ${task.name}'s argument`)
    }
    task.dependencies = []
  }

  private dependenciesSettled(task: Task): void {
    if (task.ref.state !== PENDING) return
    task.failure ??= task.dependencies.find((ref) => ref.state === FAILED)?.value
    const actor = this.actors.withId(task.actorId)
    if (actor !== undefined) {
      this.flush(actor)
      return
    }
    if (!this.unready.delete(task)) return
    this.complete(task)
    if (task.failure !== undefined) {
      this.outcomes.fail(task, task.failure)
      return
    }
    this.relay.start()
    this.relay.raw(task.payload!)
    this.pool.submit(task, this.relay)
  }

  /**
   * Puts what a task waited for behind its arguments. A value that somebody has changed since it arrived may have become
   * unfit to travel: that fails the task.
   */
  private complete(task: Task): void {
    if (task.dependencies.length === 0 || task.failure !== undefined) return
    const encoder = this.borrowEncoder()
    try {
      encoder.raw(task.payload!)
      this.append(task, encoder)
      if (encoder.attachments.length > 0) task.attachments = [...task.attachments, ...encoder.attachments]
      if (encoder.refs.length > 0) {
        task.borrowed = [...task.borrowed, ...encoder.refs]
        this.directory.hold(encoder.refs)
      }
      task.payload = encoder.copy()
    } catch (error) {
      task.failure = error
    } finally {
      encoder.busy = false
    }
  }

  private toActor(actor: Actor, task: Task, encoder: Encoder): void {
    if (actor.waiting.length === 0 && task.missing === 0 && task.failure === undefined && actor.link.send(task, encoder)) {
      this.pump.expect(actor.link)
      return
    }
    task.payload = encoder.copy()
    actor.waiting.push(task)
    if (task.failure !== undefined) this.flush(actor)
  }

  private flush(actor: Actor): void {
    actor.flush(
      this.relay,
      (task) => this.complete(task),
      (link) => this.pump.expect(link),
      (task, error) => {
        this.outcomes.fail(task, error)
        if (task.kind === CREATE_ACTOR) this.outcomes.constructionFailed(task, error)
      },
    )
  }

  private refill(): void {
    if (this.closed) return
    this.pool.refill()
    for (const actor of this.actors.all()) if (actor.waiting.length > 0) this.flush(actor)
  }

  private startLink(name: string, actorId: number | undefined, maxConcurrency: number): WorkerLink {
    const link = new WorkerLink({ name, actorId, maxConcurrency, driverBell: this.pump.bell, heapMb: this.heapMb }, this.outcomes)
    this.links.add(link)
    this.pump.add(link)
    return link
  }

  private gone(link: WorkerLink, ranBefore: boolean, error: unknown): void {
    this.links.delete(link)
    this.pump.remove(link)
    if (!this.closed) this.pool.replace(link, ranBefore, error)
  }

  private readStored(stored: Stored): unknown {
    const decoder = new Decoder({
      handle: (id) => stored.attachments.find((attachment) => attachment.id === id)?.object,
      ref: (id) => stored.refs.find((ref) => ref.id === id)!,
      actor: (id, className, methodNames) => new AnyActorHandle(id, className, methodNames, this),
    })
    const { bytes } = stored
    decoder.open(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      0,
    )
    return decoder.section()
  }
}

function shutDown(): GymnuraError {
  return new GymnuraError('ERR_SHUTDOWN', 'the runtime was shut down: its results and actors are gone')
}
