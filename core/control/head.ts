import { MessageChannel } from 'node:worker_threads'
import { transfer } from 'comlink'
import { GymnuraError, ObjectLostError } from '../api/errors.js'
import { IDS_A_THREAD, ownerOf } from '../api/ids.js'
import { FAILED, hexId } from '../api/object-ref.js'
import type { InitOptions } from '../api/options.js'
import type { RefStream } from '../api/ref-stream.js'
import type { LocalEngine } from '../engine/local.js'
import { Dedicated } from '../scheduler/dedicated.js'
import { type Demand, needsMore } from '../scheduler/demand.js'
import { gpuIdsOf } from '../scheduler/gpus.js'
import { OnBehalf } from '../scheduler/on-behalf.js'
import { withCode } from '../scheduler/outcomes.js'
import { PlacementGroupTable, type Strategy } from '../scheduler/placement-groups.js'
import { Ledger } from '../scheduler/resources.js'
import type { Task } from '../scheduler/task.js'
import type { ObjectStoreSetup } from '../store/object-store.js'
import { removeSpillFolder, removeThreadFolder } from '../store/spill-folder.js'
import { StoreUsage } from '../store/usage.js'
import { type Ending, Host, type HostSetup } from '../worker/host.js'
import * as layout from '../worker/layout.js'
import type { ActorRole, Role, Wire } from '../worker/messages.js'
import { ProcessHost } from '../worker/process-host.js'
import { queueWaits } from '../worker/queue.js'
import { ThreadHost } from '../worker/thread-host.js'
import type { ActorRecord } from './actor-registry.js'
import { Actors, safeCause } from './actors.js'
import { type Directory, idOf } from './directory.js'
import type { ActorGone, ActorSpec, HandleData, Headquarters, Outcome, Payload, Settled, TaskSpec } from './headquarters.js'
import { TaskHistory } from './history.js'
import { absorb } from './metrics.js'
import { PoolThreads } from './pool-threads.js'
import type { Borrowed, LedgerMessage } from './ref-book.js'
import { Service } from './service.js'
import { Survey } from './survey.js'
import { WorkerBook } from './worker-book.js'

/** Threads have numbers from 1; the upper bits of the ids they mint. After so many, numbers come again with higher counters. */
const INDICES = 8191
const IDS_A_GENERATION = 2 ** 32
/** So long tasks may take to end whose submitter is gone. */
const ORPHANS_MS = 500
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
  readonly actors = new Actors(this)
  readonly workers = new WorkerBook()
  readonly survey = new Survey(this)
  readonly namespace: string
  readonly ledger: Ledger
  readonly groups: PlacementGroupTable
  engine!: LocalEngine
  directory!: Directory
  dedicated!: Dedicated
  onBehalf!: OnBehalf
  threads!: PoolThreads
  /** Of the tasks that threads have submitted, for when they are gone. */
  private readonly histories = new Map<number, TaskHistory>()
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
    this.groups = new PlacementGroupTable(this.ledger, () => this.threads.coming)
  }

  /** Called by the engine's maker once both are there. */
  start(engine: LocalEngine, directory: Directory): void {
    this.engine = engine
    this.directory = directory
    this.threads = new PoolThreads(this)
    this.onBehalf = new OnBehalf(engine)
    this.dedicated = new Dedicated(engine, {
      ledger: this.ledger,
      spawn: (name, options, gpuIds) => this.spawn(name, { kind: 'dedicated', gpuIds }, visible(options.env, gpuIds), options.runtime),
      lack: (cpus) => this.threads.lack(Math.max(cpus, this.groups.missingCpus())),
      groupLacksCpus: () => this.groups.missingCpus() > 0,
      hear: () => this.readReports(),
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
    this.placeNext()
  }

  /** Starts what there is room for now. */
  private placeNext(): void {
    this.threads.placeActors()
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
    this.placeNext()
  }

  /** A worker's group may be named here by others before its own report of it was read. */
  meetGroup(id: number): void {
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
      for (const record of [...this.actors.registry.living()]) {
        if (record.allocation !== undefined && held.includes(record.allocation))
          this.actors.fail(record, 'was ended: its placement group was removed', undefined)
      }
    }
    this.released()
  }

  resources() {
    const available = this.ledger.available()
    return { total: this.ledger.totals(), available: { ...available, numCpus: available.numCpus! + this.threads.free } }
  }

  spawn(name: string, role: Role, env?: Readonly<Record<string, string>>, runtime: 'thread' | 'process' = 'thread'): Host {
    const n = this.next++
    const index = ((n - 1) % INDICES) + 1
    const setup: HostSetup = {
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
    }
    const Kind = runtime === 'process' ? ProcessHost : ThreadHost
    const host: Host = new Kind(
      setup,
      new Service(this, index),
      (message) => this.told(message),
      (gone, ending) => this.exited(gone, ending),
    )
    host.printed = (kind, text) => this.workers.wrote(index, name, kind, text, 0)
    this.hosts.set(index, host)
    const actor = role.kind === 'actor' ? this.actors.registry.get(role.actorId)?.spec : undefined
    this.workers.started(host, actor === undefined ? null : (actor.options.name ?? actor.shape.className))
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
    for (const host of this.hosts.values()) for (const message of host.reports()) this.apply(message)
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
      case 'history': {
        const known = this.histories.get(message.thread) ?? new TaskHistory()
        this.histories.set(message.thread, known)
        known.take(message.part)
        return
      }
      case 'held-back':
        this.dedicated.heldBack(message.thread, message.on)
        return
      case 'saved': {
        const host = this.hosts.get(message.thread)
        if (host !== undefined) this.actors.saved(host, message.outcome)
        return
      }
      case 'exiting': {
        const host = this.hosts.get(message.thread)
        if (host !== undefined) this.actors.exiting(host)
        return
      }
      case 'metrics':
        absorb(message.batch, hexId(message.thread))
    }
  }

  /** A thread needs room in the object store: those that sleep look what they can write to disk. */
  relieve(): void {
    this.engine.values.store.relieve()
    for (const { bell } of this.hosts.values()) bell.ring()
  }

  /** The threads let go of refs and memory that they do not need: nothing makes a thread collect that sleeps. */
  collect(): void {
    if (this.closed) return
    const holders = this.directory.counts.threads()
    for (const host of this.hosts.values()) {
      // What a process holds is counted there.
      if (host.hasStarted && (host.apart || holders.has(host.index) || StoreUsage.holds(host.usage))) void host.control.collect()
    }
  }

  /** A ref's value, once there is one, for a thread. */
  fetch(id: number, to: number): Promise<Outcome> {
    const ref = this.directory.find(id)
    const { values } = this.engine
    return new Promise((resolve) => values.whenHere(ref, (settled) => resolve(values.outcomeOf(settled, to))))
  }

  // Actors

  registerActor(actorId: number, spec: ActorSpec): { existing?: HandleData } {
    const existing = this.actors.register(actorId, spec, 0)
    return existing === undefined ? {} : { existing }
  }

  async startActor(actorId: number, payload: Payload, borrowed: readonly Borrowed[]): Promise<void> {
    this.actors.construct(actorId, payload, borrowed.map(idOf))
  }

  async stillborn(actorId: number, cause: unknown, frames: string): Promise<void> {
    this.actors.stillborn(actorId, cause, frames)
  }

  async connectActor(actorId: number): Promise<Wire | ActorGone> {
    const found = await this.actors.find(actorId)
    return found instanceof Host ? found.wire : found
  }

  async actorNamed(name: string, namespace: string): Promise<HandleData | undefined> {
    return this.actors.registry.named(namespace, name)?.handle
  }

  kill(actorId: number, noRestart: boolean): Promise<void> {
    return this.actors.kill(actorId, noRestart)
  }

  spawnActor({ actorId, spec: { shape, options } }: ActorRecord, role: ActorRole): Host {
    return this.spawn(`${shape.className}-${actorId % IDS_A_THREAD}`, role, visible(options.env, role.gpuIds), options.runtime)
  }

  // Tasks

  /** `stream` takes the values of a streaming task of another thread. */
  async run(spec: TaskSpec, task?: Task, stream?: RefStream): Promise<Settled> {
    if (spec.options.groupId !== undefined) this.meetGroup(spec.options.groupId)
    return needsMore(spec.options) ? this.dedicated.run(spec, task, stream) : this.onBehalf.run(spec, stream)
  }

  async cancel(id: number, force: boolean, recursive: boolean): Promise<void> {
    const here = this.dedicated.cancel(id, force, recursive) ?? this.onBehalf.cancel(id, force, recursive)
    if (here !== undefined) return here
    const owner = ownerOf(id)
    const ref = this.directory.find(id)
    if (owner === 0) {
      if (ref.origin !== undefined) await this.engine.cancellation.cancel(ref, force, recursive)
    } else await this.hosts.get(owner)?.control.cancel(id, force, recursive)
  }

  async endThread(index: number): Promise<void> {
    await this.hosts.get(index)?.close()
  }

  // The end of threads

  private exited(host: Host, ending: Ending): void {
    for (const left of [...host.leaving]) left()
    if (this.closed) return
    const how = ending.cause === undefined ? ending.how : withCode(ending.cause)
    const ended = { ...ending, how }
    // What it reported last, before what its death means.
    for (const message of host.reports()) this.apply(message)
    this.hosts.delete(host.index)
    const history = this.histories.get(host.index)
    if (history !== undefined) this.engine.log.history.absorb(history)
    this.histories.delete(host.index)
    this.store.usage.writeOff(host.usage)
    // A process has another folder.
    if (host.threadId > 0) removeThreadFolder(this.store.spillDir, host.threadId)
    host.abandon()
    this.engine.links.get(host.index)?.drain()
    this.actors.exited(host, ended)
    this.workers.ended(host, ended, this.actors.deathOn(host))
    void host.silent.then(() => this.actors.creatorGone(host))
    this.engine.lost.add(host.index, how, ending.cause, ending.condemned)
    for (const other of this.hosts.values()) {
      if (other.asClient.has(host.index)) void other.control.threadGone(host.index, how, safeCause(ending.cause), ending.condemned)
      if (host.asClient.has(other.index)) void detach(other, host.index)
      other.asClient.delete(host.index)
    }
    for (const ref of this.directory.orphans(host.index)) {
      const lost = `object ${hexId(ref.id)} is lost: its owner ${host.name} died (${how}) before its value was there`
      ref.settle(FAILED, new ObjectLostError(lost, { cause: ending.cause }))
    }
    this.dedicated.abandon(host.index)
    this.onBehalf.abandon(host.index)
    if (host.role.kind === 'pool') this.threads.replace(host, ended)
    else if (host.role.kind === 'dedicated') this.dedicated.gone(host, ended)
    this.directory.counts.removeThread(host.index)
  }

  async shutdown(): Promise<void> {
    // What workers have counted until now is not lost.
    this.readReports()
    this.closed = true
    this.dedicated.close()
    this.groups.close(new GymnuraError('ERR_SHUTDOWN', 'the runtime was shut down'))
    this.workers.closed()
    await Promise.all([...this.hosts.values()].map((host) => host.close()))
    this.directory.clear()
    removeSpillFolder(this.store.spillDir)
  }
}

/**
 * A worker has lost a client. Nobody can read what that one's tasks would return: those that do not end when they are told to
 * are ended with the worker, as Ray does at once.
 */
async function detach(worker: Host, client: number): Promise<void> {
  let heard = false
  let over = false
  if (worker.role.kind === 'pool') {
    setTimeout(() => {
      // One that has not heard computes: perhaps for somebody else.
      if (!over && (heard || worker.runsFor(client))) worker.terminate()
    }, ORPHANS_MS).unref()
  }
  heard = (await worker.control.detach(client)) > 0
  if (heard) await worker.control.left(client)
  over = true
}

function visible(
  env: Readonly<Record<string, string>> | undefined,
  gpuIds: readonly number[],
): Readonly<Record<string, string>> | undefined {
  if (gpuIds.length === 0) return env
  return { ...env, CUDA_VISIBLE_DEVICES: gpuIds.join(','), CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }
}
