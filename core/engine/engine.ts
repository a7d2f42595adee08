import type { AnyActorHandle } from '../api/actor-handle.js'
import type { ObjectRef } from '../api/object-ref.js'
import type { ActorOptions, TaskOptions } from '../api/options.js'
import type { SubmitSite } from '../control/call-site.js'
import type { RuntimeContext } from '../worker/context.js'
import type { ShippedFunction } from '../worker/messages.js'

/**
 * The one seam of the runtime. Everything that a user calls goes through the engine of the thread it is called in:
 * `LocalEngine` on the driver (worker threads of this machine), `NestedEngine` inside a worker; a cluster is a third.
 *
 * Submitting is synchronous and returns a ref; the engine settles the ref. `get` and `wait` are written on refs alone and
 * only tell the engine that somebody waits.
 */
export interface Engine {
  submit(definition: ShippedFunction, args: unknown[], options: TaskOptions, site: SubmitSite): ObjectRef
  createActor(definition: ShippedFunction, args: unknown[], options: ActorOptions, site: SubmitSite): AnyActorHandle
  put(value: unknown): ObjectRef
  /** Looks for results now, without waiting. */
  poll(): void
  /** Somebody waits for a ref: the process stays alive, and results are looked for eagerly, until `release`. */
  hold(): void
  release(): void
  cancel(ref: ObjectRef, force: boolean): void
  kill(handle: AnyActorHandle): Promise<void>
  actorNamed(name: string): AnyActorHandle | undefined
  context(): RuntimeContext
  /** Resolves once all workers take tasks. */
  ready(): Promise<void>
  shutdown(): Promise<void>
}
