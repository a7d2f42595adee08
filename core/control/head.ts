import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { transfer } from 'comlink'
import { describe, GymnuraError, ResourcesUnavailableError, stackOf, WorkerCrashedError } from '../api/errors.js'
import { FAILED, ObjectRef, READY } from '../api/object-ref.js'
import type { InitOptions } from '../api/options.js'
import type { RefStream } from '../api/ref-stream.js'
import type { LocalEngine } from '../engine/local.js'
import { Dedicated } from '../scheduler/dedicated.js'
import { type Demand, demandOf } from '../scheduler/demand.js'
import { gpuIdsOf } from '../scheduler/gpus.js'
import { withCode } from '../scheduler/outcomes.js'
import { PlacementGroupTable, type Strategy } from '../scheduler/placement-groups.js'
import { Ledger } from '../scheduler/resources.js'
import { Task } from '../scheduler/task.js'
import type { ObjectStoreSetup } from '../store/object-store.js'
import { removeSpillFolder, removeThreadFolder } from '../store/spill-folder.js'
import { type Ending, Host } from '../worker/host.js'
import * as layout from '../worker/layout.js'
import type { Role, Wire } from '../worker/messages.js'
import { queueWaits } from '../worker/queue.js'
import { type ActorRecord, ActorRegistry } from './actor-registry.js'
import type { Directory } from './directory.js'
import type { ActorGone, ActorSpec, HandleData, Headquarters, Outcome, Payload, Settled, TaskSpec } from './headquarters.js'
import { PoolThreads } from './pool-threads.js'
import type { Borrowed, LedgerMessage } from './ref-book.js'
import { Service } from './service.js'

/** Threads have numbers from 1; the upper bits of the ids they mint. After so many, numbers come again with higher counters. */
const INDICES = 8191
const IDS_A_THREAD = 2 ** 40
const IDS_A_GENERATION = 2 ** 32
const DEFAULT_NAMESPACE = 'default'

/**
 * The main thread's part of the runtime, beside the engine that it has like every thread: it starts threads and connects them,
 * knows all actors, names and resources, holds the values of refs that travelled, and sees to it that when a thread dies
 * everybody who waits for it is told. Nothing of that is on the way of a task from its submitter to a worker and back.
 */
export class Head implements Headquarters {
  readonly pool = new SharedArrayBuffer(layout.POOL_BYTES)
  readonly bell = new SharedArrayBuffer(layout.BELL_BYTES)
  readonly hosts = new Map<number, Host>()
  readonly registry = new ActorRegistry()
  readonly namespace: string
  readonly ledger: Ledger
  readonly groups: PlacementGroupTable
  engine!: LocalEngine
  directory!: Directory
  dedicated!: Dedicated
  threads!: PoolThreads
  private next = 1
  closed = false

  constructor(
    readonly options: InitOptions,
    readonly numCpus: number,
    /** Mints ids of the main thread. */
    readonly mint: () => number,
    readonly store: ObjectStoreSetup,
  ) {
    this.namespace = options.namespace ?? DEFAULT_NAMESPACE
    this.ledger = new Ledger({ numCpus, gpuIds: gpuIdsOf(options.numGpus), resources: options.resources ?? {} })
    this.groups = new PlacementGroupTable(this.ledger)
  }

  /** Called by the engine's maker once both are there. */
  start(engine: LocalEngine, directory: Directory): void {
    this.engine = engine
    this.directory = directory
    this.threads = new PoolThreads(this)
    this.dedicated = new Dedicated(engine, {
      ledger: this.ledger,
      spawn: (name, options, gpuIds) => this.spawn(name, { kind: 'dedicated', gpuIds }, visible(options.env, gpuIds)),
      lack: (cpus) => this.threads.lack(Math.max(cpus, this.groups.missingCpus())),
      groupLacksCpus: () => this.groups.missingCpus() > 0,
      released: () => this.released(),
    })
    this.threads.start()
  }

  /** Resources came free. */
  released(): void {
    if (this.closed) return
    this.threads.takeTurns()
    this.lent()
  }

  /** A worker has given its CPU to what waits for CPUs. */
  lent(): void {
    if (this.closed) return
    this.groups.retry()
    this.threads.startLater()
    this.dedicated.next()
  }

  /** Whether tasks wait that any worker could take. */
  tasksWait(): boolean {
    if (this.engine.pool.waits) return true
    for (const { queue } of this.hosts.values()) if (queue !== undefined && queueWaits(queue)) return true
    return false
  }

  /** A connection's end on its way to the thread that will hold it. */
  carried(wire: Wire): Wire {
    return transfer(wire, [wire.port])
  }

  createGroup(id: number, bundles: readonly Demand[], strategy: Strategy, name: string | undefined): void {
    this.groups.create(id, bundles, strategy, name)
    this.dedicated.next()
  }

  /** A worker's group may be named here by others before its own report of it was read. */
  private meetGroup(id: number): void {
    if (!this.ledger.groups.has(id)) this.readReports()
  }

  groupReady(id: number): Promise<void> {
    this.meetGroup(id)
    return this.groups.ready(id)
  }

  removeGroup(id: number): void {
    this.meetGroup(id)
    const held = this.groups.remove(id)
    if (held.length > 0) {
      this.dedicated.evict(held)
      for (const record of [...this.registry.living()]) {
        if (record.allocation !== undefined && held.includes(record.allocation))
          this.fail(record, 'was ended: its placement group was removed', undefined)
      }
    }
    this.released()
  }

  resources() {
    const available = this.ledger.available()
    return { total: this.ledger.totals(), available: { ...available, numCpus: available.numCpus! + this.threads.idle } }
  }

  spawn(name: string, role: Role, env?: Readonly<Record<string, string>>): Host {
    const n = this.next++
    const index = ((n - 1) % INDICES) + 1
    const host: Host = new Host(
      {
        index,
        firstId: index * IDS_A_THREAD + Math.floor((n - 1) / INDICES) * IDS_A_GENERATION + 1,
        name,
        role,
        pool: this.pool,
        mainBell: this.bell,
        mainQueue: role.kind === 'pool' ? this.engine.pool.memory : undefined,
        heapMb: this.options.workerHeapMb,
        namespace: this.namespace,
        store: { limitBytes: this.store.limitBytes, spillDir: this.store.spillDir, usage: this.store.usage.forThread() },
        env,
      },
      new Service(this, index),
      (message) => this.told(message),
      (gone, ending) => this.exited(gone, ending),
    )
    this.hosts.set(index, host)
    return host
  }

  /** Connects a worker, as the client, to another. */
  wire(client: Host, server: Host): Wire {
    const channel = new SharedArrayBuffer(layout.CHANNEL_BYTES)
    const { port1, port2 } = new MessageChannel()
    client.asClient.set(server.index, channel)
    const queue = server.role.kind === 'pool' ? client.queue : undefined
    const inlet = { index: client.index, name: client.name, bell: client.bell.memory, channel, port: port2, queue }
    void server.control.attach(transfer(inlet, [port2]))
    return { index: server.index, name: server.name, bell: server.bell.memory, channel, port: port1 }
  }

  // Refs

  told(message: LedgerMessage): void {
    this.apply(message)
    this.directory.counts.settle()
  }

  /** Reads all reports that lie in ports. */
  readReports(): void {
    for (const { ledgerPort } of this.hosts.values()) {
      for (let next = receiveMessageOnPort(ledgerPort); next !== undefined; next = receiveMessageOnPort(ledgerPort))
        this.apply(next.message as LedgerMessage)
    }
  }

  private apply(message: LedgerMessage): void {
    const { counts } = this.directory
    switch (message.kind) {
      case 'hold':
        for (const id of message.ids) counts.add(id, message.thread)
        return
      case 'drop':
        for (const id of message.ids) counts.remove(id, message.thread)
        return
      case 'share':
        for (const id of message.ids) this.directory.shared(id, message.thread)
        return
      case 'transfer':
        // What a thread that is gone held was written off with it.
        if (message.to === 0 || this.hosts.has(message.to)) for (const id of message.ids) counts.add(id, message.to)
        return
      case 'value': {
        this.directory.settled(message.id, (ref) => this.engine.values.settledHere(ref, message.outcome))
        return
      }
      case 'group':
        this.createGroup(message.id, message.bundles, message.strategy, message.name)
        return
      case 'pressed':
        this.relieve()
        return
      case 'paused':
        this.threads.paused(message.thread)
        return
      case 'waiting':
        this.dedicated.waits(message.thread, message.on)
        return
      case 'saved': {
        const host = this.hosts.get(message.thread)
        const record = host === undefined ? undefined : this.registry.on(host)
        if (record !== undefined) record.saved = message.outcome
      }
    }
  }

  /** A thread needs room in the object store: those that sleep look what they can write to disk. */
  relieve(): void {
    this.engine.values.store.relieve()
    for (const { bell } of this.hosts.values()) bell.ring()
  }

  /** A ref's value, once there is one, for a thread. */
  fetch(id: number, to: number): Promise<Outcome> {
    const ref = this.directory.find(id)
    const { values } = this.engine
    return new Promise((resolve) => values.whenHere(ref, (settled) => resolve(values.outcomeOf(settled, to))))
  }

  // Actors

  registerActor(actorId: number, spec: ActorSpec, creator = 0): { existing?: HandleData } {
    const { options } = spec
    const { record, existing } = this.registry.register(actorId, spec, options.namespace ?? this.namespace)
    this.directory.counts.add(record.actorId, creator)
    if (options.lifetime === 'detached') this.directory.counts.add(record.actorId, DETACHED)
    return existing ? { existing: record.handle } : {}
  }

  async startActor(actorId: number, payload: Payload, borrowed: readonly Borrowed[]): Promise<void> {
    this.construct(
      actorId,
      payload,
      borrowed.map((thing) => (thing instanceof ObjectRef ? thing.id : thing.actorId)),
    )
  }

  /** `held`: ids in the arguments, counted in the main thread's name. */
  construct(actorId: number, payload: Payload, held: readonly number[]): void {
    const record = this.registry.get(actorId)
    if (record === undefined || record.state !== 'DEPENDENCIES_UNREADY') return
    record.payload = payload
    record.borrowed = held
    record.state = 'PENDING_CREATION'
    this.place(record)
  }

  /** Starts an actor's thread as soon as there is room for it. */
  private place(record: ActorRecord): void {
    const { options, shape } = record.spec
    const where = options.groupId === undefined ? undefined : { group: options.groupId, bundleIndex: options.bundleIndex }
    // One CPU to be placed, none while it runs, unless it asks for some.
    if (where !== undefined) this.meetGroup(where.group)
    const demand = demandOf(shape.className, options, 0)
    const toPlace = options.numCpus === undefined && where === undefined ? demandOf(shape.className, { ...options, numCpus: 1 }, 0) : demand
    const never = this.ledger.whyNever(toPlace, where)
    if (never !== undefined) {
      this.actorDied(record, new ResourcesUnavailableError(`${record.label} ${never}`).message, undefined, undefined)
      return
    }
    record.allocation = this.ledger.acquire(demand, where)
    if (record.allocation === undefined) {
      this.threads.placeLater(() => this.place(record), where === undefined ? demand : undefined)
      return
    }
    const gpuIds = record.allocation.gpuIds
    const host = this.spawn(`${shape.className}-${record.actorId % IDS_A_THREAD}`, roleOf(record, gpuIds), visible(options.env, gpuIds))
    record.host = host
    const link = this.engine.link(host.wire)
    const task = new Task(
      layout.CREATE_ACTOR,
      new ObjectRef(this.mint()),
      `new ${shape.className}`,
      record.spec.definition,
      record.spec.definition.index,
      {
        frames: () => record.spec.frames,
      },
    )
    task.payload = record.payload!.bytes
    task.attachments = record.payload!.attachments
    task.alone = true
    task.restores = record.saved !== undefined
    task.ref.addWaiter({ settled: (ref) => this.constructed(record, host, ref) })
    this.engine.sendTo(link, task)
    if (record.saved !== undefined) this.restore(record, link)
    for (const resolve of record.waiting.splice(0)) resolve(host)
  }

  private restore(record: ActorRecord, link: ReturnType<LocalEngine['link']>): void {
    const task = new Task(layout.RESTORE, new ObjectRef(this.mint()), `${record.spec.shape.className}.restoreState`, undefined, 0, {
      frames: () => '',
    })
    task.payload = record.saved!.bytes
    task.attachments = record.saved!.attachments
    task.ref.addWaiter({
      settled: (ref) => {
        if (ref.state === FAILED && record.host !== undefined) this.fail(record, `could not be restored: ${withCode(ref.value)}`, ref.value)
      },
    })
    this.engine.sendTo(link, task)
  }

  private constructed(record: ActorRecord, host: Host, ref: ObjectRef): void {
    if (record.host !== host) return
    if (ref.state === READY) {
      record.state = 'ALIVE'
      if (!this.directory.counts.held(record.actorId)) this.outOfScope(record.actorId)
      return
    }
    const error = ref.value instanceof GymnuraError && ref.value.code === 'ERR_TASK' ? ref.value.cause : ref.value
    const message = `actor ${record.label} could not be constructed: ${withCode(error)}`
    const stack = `ActorDiedError: ${message}\n${record.spec.frames}\n  constructor threw:\n${stackOf(error)}`
    this.actorDied(record, message, error, stack)
    host.terminate()
  }

  private fail(record: ActorRecord, why: string, cause: unknown): void {
    const { host } = record
    this.actorDied(record, `actor ${record.label} ${why}`, cause, undefined)
    host?.terminate()
  }

  async stillborn(actorId: number, cause: unknown, frames: string): Promise<void> {
    const record = this.registry.get(actorId)
    if (record === undefined) return
    const message = `actor ${record.label} could not be constructed: ${withCode(cause)}`
    this.actorDied(record, message, cause, `ActorDiedError: ${message}\n${frames}\n  an argument failed:\n${stackOf(cause)}`)
  }

  /** Ends an actor for everyone. */
  actorDied(record: ActorRecord, message: string, cause: unknown, stack: string | undefined): void {
    const gone: ActorGone = { actorId: record.actorId, restarting: false, message, cause, stack }
    this.registry.remove(record, gone)
    this.tellGone(record, gone)
    for (const resolve of record.waiting.splice(0)) resolve(gone)
    for (const id of record.borrowed) this.directory.counts.remove(id, 0)
    if (record.allocation !== undefined) this.ledger.release(record.allocation)
    record.allocation = undefined
    this.directory.counts.settle()
    this.released()
  }

  private tellGone(record: ActorRecord, gone: ActorGone): void {
    this.engine.actorGone(gone)
    for (const host of this.hosts.values()) if (host !== record.host) void host.control.actorGone(cloneable(gone))
  }

  /** The thread of an actor, once it lives; or how it died. */
  findActor(actorId: number): Promise<Host | ActorGone> {
    const record = this.registry.get(actorId)
    if (record === undefined) return Promise.resolve(this.registry.deathOf(actorId))
    if (record.host !== undefined) return Promise.resolve(record.host)
    return new Promise((resolve) => record.waiting.push(resolve))
  }

  async connectActor(actorId: number): Promise<Wire | ActorGone> {
    const found = await this.findActor(actorId)
    return found instanceof Host ? found.wire : found
  }

  async actorNamed(name: string, namespace: string): Promise<HandleData | undefined> {
    return this.registry.named(namespace, name)?.handle
  }

  async kill(actorId: number, noRestart: boolean): Promise<void> {
    const record = this.registry.get(actorId)
    if (record === undefined) return
    const { host } = record
    if (noRestart || !record.mayRestart || host === undefined)
      this.actorDied(record, `actor ${record.label} was ended by kill()`, undefined, undefined)
    await host?.close()
  }

  /** An actor's last handle is gone: it ends when what was asked of it is answered. */
  outOfScope(actorId: number): void {
    const record = this.registry.get(actorId)
    if (record === undefined || this.closed) return
    // While it starts, the end of that looks again.
    if (record.state !== 'ALIVE') return
    this.end(record, 'ended: its last handle is gone')
  }

  /** Lets an actor's thread end by itself. */
  end(record: ActorRecord, why: string): void {
    record.ending = why
    void record.host?.control.exit()
  }

  // Tasks

  /** `stream` takes the values of a streaming task of another thread. */
  async run(spec: TaskSpec, task?: Task, stream?: RefStream): Promise<Settled> {
    if (spec.options.groupId !== undefined) this.meetGroup(spec.options.groupId)
    return this.dedicated.run(spec, task, stream)
  }

  async cancel(id: number, force: boolean, recursive: boolean): Promise<void> {
    if (this.dedicated.cancel(id, force, recursive)) return
    const owner = Math.floor(id / IDS_A_THREAD)
    const ref = this.directory.find(id)
    if (owner === 0) {
      if (ref.origin !== undefined) await this.engine.cancel(ref, force, recursive)
    } else await this.hosts.get(owner)?.control.cancel(id, force, recursive)
  }

  async endThread(index: number): Promise<void> {
    this.hosts.get(index)?.terminate()
  }

  // The end of threads

  private exited(host: Host, ending: Ending): void {
    if (this.closed) return
    const how = ending.cause === undefined ? ending.how : withCode(ending.cause)
    const ended = { ...ending, how }
    // What it reported last, before what its death means.
    for (let next = receiveMessageOnPort(host.ledgerPort); next !== undefined; next = receiveMessageOnPort(host.ledgerPort))
      this.apply(next.message as LedgerMessage)
    this.hosts.delete(host.index)
    this.store.usage.writeOff(host.usage)
    removeThreadFolder(this.store.spillDir, host.threadId)
    host.abandon()
    this.engine.links.get(host.index)?.drain()
    const record = this.registry.on(host)
    if (record !== undefined) this.actorExited(record, host, ended)
    this.engine.threadGone(host.index, how, ending.cause, ending.condemned)
    for (const other of this.hosts.values()) {
      if (other.asClient.has(host.index)) void other.control.threadGone(host.index, how, safeCause(ending.cause), ending.condemned)
      if (host.asClient.has(other.index)) void other.control.detach(host.index)
      other.asClient.delete(host.index)
    }
    for (const ref of this.directory.orphans(host.index)) {
      const lost = `the value of object ${ref.id.toString(16)} is lost: its owner ${host.name} died (${how}) before it was there`
      ref.settle(FAILED, new WorkerCrashedError(lost, { cause: ending.cause }))
    }
    this.dedicated.abandon(host.index)
    if (host.role.kind === 'pool') this.threads.replace(host, ended)
    else if (host.role.kind === 'dedicated') this.dedicated.gone(host, ended)
    this.directory.counts.removeThread(host.index)
  }

  private actorExited(record: ActorRecord, host: Host, { how, cause }: Ending): void {
    record.host = undefined
    if (record.ending !== undefined) {
      this.actorDied(record, `actor ${record.label} ${record.ending}`, undefined, undefined)
    } else if (record.mayRestart) {
      record.restarts++
      record.state = 'RESTARTING'
      if (record.allocation !== undefined) this.ledger.release(record.allocation)
      record.allocation = undefined
      const message = `actor ${record.label} lost its thread (${how}) while this call was under way, and is started again; the call is not made again, since its maxTaskRetries are used up`
      this.tellGone(record, {
        actorId: record.actorId,
        restarting: true,
        message,
        cause: host.condemned ? undefined : cause,
        stack: undefined,
      })
      this.place(record)
    } else this.actorDied(record, `actor ${record.label} lost its thread (${how})`, cause, undefined)
  }

  async shutdown(): Promise<void> {
    this.closed = true
    this.dedicated.close()
    this.groups.close(new GymnuraError('ERR_SHUTDOWN', 'the runtime was shut down'))
    await Promise.all([...this.hosts.values()].map((host) => host.close()))
    this.directory.clear()
    removeSpillFolder(this.store.spillDir)
  }
}

/** Counts as a holder of detached actors. */
const DETACHED = -1

function roleOf(record: ActorRecord, gpuIds: readonly number[]): Role {
  const { options, shape } = record.spec
  const groups = Object.entries(options.concurrencyGroups ?? {}).map(([, group]) =>
    typeof group === 'number'
      ? { maxConcurrency: group, methods: [] }
      : { maxConcurrency: group.maxConcurrency, methods: group.methods ?? [] },
  )
  return {
    kind: 'actor',
    actorId: record.actorId,
    maxConcurrency: options.maxConcurrency ?? 1000,
    groups: groups.map(({ maxConcurrency }) => maxConcurrency),
    groupOfMethod: shape.methodNames.map((name) => groups.findIndex(({ methods }) => methods.includes(name)) + 1),
    gpuIds,
  }
}

function visible(
  env: Readonly<Record<string, string>> | undefined,
  gpuIds: readonly number[],
): Readonly<Record<string, string>> | undefined {
  if (gpuIds.length === 0) return env
  return { ...env, CUDA_VISIBLE_DEVICES: gpuIds.join(','), CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }
}

/** An error that a port can carry. */
function safeCause(cause: unknown): unknown {
  try {
    return structuredClone(cause)
  } catch {
    return new Error(describe(cause))
  }
}

function cloneable(gone: ActorGone): ActorGone {
  return { ...gone, cause: safeCause(gone.cause) }
}
