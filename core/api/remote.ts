import { CallSites } from '../control/call-site.js'
import { register } from '../control/functions.js'
import { engine } from '../engine/current.js'
import type { ShippedFunction } from '../worker/messages.js'
import type { RemoteArgs } from './actor-handle.js'
import { invalid } from './errors.js'
import { remoteOnly } from './names.js'
import type { ObjectRef } from './object-ref.js'
import { checkOptions, type TaskOptions } from './options.js'

/** A function that runs on a worker. */
export interface RemoteFunction<A extends readonly unknown[], R> {
  /**
   * Queues a run and returns at once. Refs among the arguments are resolved first; refs inside them stay refs.
   * Throws SerializationError for an argument that cannot travel; what goes wrong later is told by `get`.
   */
  readonly remote: (...args: RemoteArgs<A>) => ObjectRef<Awaited<R>>
  /** The same function with some options changed. */
  options(options: Omit<TaskOptions, 'module'>): RemoteFunction<A, R>
}

function make<A extends readonly unknown[], R>(definition: ShippedFunction, settings: TaskOptions): RemoteFunction<A, R> {
  const sites = new CallSites()
  const remote = (...args: RemoteArgs<A>) =>
    engine().submit(definition, args as unknown as unknown[], settings, sites.next(remote)) as ObjectRef<Awaited<R>>
  const options = (changed: Omit<TaskOptions, 'module'>): RemoteFunction<A, R> => {
    checkOptions('task', `${definition.name}.options`, changed)
    if ('module' in changed) throw invalid(`${definition.name}.options: 'module' belongs to remote(), where the function is defined`)
    return make(definition, { ...settings, ...changed })
  }
  return remoteOnly(definition.name, { remote, options })
}

/**
 * Makes a function remote. It is shipped to workers as source, so it must be self-contained: a variable from outside is
 * refused here, by name. Inside it, `await import()` and `require` resolve as in the calling file. A function that needs
 * its module is exported from there and given `{ module: import.meta.url }`; the worker imports it by name.
 *
 *     const square = remote((x: number) => x * x)
 *     await get(square.remote(7))   // 49
 */
export function remote<A extends unknown[], R>(fn: (...args: A) => R, options: TaskOptions = {}): RemoteFunction<A, R> {
  if (typeof fn !== 'function') throw invalid(`remote: expects a function, not ${fn === null ? 'null' : typeof fn}`)
  if (Object.hasOwn(fn, 'remote')) throw invalid('remote: the function is remote already')
  checkOptions('task', 'remote', options)
  if (/^class\b/.test(fn.toString())) throw invalid(`remote: ${fn.name || 'this'} is a class; use actor()`)
  return make(register('remote', fn, options.module, []), options)
}
