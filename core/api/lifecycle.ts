import { availableParallelism } from 'node:os'
import { engine, engineIfAny, setEngine, setEngineMaker, startEngine } from '../engine/current.js'
import { LocalEngine } from '../engine/local.js'
import { onDriver, type RuntimeContext } from '../worker/context.js'
import { insideWorker, NestedEngine } from '../worker/nested-engine.js'
import { type ActorHandle, AnyActorHandle } from './actor-handle.js'
import { GymnuraError, invalid } from './errors.js'
import { ObjectRef } from './object-ref.js'
import { checkOptions, type InitOptions } from './options.js'

setEngineMaker((options) => new LocalEngine(options, availableParallelism()))

/**
 * Starts the runtime and resolves once its workers take tasks. Optional: the first call that needs the runtime starts it
 * with the defaults. A second `init` throws, as in Ray, unless `ignoreReinitError`.
 */
export async function init(options: InitOptions = {}): Promise<void> {
  const running = engineIfAny()
  if (running instanceof NestedEngine) throw insideWorker('init')
  checkOptions('init', 'init', options)
  if (running !== undefined && !options.ignoreReinitError) {
    throw new GymnuraError(
      'ERR_INIT',
      'init: the runtime is running already (a first .remote() or put() starts it too); call shutdown() first, or give ignoreReinitError',
    )
  }
  await (running ?? startEngine(options)).ready()
}

/** Ends all workers. Pending calls fail; a later call starts the runtime anew. A program that ends by itself need not call it. */
export async function shutdown(): Promise<void> {
  const running = engineIfAny()
  if (running === undefined) return
  const closed = running.shutdown()
  setEngine(undefined)
  await closed
}

/**
 * Cancels a task: one that waits is taken out, and `get` throws TaskCancelledError. One that runs has its
 * `runtimeContext().signal` fired and fails as cancelled if it throws then; `force` ends its thread instead.
 * Nothing happens to a task that is over. `recursive` is for tasks that the task started; there are none in this version.
 */
export async function cancel(ref: ObjectRef, options: { force?: boolean; recursive?: boolean } = {}): Promise<void> {
  if (!(ref instanceof ObjectRef)) throw invalid(`cancel: expects an ObjectRef, not ${typeof ref}`)
  checkOptions('cancel', 'cancel', options)
  engine().cancel(ref, options.force ?? false)
}

/** Ends an actor's thread at once. Its open and later calls fail with ActorDiedError. */
export async function kill(handle: AnyActorHandle, options: { noRestart?: boolean } = {}): Promise<void> {
  if (!(handle instanceof AnyActorHandle)) throw invalid(`kill: expects an actor's handle, not ${typeof handle}`)
  checkOptions('kill', 'kill', options)
  await engine().kill(handle)
}

/** The living actor of that name. Throws where there is none. */
export async function getActor<T = Record<string, (...args: unknown[]) => unknown>>(name: string): Promise<ActorHandle<T>> {
  if (typeof name !== 'string' || name === '')
    throw invalid(`getActor: expects a name, the one given as actor(…, { name }), not ${typeof name}`)
  const found = engine().actorNamed(name)
  if (found === undefined) throw invalid(`getActor: no living actor is named '${name}'`)
  return found as ActorHandle<T>
}

/** Who runs this code: ids of the task, actor and worker (undefined on the driver), and the signal that `cancel` fires. */
export function runtimeContext(): RuntimeContext {
  return engineIfAny()?.context() ?? onDriver
}
