import type { AnyActorHandle } from '../api/actor-handle.js'
import { ActorDiedError } from '../api/errors.js'
import type { ObjectRef } from '../api/object-ref.js'
import type { Encoder } from '../store/encoder.js'
import type { WorkerLink } from '../worker/link.js'
import { Fifo } from './fifo.js'
import type { Task } from './task.js'

/** An actor: its thread, and the calls that are not in its ring yet. Calls reach it in the order they were made. */
export class Actor {
  /** Calls behind one whose arguments are not there yet, or behind a full ring. */
  readonly waiting = new Fifo<Task>()
  /** Refs that were passed to it inside values: it may keep them as long as it lives. */
  readonly borrowed: ObjectRef[] = []

  constructor(
    readonly handle: AnyActorHandle,
    readonly link: WorkerLink,
    readonly name: string | undefined,
  ) {}

  get label(): string {
    return this.name === undefined ? this.handle.className : `${this.handle.className} '${this.name}'`
  }

  /** Sends what can be sent, in order. `complete` puts what a call waited for behind its arguments, or sets its failure. */
  flush(
    encoder: Encoder,
    complete: (task: Task) => void,
    sent: (link: WorkerLink) => void,
    failed: (task: Task, error: unknown) => void,
  ): void {
    for (let task = this.waiting.peek(); task !== undefined && task.missing === 0; task = this.waiting.peek()) {
      complete(task)
      if (task.failure !== undefined) {
        this.waiting.shift()
        failed(task, task.failure)
        continue
      }
      encoder.start()
      encoder.raw(task.payload!)
      if (!this.link.send(task, encoder)) return
      task.payload = undefined
      this.waiting.shift()
      sent(this.link)
    }
  }
}

/** So many deaths are remembered; of older ones only the fact. */
const MAX_DEATHS = 1000

/** The living actors, by id, by thread and by name. */
export class ActorTable {
  private readonly byId = new Map<number, Actor>()
  private readonly byLink = new Map<WorkerLink, Actor>()
  private readonly byName = new Map<string, Actor>()
  /** Why the dead ones died, for calls on their handles. */
  private readonly deaths = new Map<number, Error>()

  add(actor: Actor): void {
    this.byId.set(actor.handle.actorId, actor)
    this.byLink.set(actor.link, actor)
    if (actor.name !== undefined) this.byName.set(actor.name, actor)
  }

  remove(actor: Actor, death: Error): void {
    this.stillborn(actor.handle.actorId, death)
    this.byLink.delete(actor.link)
    this.byId.delete(actor.handle.actorId)
    if (actor.name !== undefined && this.byName.get(actor.name) === actor) this.byName.delete(actor.name)
  }

  /** An actor that never came to life. */
  stillborn(id: number, death: Error): void {
    this.deaths.set(id, death)
    if (this.deaths.size > MAX_DEATHS) for (const oldest of this.deaths.keys()) return void this.deaths.delete(oldest)
  }

  withId(id: number): Actor | undefined {
    return this.byId.get(id)
  }

  deathOf(id: number): Error {
    return this.deaths.get(id) ?? new ActorDiedError(`no living actor has the id ${id}: it ended, or its runtime was shut down`)
  }

  on(link: WorkerLink): Actor | undefined {
    return this.byLink.get(link)
  }

  named(name: string): Actor | undefined {
    return this.byName.get(name)
  }

  /** The living. One may die while they are gone through. */
  all(): Iterable<Actor> {
    return this.byId.values()
  }
}
