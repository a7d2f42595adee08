import { engine, engineIfAny } from '../engine/current.js'
import { onDriver, type RuntimeContext } from '../worker/context.js'
import { type ActorHandle, AnyActorHandle } from './actor-handle.js'
import { invalid, shutDown } from './errors.js'
import { ObjectRef } from './object-ref.js'
import { checkOptions } from './options.js'
import { RefStream } from './ref-stream.js'

/**
 * Cancels a task, named by any of its refs, from any thread. One that waits is taken out, and `get` throws TaskCancelledError.
 * One that runs has its `runtimeContext().signal` fired and fails as cancelled if it throws then; `force` ends its thread instead,
 * and this resolves when it is gone. Of a stream the next ref fails so. A cancelled task is not run again; nothing happens to one
 * that is over. `recursive` (default true): what it has started, and starts from then on, is cancelled too: tasks and calls of
 * actors. `force` is for tasks; for a call of an actor it throws GymnuraError, and its children's calls are cancelled without it.
 */
export async function cancel<T>(ref: ObjectRef<T> | RefStream<T>, options: { force?: boolean; recursive?: boolean } = {}): Promise<void> {
  if (!(ref instanceof ObjectRef || ref instanceof RefStream))
    throw invalid(`cancel: expects an ObjectRef or a stream of them, not ${typeof ref}`)
  checkOptions('cancel', 'cancel', options)
  if (ref instanceof RefStream) await ref.cancel(options.force ?? false, options.recursive ?? true)
  else await engineIfAny()?.cancel(ref, options.force ?? false, options.recursive ?? true)
}

/**
 * Ends an actor's thread at once, whatever it is doing, and resolves when it is gone. Its open and later calls fail with
 * ActorDiedError. With `noRestart: false` it is as if the thread had died by itself: `maxRestarts` and `maxTaskRetries` hold.
 * Nothing happens to an actor that is dead already. After `shutdown` it throws ERR_SHUTDOWN.
 */
export async function kill(handle: AnyActorHandle, options: { noRestart?: boolean } = {}): Promise<void> {
  if (!(handle instanceof AnyActorHandle)) throw invalid(`kill: expects an actor's handle, not ${typeof handle}`)
  checkOptions('kill', 'kill', options)
  const running = engineIfAny()
  if (running === undefined) throw shutDown()
  await running.kill(handle, options.noRestart ?? true)
}

/**
 * A handle of the living actor of that name, in this runtime's namespace or the one given; it keeps the actor alive as any
 * other does. Throws GymnuraError where there is none.
 */
export async function getActor<T = Record<string, (...args: unknown[]) => unknown>>(
  name: string,
  options: { namespace?: string } = {},
): Promise<ActorHandle<T>> {
  if (typeof name !== 'string' || name === '')
    throw invalid(`getActor: expects a name, the one given as actor(…, { name }), not ${typeof name}`)
  checkOptions('getActor', 'getActor', options)
  const found = await engine().actorNamed(name, options.namespace)
  if (found === undefined)
    throw invalid(
      `getActor: no living actor is named '${name}'${options.namespace === undefined ? '' : ` in namespace '${options.namespace}'`}`,
    )
  return found as ActorHandle<T>
}

/**
 * Ends the actor in whose method, sync or async, it is called. The call itself fails with ActorDiedError. Calls that have begun
 * are answered first; those that have not fail with ActorDiedError too. The actor is not started again, whatever its
 * `maxRestarts`, and its name comes free. Never returns: it leaves the method by throwing, and catching that changes nothing.
 * Outside an actor it throws GymnuraError.
 */
export function exitActor(): never {
  return engine().exitActor()
}

/** What the runtime has, and what of it is free: `{ total: { numCpus, numGpus, … }, available: … }`. */
export async function resources(): Promise<{ total: Record<string, number>; available: Record<string, number> }> {
  return await engine().resources()
}

/** Who runs this code: ids of the task, actor and worker (undefined on the driver), and the signal that `cancel` fires. */
export function runtimeContext(): RuntimeContext {
  return engineIfAny()?.context() ?? onDriver
}
