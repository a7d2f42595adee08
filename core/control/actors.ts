import { count, describe, GymnuraError, ResourcesUnavailableError, stackOf } from '../api/errors.js'
import { ownerOf } from '../api/ids.js'
import { FAILED, ObjectRef, READY } from '../api/object-ref.js'
import { demandOf } from '../scheduler/demand.js'
import { withCode } from '../scheduler/outcomes.js'
import { Task } from '../scheduler/task.js'
import { sharedCopy } from '../store/handles.js'
import type { Ending, Host } from '../worker/host.js'
import * as layout from '../worker/layout.js'
import type { ActorRole } from '../worker/messages.js'
import { type ActorRecord, ActorRegistry } from './actor-registry.js'
import type { Head } from './head.js'
import type { ActorGone, ActorSpec, HandleData, Outcome, Payload } from './headquarters.js'

/** Counts as a holder of detached actors. */
const DETACHED = -1
/** What an actor was made with is held in the main thread's name. */
const MAIN = 0
const DEFAULT_MAX_CONCURRENCY = 1000
/** A worker's word that it has made an actor is waited for so long, and looked for so often. */
const WORD_MS = 5_000
const WORD_LOOK_MS = 2

/**
 * The lives of all actors: where they run, when they are started again and with what, and who is told of their end.
 *
 *     DEPENDENCIES_UNREADY ──arguments there──▶ PENDING_CREATION ──room, thread, constructor──▶ ALIVE ──▶ DEAD
 *                                                       ▲                                      │ thread died
 *                                                       └────────────── RESTARTING ◀───────────┘ and maxRestarts allows
 */
export class Actors {
  readonly registry = new ActorRegistry()

  constructor(private readonly head: Head) {}

  private get counts() {
    return this.head.directory.counts
  }

  /** `creator`: the thread that makes it. Throws if the name is taken, or is another class's with `getIfExists`. */
  register(actorId: number, spec: ActorSpec, creator: number): HandleData | undefined {
    const { record, existing } = this.registry.register(actorId, spec, spec.options.namespace ?? this.head.namespace, creator)
    if (existing) {
      // A worker has given out a handle with the new id before it could know.
      if (creator !== MAIN) this.counts.alias(actorId, record.actorId)
      return record.handle
    }
    if (spec.options.lifetime === 'detached') this.counts.add(actorId, DETACHED)
    return undefined
  }

  /** The constructor's arguments are there. `held`: ids in them, counted in the main thread's name. */
  construct(actorId: number, payload: Payload, held: readonly number[]): void {
    const record = this.registry.own(actorId)
    if (record === undefined || record.state !== 'DEPENDENCIES_UNREADY') {
      this.drop(held)
      return
    }
    record.payload = payload
    record.borrowed = held
    record.state = 'PENDING_CREATION'
    this.place(record)
  }

  /** Starts an actor's thread as soon as there is room for it. */
  private place(record: ActorRecord): void {
    const { head } = this
    // It may have ended while it waited.
    if (this.registry.get(record.actorId) !== record || head.closed) return
    const { options, shape } = record.spec
    const where = options.groupId === undefined ? undefined : { group: options.groupId, bundleIndex: options.bundleIndex }
    // One CPU to be placed, none while it runs, unless it asks for some.
    const demand = demandOf(shape.className, options, 0)
    const toPlace = options.numCpus === undefined && where === undefined ? demandOf(shape.className, { ...options, numCpus: 1 }, 0) : demand
    if (where !== undefined) head.meetGroup(where.group)
    const never = head.ledger.whyNever(demand, where) ?? head.ledger.whyNever(toPlace, where)
    if (never !== undefined) {
      const error = new ResourcesUnavailableError(`actor ${record.label} ${never}`)
      this.died(record, error.message, error, undefined)
      return
    }
    record.allocation = head.ledger.acquire(demand, where)
    if (record.allocation === undefined) {
      head.threads.placeLater(() => this.place(record), where === undefined ? demand : undefined)
      return
    }
    const host = head.spawnActor(record, roleOf(record, record.allocation.gpuIds))
    record.host = host
    const task = this.request(record, layout.CREATE_ACTOR, `new ${shape.className}`, record.payload!)
    task.restores = record.saved !== undefined
    task.ref.addWaiter({ settled: (ref) => this.constructed(record, host, ref) })
    const link = head.engine.link(host.wire)
    head.engine.sending.to(link, task)
    if (record.saved !== undefined) {
      const restore = this.request(record, layout.RESTORE, `${shape.className}.restoreState`, record.saved)
      restore.ref.addWaiter({ settled: (ref) => this.restored(record, host, ref) })
      head.engine.sending.to(link, restore)
    }
    for (const resolve of record.waiting.splice(0)) resolve(host)
  }

  private request(record: ActorRecord, kind: number, name: string, { bytes, attachments }: Payload): Task {
    const { definition, frames } = record.spec
    const task = new Task(
      kind,
      new ObjectRef(this.head.mint()),
      name,
      kind === layout.CREATE_ACTOR ? definition : undefined,
      definition.index,
      {
        frames: () => frames,
      },
    )
    task.payload = bytes
    // An actor may write into arrays that were copied for it, and must find them as they were when it is started again.
    task.attachments = record.mayRestart
      ? attachments.map((one) => (one.copied && one.once ? { ...one, object: copyOf(one.object) } : one))
      : attachments
    task.alone = true
    task.actorId = record.actorId
    task.parentId = record.spec.parentId
    task.createdMs = record.spec.createdMs
    task.tries = record.restarts
    return task
  }

  private constructed(record: ActorRecord, host: Host, ref: ObjectRef): void {
    if (record.host !== host) return
    if (ref.state === READY) {
      record.state = 'ALIVE'
      this.settleIn(record)
      if (!this.counts.held(record.actorId)) this.outOfScope(record.actorId)
      return
    }
    const error = ref.value instanceof GymnuraError && ref.value.code === 'ERR_TASK' ? ref.value.cause : ref.value
    host.exitType = 'USER_ERROR'
    this.unmade(record, error, 'constructor threw')
    host.terminate()
  }

  /** What it was made with is kept for as long as it may be made again. */
  private settleIn(record: ActorRecord): void {
    if (record.mayRestart) return
    const { borrowed } = record
    record.payload = undefined
    record.borrowed = []
    this.drop(borrowed)
  }

  private restored(record: ActorRecord, host: Host, ref: ObjectRef): void {
    if (record.host !== host || ref.state !== FAILED) return
    const error = ref.value instanceof GymnuraError && ref.value.code === 'ERR_TASK' ? ref.value.cause : ref.value
    this.fail(record, `could not be restored after it lost its thread: ${withCode(error)}`, error)
  }

  /** An argument of its constructor failed. */
  stillborn(actorId: number, cause: unknown, frames: string): void {
    const record = this.registry.own(actorId)
    if (record !== undefined) this.unmade(record, cause, 'an argument failed', frames)
  }

  private unmade(record: ActorRecord, cause: unknown, how: string, frames = record.spec.frames): void {
    const message = `actor ${record.label} could not be constructed: ${withCode(cause)}`
    this.died(record, message, cause, `ActorDiedError: ${message}\n${frames}\n  ${how}:\n${stackOf(cause)}`)
  }

  fail(record: ActorRecord, why: string, cause: unknown): void {
    const { host } = record
    this.died(record, `actor ${record.label} ${why}`, cause, undefined)
    host?.terminate()
  }

  /** Ends an actor for everyone. */
  private died(record: ActorRecord, message: string, cause: unknown, stack: string | undefined): void {
    const { head } = this
    const gone: ActorGone = { actorId: record.actorId, restarting: false, message, cause, stack }
    const held = [...record.borrowed, ...(record.saved?.held ?? [])]
    this.registry.remove(record, gone)
    if (record.spec.options.lifetime === 'detached') this.counts.remove(record.actorId, DETACHED)
    this.tellGone(record, gone)
    for (const resolve of record.waiting.splice(0)) resolve(gone)
    if (record.allocation !== undefined) head.ledger.release(record.allocation)
    record.allocation = undefined
    this.drop(held)
    this.counts.settle()
    head.released()
  }

  private tellGone(record: ActorRecord, gone: ActorGone): void {
    for (const actorId of [record.actorId, ...record.aliases]) {
      this.head.engine.calls.gone({ ...gone, actorId })
      const told = { ...gone, actorId, cause: safeCause(gone.cause) }
      for (const host of this.head.hosts.values()) if (host !== record.host) void host.control.actorGone(told)
    }
  }

  /** Lets go of ids that were counted in the main thread's name, some of them by reports that may lie unread. */
  private drop(held: readonly number[]): void {
    if (held.length === 0) return
    this.head.readReports()
    for (const id of held) this.counts.remove(id, MAIN)
    this.counts.settle()
  }

  /**
   * The record of an actor. A handle that a worker gives away may be used here before the worker's word that it has made the actor is
   * read, as they come on different ways: as long as that worker lives the word is waited for.
   */
  private async known(actorId: number): Promise<ActorRecord | undefined> {
    const creator = ownerOf(actorId)
    for (const end = performance.now() + WORD_MS; ; ) {
      const record = this.registry.get(actorId)
      if (record !== undefined || this.registry.hasDied(actorId)) return record
      if (!this.head.hosts.has(creator) || performance.now() > end) return undefined
      await new Promise((resolve) => setTimeout(resolve, WORD_LOOK_MS))
    }
  }

  /** The thread of an actor, once it lives; or how it died. */
  async find(actorId: number): Promise<Host | ActorGone> {
    const record = this.registry.get(actorId) ?? (await this.known(actorId))
    if (record === undefined) return this.registry.deathOf(actorId)
    if (record.host !== undefined) return record.host
    return new Promise((resolve) => record.waiting.push(resolve))
  }

  /** After each call of an actor with `saveState`. */
  saved(host: Host, state: Outcome): void {
    const record = this.registry.on(host)
    // It has died for good, and its last words come late.
    if (record === undefined) this.drop(state.held ?? [])
    else {
      const before = record.saved?.held ?? []
      record.saved = state
      this.drop(before)
    }
  }

  async kill(actorId: number, noRestart: boolean): Promise<void> {
    const record = this.registry.get(actorId) ?? (await this.known(actorId))
    if (record === undefined) return
    const { host } = record
    if (host !== undefined) host.exitType = 'INTENDED_USER_EXIT'
    if (noRestart || !record.mayRestart) this.died(record, `actor ${record.label} was ended by kill()`, undefined, undefined)
    else record.killed = host !== undefined
    await host?.close()
  }

  /** An actor's last handle is gone: it ends when what was asked of it is answered. */
  outOfScope(actorId: number): void {
    const record = this.registry.get(actorId)
    if (record === undefined || this.head.closed) return
    const why = 'ended: its last handle is gone'
    if (record.state === 'ALIVE') {
      record.ending = why
      if (record.host !== undefined) record.host.exitType = 'INTENDED_SYSTEM_EXIT'
      void record.host?.control.exit()
    } else if (record.host === undefined) this.died(record, `actor ${record.label} ${why}`, undefined, undefined)
    // Else it starts, and the end of that looks again.
  }

  /** It has called `exitActor`. */
  exiting(host: Host): void {
    const record = this.registry.on(host)
    if (record !== undefined) record.ending = 'ended itself by exitActor()'
  }

  /** An actor's thread is gone. */
  exited(host: Host, { how, cause }: Ending): void {
    const record = this.registry.on(host)
    if (record === undefined) return
    record.host = undefined
    const lost = `actor ${record.label} ${record.killed ? 'was ended by kill()' : `lost its thread (${how})`}`
    if (record.ending !== undefined) {
      this.died(record, `actor ${record.label} ${record.ending}`, undefined, undefined)
    } else if (record.mayRestart) {
      record.restarts++
      record.state = 'RESTARTING'
      record.killed = false
      if (record.allocation !== undefined) this.head.ledger.release(record.allocation)
      record.allocation = undefined
      const message = `${lost} while this call was under way, and is started again; the call may have had effects, so it is made again only as often as its maxTaskRetries allows`
      this.tellGone(record, { actorId: record.actorId, restarting: true, message, cause, stack: undefined })
      this.place(record)
    } else {
      const after =
        record.restarts === 0
          ? 'and is not started again; give it maxRestarts if it should be'
          : `after ${count(record.restarts, 'restart')}, as many as its maxRestarts allows`
      this.died(record, `${lost} ${after}`, cause, undefined)
    }
  }

  /** Why the actor of a thread that is gone is dead, if it is. */
  deathOn({ role }: Host): string | undefined {
    if (role.kind !== 'actor' || this.registry.own(role.actorId) !== undefined) return undefined
    return this.registry.deathOf(role.actorId).message
  }

  /** All that a thread had to say has been heard: what it had not finished making will never be. */
  creatorGone({ index, name }: Host): void {
    for (const record of [...this.registry.living()]) {
      if (record.creator === index && record.state === 'DEPENDENCIES_UNREADY')
        this.fail(record, `was never constructed: ${name}, which made it, ended before the constructor's arguments were there`, undefined)
    }
  }
}

function copyOf(object: Payload['attachments'][number]['object']) {
  return object instanceof SharedArrayBuffer ? sharedCopy(new Uint8Array(object)) : object
}

function roleOf(record: ActorRecord, gpuIds: readonly number[]): ActorRole {
  const { options, shape } = record.spec
  const groups = Object.values(options.concurrencyGroups ?? {}).map((group) =>
    typeof group === 'number'
      ? { maxConcurrency: group, methods: [] }
      : { maxConcurrency: group.maxConcurrency, methods: group.methods ?? [] },
  )
  return {
    kind: 'actor',
    actorId: record.actorId,
    maxConcurrency: options.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY,
    groups: groups.map(({ maxConcurrency }) => maxConcurrency),
    groupOfMethod: shape.methodNames.map((name) => groups.findIndex(({ methods }) => methods.includes(name)) + 1),
    gpuIds,
  }
}

/** An error that a port can carry. */
export function safeCause(cause: unknown): unknown {
  try {
    return structuredClone(cause)
  } catch {
    return new Error(describe(cause))
  }
}
