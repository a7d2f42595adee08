import type { Remote } from 'comlink'
import { errorClasses } from '../api/errors.js'
import { FAILED, ObjectRef } from '../api/object-ref.js'
import { idOf } from '../control/directory.js'
import type { ActorGone, ActorSpec, Connected, Headquarters, Payload, Settled, TaskSpec } from '../control/headquarters.js'
import type { Borrowed } from '../control/ref-book.js'
import type { Service } from '../control/service.js'
import type { LocalEngine } from '../engine/local.js'
import { plain } from '../engine/values.js'
import type { Wire } from './messages.js'

/** The main thread's services, as a worker's engine calls them. */
export class RemoteHeadquarters implements Headquarters {
  engine!: LocalEngine

  constructor(private readonly service: Remote<Service>) {}

  registerActor(actorId: number, spec: ActorSpec) {
    return { registered: asOurs(this.service.registerActor(actorId, spec)) }
  }

  startActor(actorId: number, payload: Payload, borrowed: readonly Borrowed[]): Promise<void> {
    // The main thread keeps them from now on: the actor may be started again.
    if (borrowed.length > 0) this.engine.book.transfer(borrowed, 0)
    const { bytes, attachments } = payload
    return this.service.startActor(actorId, { bytes, attachments: attachments.map(plain) }, borrowed.map(idOf))
  }

  stillborn(actorId: number, cause: unknown, frames: string): Promise<void> {
    const ref = new ObjectRef(0)
    ref.settle(FAILED, cause)
    return this.service.stillborn(actorId, this.engine.values.outcomeOf(ref, 0), frames)
  }

  connectActor(actorId: number): Promise<Wire | Connected | ActorGone> {
    return this.service.connectActor(actorId)
  }

  actorNamed(name: string, namespace: string) {
    return this.service.actorNamed(name, namespace)
  }

  kill(actorId: number, noRestart: boolean): Promise<void> {
    return this.service.kill(actorId, noRestart)
  }

  endThread(index: number): Promise<void> {
    return this.service.endThread(index)
  }

  async run(spec: TaskSpec): Promise<Settled> {
    const attachments = spec.payload.attachments.map(plain)
    const outcome = await asOurs(this.service.run({ ...spec, payload: { bytes: spec.payload.bytes, attachments } }))
    return this.engine.values.settled(outcome)
  }

  async nextOf(id: number): Promise<Settled | undefined> {
    const outcome = await asOurs(this.service.nextOf(id))
    return outcome === undefined ? undefined : this.engine.values.settled(outcome)
  }

  cancel(id: number, force: boolean, recursive: boolean): Promise<void> {
    return asOurs(this.service.cancel(id, force, recursive))
  }
}

/** An error of the runtime that came over a port has only its name left; it becomes what it was. */
export async function asOurs<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    const type = error instanceof Error ? errorClasses[error.name] : undefined
    if (type !== undefined) Object.setPrototypeOf(error, type.prototype)
    throw error
  }
}
