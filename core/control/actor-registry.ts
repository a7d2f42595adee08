import type { ActorShape } from '../api/actor-handle.js'
import { invalid } from '../api/errors.js'
import { hexId } from '../api/object-ref.js'
import type { Allocation } from '../scheduler/capacity.js'
import type { Host } from '../worker/host.js'
import type { ActorGone, ActorSpec, HandleData, Outcome, Payload } from './headquarters.js'
import type { ActorState } from './rows.js'

/** So many deaths are remembered; of older ones only the fact. */
const MAX_DEATHS = 1000

/** An actor, as the main thread keeps it. */
export class ActorRecord {
  state: ActorState = 'DEPENDENCIES_UNREADY'
  host: Host | undefined = undefined
  /** What it was constructed with, for when it is started again. */
  payload: Payload | undefined = undefined
  borrowed: readonly number[] = []
  allocation: Allocation | undefined = undefined
  restarts = 0
  saved: Outcome | undefined = undefined
  /** `kill` has ended its thread, and it may be started again. */
  killed = false
  /** Ids that workers gave to what turned out to be this actor. */
  readonly aliases: number[] = []
  /** It was told to end, and why. */
  ending: string | undefined = undefined
  readonly waiting: ((found: Host | ActorGone) => void)[] = []

  constructor(
    readonly actorId: number,
    readonly spec: ActorSpec,
    readonly namespace: string,
    /** The thread that made it. */
    readonly creator: number,
  ) {}

  get label(): string {
    const { name } = this.spec.options
    return name === undefined ? this.spec.shape.className : `${this.spec.shape.className} '${name}'`
  }

  get handle(): HandleData {
    return { actorId: this.actorId, shape: this.spec.shape }
  }

  get mayRestart(): boolean {
    const { maxRestarts = 0 } = this.spec.options
    return maxRestarts === -1 || this.restarts < maxRestarts
  }
}

/** All actors, by id and by name. */
export class ActorRegistry {
  private readonly byId = new Map<number, ActorRecord>()
  private readonly byName = new Map<string, ActorRecord>()
  /** Why the dead ones died, for calls on their handles. */
  private readonly deaths = new Map<number, ActorGone>()
  private readonly dead: ActorRecord[] = []
  /** Ids that were minted for an actor which existed already. */
  private readonly aliases = new Map<number, number>()

  /** Throws if the name is taken; with `getIfExists` gives the living one, if it is of the same class. */
  register(actorId: number, spec: ActorSpec, namespace: string, creator: number): { record: ActorRecord; existing: boolean } {
    const { name, getIfExists } = spec.options
    const taken = name === undefined ? undefined : this.byName.get(key(namespace, name))
    if (taken !== undefined && !getIfExists)
      throw invalid(`an actor named '${name}' is alive; kill it first, give getIfExists, or use getActor('${name}')`)
    if (taken !== undefined && !sameShape(taken.spec.shape, spec.shape)) {
      const { className } = taken.spec.shape
      throw invalid(`the living actor named '${name}' is of another class (${className}); use getActor('${name}'), or another name`)
    }
    if (taken !== undefined) {
      this.aliases.set(actorId, taken.actorId)
      taken.aliases.push(actorId)
      return { record: taken, existing: true }
    }
    const record = new ActorRecord(actorId, spec, namespace, creator)
    this.byId.set(actorId, record)
    if (name !== undefined) this.byName.set(key(namespace, name), record)
    return { record, existing: false }
  }

  get(actorId: number): ActorRecord | undefined {
    return this.byId.get(this.aliases.get(actorId) ?? actorId)
  }

  /** Only by the id that it was made with. */
  own(actorId: number): ActorRecord | undefined {
    return this.byId.get(actorId)
  }

  named(namespace: string, name: string): ActorRecord | undefined {
    return this.byName.get(key(namespace, name))
  }

  on(host: Host): ActorRecord | undefined {
    const record = host.role.kind === 'actor' ? this.byId.get(host.role.actorId) : undefined
    return record?.host === host ? record : undefined
  }

  remove(record: ActorRecord, gone: ActorGone): void {
    record.state = 'DEAD'
    this.byId.delete(record.actorId)
    // Those who have such a handle are told by its id.
    for (const alias of record.aliases) this.aliases.delete(alias)
    const { name } = record.spec.options
    if (name !== undefined) this.byName.delete(key(record.namespace, name))
    record.payload = undefined
    record.saved = undefined
    record.host = undefined
    this.dead.push(record)
    if (this.dead.length > MAX_DEATHS) this.dead.shift()
    for (const actorId of [record.actorId, ...record.aliases]) this.refuse(actorId, gone)
  }

  /** There is no such actor, and why. */
  refuse(actorId: number, gone: ActorGone): void {
    this.deaths.set(actorId, gone)
    if (this.deaths.size <= MAX_DEATHS) return
    for (const oldest of this.deaths.keys()) {
      this.deaths.delete(oldest)
      return
    }
  }

  hasDied(actorId: number): boolean {
    return this.deaths.has(actorId)
  }

  deathOf(actorId: number): ActorGone {
    const message = `no living actor has the id ${hexId(actorId)}: it ended, or its runtime was shut down; make another`
    return { ...(this.deaths.get(actorId) ?? { restarting: false, message, cause: undefined, stack: undefined }), actorId }
  }

  /** The living, then those whose deaths are remembered with why. */
  *rows(): Iterable<{ record: ActorRecord; death: ActorGone | undefined }> {
    for (const record of this.dead) yield { record, death: this.deaths.get(record.actorId) }
    for (const record of this.byId.values()) yield { record, death: undefined }
  }

  living(): Iterable<ActorRecord> {
    return this.byId.values()
  }
}

function sameShape(a: ActorShape, b: ActorShape): boolean {
  return a.className === b.className && a.methodNames.join() === b.methodNames.join() && a.groupNames.join() === b.groupNames.join()
}

function key(namespace: string, name: string): string {
  return JSON.stringify([namespace, name])
}
