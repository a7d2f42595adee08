import { isGeneratorFunction } from 'node:util/types'
import { CallSites } from '../control/call-site.js'
import { register } from '../control/functions.js'
import { engine } from '../engine/current.js'
import type { ShippedFunction } from '../worker/messages.js'
import type { RemoteArgs } from './actor-handle.js'
import { invalid } from './errors.js'
import { remoteOnly } from './names.js'
import type { ObjectRef } from './object-ref.js'
import { checkOptions, checkResources, type TaskOptions } from './options.js'
import type { RefStream } from './ref-stream.js'

/** What `.remote()` gives, by the options: a ref, several, or a stream of them. A generator's is a stream unless they say otherwise. */
export type Returned<O, R> = O extends { numReturns: 'streaming' }
  ? RefStream<Yielded<R>>
  : O extends { numReturns: 0 }
    ? undefined
    : O extends { numReturns: infer N }
      ? N extends 1
        ? ObjectRef<Awaited<R>>
        : ObjectRef<Awaited<R> extends readonly (infer T)[] ? T : unknown>[]
      : IsGenerator<R> extends true
        ? RefStream<Yielded<R>>
        : ObjectRef<Awaited<R>>

type IsGenerator<R> = [R] extends [never] ? false : 0 extends 1 & R ? false : [R] extends [Generator | AsyncGenerator] ? true : false

type Yielded<R> = R extends AsyncIterable<infer T> | Iterable<infer T> ? T : Awaited<R> extends Iterable<infer U> ? U : unknown

/** A function that runs on a worker. */
export interface RemoteFunction<A extends readonly unknown[], R, O = object> {
  /**
   * Queues a run and returns at once. Refs among the arguments are resolved first; refs inside them stay refs.
   * Throws SerializationError for an argument that cannot travel; what goes wrong later is told by `get`.
   */
  readonly remote: (...args: RemoteArgs<A>) => Returned<O, R>
  /** The same function with some options changed. */
  options<const P extends Omit<TaskOptions, 'module'>>(options: P): RemoteFunction<A, R, Omit<O, keyof P> & P>
}

function make<A extends readonly unknown[], R, O>(definition: ShippedFunction, settings: TaskOptions): RemoteFunction<A, R, O> {
  const sites = new CallSites()
  const remote = (...args: RemoteArgs<A>) =>
    engine().submit(definition, args as unknown as unknown[], settings, sites.next(remote)) as Returned<O, R>
  const options = <const P extends Omit<TaskOptions, 'module'>>(changed: P): RemoteFunction<A, R, Omit<O, keyof P> & P> => {
    checkOptions('task', `${definition.name}.options`, changed)
    if ('module' in changed) throw invalid(`${definition.name}.options: 'module' belongs to remote(), where the function is defined`)
    const all = { ...settings, ...changed }
    checkResources(`${definition.name}.options`, all)
    return make(definition, all)
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
 *
 * A generator function's run is a stream of refs, one for each value as it is made (Ray: num_returns="streaming").
 */
export function remote<A extends unknown[], R, const O extends TaskOptions = object>(
  fn: (...args: A) => R,
  options: O = {} as O,
): RemoteFunction<A, R, O> {
  if (typeof fn !== 'function') throw invalid(`remote: expects a function, not ${fn === null ? 'null' : typeof fn}`)
  if (Object.hasOwn(fn, 'remote')) throw invalid('remote: the function is remote already')
  checkOptions('task', 'remote', options)
  checkResources('remote', options)
  if (/^class\b/.test(fn.toString())) throw invalid(`remote: ${fn.name || 'this'} is a class; use actor()`)
  const settings: TaskOptions = isGeneratorFunction(fn) ? { numReturns: 'streaming', ...options } : options
  return make(register('remote', fn, options.module, []), settings)
}
