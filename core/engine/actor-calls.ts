import type { ActorShape, AnyActorHandle } from '../api/actor-handle.js'
import { FAILED, ObjectRef } from '../api/object-ref.js'
import type { ActorOptions } from '../api/options.js'
import type { SubmitSite } from '../control/call-site.js'
import type { ActorGone } from '../control/headquarters.js'
import { ActorClient } from '../scheduler/actors.js'
import { actorDied, diedUnder, mayRetry } from '../scheduler/outcomes.js'
import { Task } from '../scheduler/task.js'
import type { Encoder } from '../store/encoder.js'
import { CREATE_ACTOR } from '../worker/layout.js'
import type { Link } from '../worker/link.js'
import type { ShippedFunction } from '../worker/messages.js'
import type { Arguments } from './arguments.js'
import { placed } from './entrusted.js'
import type { LocalEngine } from './local.js'
import type { ThreadTools } from './thread-tools.js'

/** The actors that one thread calls: how it makes them, connects to them, sends them calls in order, and hears of their ends. */
export class ActorCalls {
  private readonly clients = new Map<number, ActorClient>()
  /** Actors whose rings had no room for what waits. */
  private readonly blocked = new Set<ActorClient>()

  constructor(
    private readonly engine: LocalEngine,
    private readonly args: Arguments,
    private readonly relay: Encoder,
    private readonly tools: ThreadTools,
  ) {}

  all(): Iterable<ActorClient> {
    return this.clients.values()
  }

  create(definition: ShippedFunction, args: unknown[], options: ActorOptions, site: SubmitSite): AnyActorHandle {
    const { headquarters, mint } = this.tools
    const shape = shapeOf(definition, options)
    const task = new Task(CREATE_ACTOR, new ObjectRef(mint()), `new ${definition.name}`, definition, definition.index, site)
    task.leaves = this.tools.entrusts || shape.apart
    // Arguments that cannot travel are refused before anything is started for them.
    const encoder = this.args.encode(task, args)
    try {
      task.actorId = mint()
      const parent = this.tools.current()
      task.parentId = parent?.taskId ?? 0
      task.createdMs = this.engine.log.now(parent)
      const { parentId, createdMs } = task
      const spec = { definition, options: placed(options), shape, frames: site.frames(), parentId, createdMs }
      const { existing, registered } = headquarters.registerActor(task.actorId, spec)
      if (existing !== undefined) {
        this.engine.book.unshare(task.borrowed)
        return this.engine.book.handle(existing.actorId, existing.shape, false)
      }
      const handle = this.engine.book.handle(task.actorId, shape, false)
      this.engine.book.report()
      const actor = this.client(handle)
      registered?.catch((error: unknown) => this.gone(goneBy(task.actorId, error)))
      task.payload = encoder.copy()
      task.handle = handle
      if (task.missing > 0) actor.waiting.push(task)
      else this.start(actor, task)
      return handle
    } catch (error) {
      this.engine.book.unshare(task.borrowed)
      throw error
    } finally {
      encoder.done()
    }
  }

  private start(actor: ActorClient, task: Task): void {
    this.args.complete(task)
    const { sending } = this.engine
    if (task.failure === undefined && !sending.bringAll(task) && task.failure === undefined) {
      sending.onceArrived(() => this.start(actor, task))
      return
    }
    const { headquarters } = this.tools
    if (task.failure !== undefined) {
      void headquarters.stillborn(actor.actorId, task.failure, task.site.frames())
      this.engine.book.unshare(task.borrowed)
    } else
      headquarters
        .startActor(actor.actorId, { bytes: task.payload!, attachments: task.attachments }, task.borrowed)
        .catch((error: unknown) => this.gone(goneBy(actor.actorId, error)))
    task.ref.settle(FAILED, undefined)
  }

  /** An actor as this thread calls it. */
  private client(handle: AnyActorHandle): ActorClient {
    let actor = this.clients.get(handle.actorId)
    if (actor === undefined) {
      actor = new ActorClient(handle.actorId, handle.shape.className)
      this.clients.set(handle.actorId, actor)
    }
    return actor
  }

  /** Sends a call whose arguments are in `encoder`, behind this thread's earlier ones. */
  send(task: Task, encoder: Encoder): void {
    const actor = this.client(task.handle!)
    const ready = actor.waiting.length === 0 && task.missing === 0 && task.failure === undefined
    if (ready && (task.attachments.length === 0 || this.engine.sending.bringAll(task)) && actor.link?.send(task, encoder)) {
      if (task.keeps) task.payload = encoder.copy()
      this.engine.pump.expect(actor.link)
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
        // It was killed meanwhile, and its thread may not be gone yet.
        if (actor.death !== undefined) return
        if ('message' in found) {
          this.gone(found)
          return
        }
        const link =
          'connected' in found
            ? this.engine.links.get(found.connected)
            : this.engine.lost.has(found.index)
              ? undefined
              : this.engine.link(found)
        // That thread is gone meanwhile: there will be another, or word of the actor's end.
        if (link === undefined) this.connect(actor)
        else {
          actor.link = link
          this.flush(actor)
        }
      },
      (error: unknown) => this.gone(goneBy(actor.actorId, error)),
    )
  }

  private flush(actor: ActorClient): void {
    const first = actor.waiting.peek()
    if (first?.kind === CREATE_ACTOR) {
      if (first.missing > 0) return
      actor.waiting.shift()
      this.start(actor, first)
    }
    const full = actor.flush(
      this.relay,
      (task) => this.args.complete(task),
      (link) => this.engine.pump.expect(link),
      (task, error) => this.engine.outcomes.fail(task, error),
    )
    if (full) this.blocked.add(actor)
  }

  /** What this call waited for is there. */
  settled(task: Task): void {
    const actor = this.clients.get(task.actorId)
    if (actor !== undefined) this.flush(actor)
  }

  /** Makes a call again. */
  again(task: Task): void {
    const actor = this.clients.get(task.actorId)
    if (actor === undefined) return
    actor.waiting.push(task)
    this.flush(actor)
  }

  /** There may be room now. */
  refill(): void {
    if (this.blocked.size === 0) return
    const blocked = [...this.blocked]
    this.blocked.clear()
    for (const actor of blocked) this.flush(actor)
  }

  /** Takes a call back that was not sent. */
  revoke(task: Task): boolean {
    const actor = this.clients.get(task.actorId)
    if (!actor?.waiting.remove(task)) return false
    // It may have held up the others.
    this.flush(actor)
    return true
  }

  /** An actor has died, or is started again. */
  gone({ actorId, restarting, message, cause, stack }: ActorGone): void {
    const actor = this.clients.get(actorId)
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
          if (begun) this.engine.log.again(task, link.index, undefined, death)
          task.stream?.rewind()
          again.push(task)
        } else failed.push(task)
      }
      actor.waiting.unshift(again)
      actor.link = undefined
      this.engine.links.delete(link.index)
      this.engine.pump.remove(link)
      link.close()
    }
    if (!restarting) {
      actor.death = death
      for (const task of actor.waiting.clear()) {
        if (task.kind === CREATE_ACTOR) this.engine.book.unshare(task.borrowed)
        else failed.push(task)
      }
    } else this.connect(actor)
    for (const task of failed)
      this.engine.outcomes.fail(task, task.cancelled ? this.engine.outcomes.cancelled(task) : diedUnder(task, death))
    this.engine.pump.look()
  }

  isDead(actorId: number): boolean {
    return this.clients.get(actorId)?.death !== undefined
  }

  /** A thread is gone. An actor may have been connected after the word of that had come by another way. */
  linkGone(link: Link, how: string, cause: unknown): void {
    for (const actor of this.clients.values()) {
      if (actor.link === link) this.gone({ ...goneBy(actor.actorId, cause), restarting: true, message: `${link.name} died (${how})` })
    }
  }

  /** This thread's last handle is gone. */
  forget(actorId: number): void {
    this.clients.delete(actorId)
  }

  /** Takes out all calls that were not sent. */
  clear(): Task[] {
    return [...this.clients.values()].flatMap((actor) => actor.waiting.clear())
  }
}

function goneBy(actorId: number, cause: unknown): ActorGone {
  return { actorId, restarting: false, message: cause instanceof Error ? cause.message : String(cause), cause, stack: undefined }
}

function shapeOf(definition: ShippedFunction, options: ActorOptions): ActorShape {
  return {
    className: definition.name,
    methodNames: definition.methods,
    generatorNames: definition.generators,
    groupNames: Object.keys(options.concurrencyGroups ?? {}),
    maxTaskRetries: options.maxTaskRetries ?? 0,
    apart: options.runtime === 'process',
  }
}
