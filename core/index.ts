/**
 * @module gymnura
 *
 * The task and actor runtime: Ray's words on worker threads.
 *
 * @example
 * import { actor, get, remote } from 'gymnura'
 *
 * const square = remote((x: number) => x * x)
 * console.log(await get([1, 2, 3].map((x) => square.remote(x))))   // [1, 4, 9]
 *
 * class Counter { n = 0; add(k: number) { return (this.n += k) } }
 * const counter = actor(Counter).remote()
 * console.log(await get(counter.add.remote(2)))   // 2
 */
export { actor, type RemoteClass } from './api/actor.js'
export type { ActorHandle, ActorMethod, AnyActorHandle, RemoteArgs } from './api/actor-handle.js'
export {
  ActorDiedError,
  type ErrorCode,
  GetTimeoutError,
  GymnuraError,
  ObjectLostError,
  ObjectStoreFullError,
  ResourcesUnavailableError,
  SerializationError,
  TaskCancelledError,
  TaskError,
  TaskTimeoutError,
  WorkerCrashedError,
} from './api/errors.js'
export { cancel, getActor, init, kill, runtimeContext, shutdown } from './api/lifecycle.js'
export { ObjectRef } from './api/object-ref.js'
export { get, put, wait } from './api/objects.js'
export type { ActorOptions, InitOptions, TaskOptions } from './api/options.js'
export { type RemoteFunction, remote } from './api/remote.js'
export type { RuntimeContext } from './worker/context.js'
