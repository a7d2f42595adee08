import type { AnyActorHandle } from '../api/actor-handle.js'
import type { ObjectRef } from '../api/object-ref.js'
import type { ActorOptions, TaskOptions } from '../api/options.js'
import type { PlacementGroups } from '../api/placement-group.js'
import type { RefStream } from '../api/ref-stream.js'
import type { StateSource } from '../api/state.js'
import type { SubmitSite } from '../control/call-site.js'
import type { OpenTask, RuntimeContext } from '../worker/context.js'
import type { ShippedFunction } from '../worker/messages.js'

/**
 * The one seam of the runtime. Everything that a user calls goes through the engine of the thread it is called in: on one
 * machine a `LocalEngine` in each thread; a cluster is another kind.
 *
 * Submitting is synchronous and returns refs; the engine settles them. `get` and `wait` are written on refs alone and
 * only tell the engine that somebody waits.
 */
export interface Engine {
  submit(
    definition: ShippedFunction,
    args: unknown[],
    options: TaskOptions,
    site: SubmitSite,
  ): ObjectRef | ObjectRef[] | RefStream | undefined
  createActor(definition: ShippedFunction, args: unknown[], options: ActorOptions, site: SubmitSite): AnyActorHandle
  put(value: unknown): ObjectRef
  /** Looks for results now, without waiting. */
  poll(): void
  /** Somebody waits for a ref: the process stays alive, results are looked for eagerly, and a task's CPU is others', until `release`. Returns who waits. */
  hold(): OpenTask | undefined
  release(waiter: OpenTask | undefined): void
  cancel(ref: ObjectRef, force: boolean, recursive: boolean): Promise<void>
  kill(handle: AnyActorHandle, noRestart: boolean): Promise<void>
  actorNamed(name: string, namespace: string | undefined): Promise<AnyActorHandle | undefined>
  exitActor(): never
  context(): RuntimeContext
  readonly placementGroups: PlacementGroups
  resources(): Promise<{ total: Record<string, number>; available: Record<string, number> }>
  readonly state: StateSource
  /** Resolves once all workers take tasks. */
  ready(): Promise<void>
  shutdown(): Promise<void>
}
