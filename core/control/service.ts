import { transfer } from 'comlink'
import { FAILED, ObjectRef, READY } from '../api/object-ref.js'
import { RefStream } from '../api/ref-stream.js'
import { adopt as adoptMemory } from '../store/handles.js'
import { Host } from '../worker/host.js'
import type { Wire } from '../worker/messages.js'
import { safeCause } from './actors.js'
import { adopt } from './functions.js'
import type { Head } from './head.js'
import type { ActorGone, ActorSpec, Connected, HandleData, Outcome, Payload, TaskSpec } from './headquarters.js'
import type { Query } from './query.js'
import type { RowKind, RowKinds, TaskCount } from './rows.js'
import type { Part } from './survey.js'

/** What the main thread does for one worker, called through comlink. */
export class Service {
  private readonly streams = new Map<number, RefStream>()

  constructor(
    private readonly head: Head,
    private readonly thread: number,
  ) {}

  /** Connections to all workers for tasks, who take from this queue from now on. */
  connectPool(queue: SharedArrayBuffer): Wire[] {
    const { head } = this
    const client = head.hosts.get(this.thread)
    if (client === undefined) return []
    client.queue = queue
    const wires = head.threads.hosts.filter((host) => host !== client).map((host) => head.wire(client, host))
    return transfer(
      wires,
      wires.map(({ port }) => port),
    )
  }

  async registerActor(actorId: number, spec: ActorSpec): Promise<HandleData | undefined> {
    const { actors } = this.head
    try {
      return actors.register(actorId, spec, this.thread)
    } catch (error) {
      // The handle is there already, and may be others' by now.
      const message = error instanceof Error ? error.message : String(error)
      actors.registry.refuse(actorId, { actorId, restarting: false, message, cause: undefined, stack: undefined })
      throw error
    }
  }

  startActor(actorId: number, payload: Payload, held: readonly number[]): void {
    this.head.actors.construct(actorId, adopted(payload), held)
  }

  stillborn(actorId: number, outcome: Outcome, frames: string): Promise<void> {
    return this.head.stillborn(actorId, this.head.engine.values.settled(outcome).value, frames)
  }

  async connectActor(actorId: number): Promise<Wire | Connected | ActorGone> {
    const { head } = this
    const found = await head.actors.find(actorId)
    const client = head.hosts.get(this.thread)
    if (!(found instanceof Host)) return { ...found, cause: safeCause(found.cause) }
    if (client === undefined) throw new Error('the thread is gone')
    if (client.asClient.has(found.index)) return { connected: found.index }
    return head.carried(head.wire(client, found))
  }

  /** The handle is counted in the caller's name. */
  async actorNamed(name: string, namespace: string): Promise<HandleData | undefined> {
    const found = await this.head.actorNamed(name, namespace)
    if (found !== undefined) this.head.directory.counts.add(found.actorId, this.thread)
    return found
  }

  kill(actorId: number, noRestart: boolean): Promise<void> {
    return this.head.kill(actorId, noRestart)
  }

  endThread(index: number): Promise<void> {
    return this.head.endThread(index)
  }

  async run(spec: TaskSpec): Promise<Outcome> {
    const stream = spec.streaming ? this.streamOf(spec.id) : undefined
    // Each thread numbers its functions by itself.
    const { failed, value } = await this.head.run(
      { ...spec, definition: adopt(spec.definition), payload: adopted(spec.payload) },
      undefined,
      stream,
    )
    const ref = new ObjectRef(spec.id)
    ref.settle(failed ? FAILED : READY, value)
    return this.head.engine.values.outcomeOf(ref, this.thread)
  }

  private streamOf(id: number): RefStream {
    const stream = new RefStream({
      mint: () => new ObjectRef(0),
      read: (count) => {
        this.head.dedicated.credit(id, count)
        this.head.onBehalf.credit(id, count)
      },
      wait: () => {},
      stop: () => {},
    })
    this.streams.set(id, stream)
    return stream
  }

  /** The next value of a streaming task; undefined behind the last. */
  async nextOf(id: number): Promise<Outcome | undefined> {
    const next = await this.streams.get(id)?.next()
    if (next !== undefined && !next.done) return this.head.engine.values.outcomeOf(next.value, this.thread)
    this.streams.delete(id)
    return undefined
  }

  cancel(id: number, force: boolean, recursive: boolean): Promise<void> {
    return this.head.cancel(id, force, recursive)
  }

  fetch(id: number): Promise<Outcome> {
    return this.head.fetch(id, this.thread)
  }

  groupReady(id: number): Promise<void> {
    return this.head.groupReady(id)
  }

  removeGroup(id: number): void {
    this.head.removeGroup(id)
  }

  resources() {
    return this.head.resources()
  }

  /** The query is of rows of that kind: a remote call keeps no type parameters. */
  stateRows(kind: RowKind, query: Query<RowKinds[RowKind]> | undefined): Promise<Part<RowKinds[RowKind]>> {
    return this.head.survey.part(kind, query)
  }

  stateCounts(): Promise<TaskCount[]> {
    return this.head.survey.counts()
  }
}

function adopted({ bytes, attachments }: Payload): Payload {
  return { bytes, attachments: attachments.map(adoptMemory) }
}
