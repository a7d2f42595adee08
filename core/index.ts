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
export { ActorPool } from './api/actor-pool.js'
export {
  ActorDiedError,
  type ErrorCode,
  GetTimeoutError,
  GymnuraError,
  ObjectLostError,
  ObjectStoreFullError,
  QueueEmptyError,
  QueueFullError,
  ResourcesUnavailableError,
  SerializationError,
  TaskCancelledError,
  TaskError,
  TaskTimeoutError,
  WorkerCrashedError,
} from './api/errors.js'
export { init, shutdown } from './api/init.js'
export { cancel, exitActor, getActor, kill, resources, runtimeContext } from './api/lifecycle.js'
export { type Counter, type Gauge, type Histogram, type HistogramOptions, type MetricOptions, metrics } from './api/metrics.js'
export { ObjectRef } from './api/object-ref.js'
export { get, put, wait } from './api/objects.js'
export type { ActorOptions, InitOptions, MethodOptions, ResourceOptions, TaskOptions } from './api/options.js'
export { PlacementGroup, placementGroup } from './api/placement-group.js'
export { Pool, type PoolCallOptions, type PoolMapOptions } from './api/pool.js'
export { Queue } from './api/queue.js'
export { RefStream } from './api/ref-stream.js'
export { type RemoteFunction, type Returned, remote } from './api/remote.js'
export { type StateSummary, state } from './api/state.js'
export { timeline } from './api/timeline.js'
export { onWorkerLog, printWorkerLog, type WorkerLogLine } from './control/logs.js'
export type { Filter, Query, Rows } from './control/query.js'
export type { ActorRow, ObjectRow, TaskRow, WorkerRow } from './control/rows.js'
export type { TraceEvent } from './control/timeline.js'
export type { RuntimeContext } from './worker/context.js'
