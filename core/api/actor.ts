import { CallSites } from '../control/call-site.js'
import { register } from '../control/functions.js'
import { engine } from '../engine/current.js'
import type { ShippedFunction } from '../worker/messages.js'
import type { ActorHandle, RemoteArgs } from './actor-handle.js'
import { invalid } from './errors.js'
import { remoteOnly } from './names.js'
import { type ActorOptions, checkOptions } from './options.js'

type Class = new (...args: never[]) => object

/** A class whose instances live on threads of their own. */
export interface RemoteClass<C extends Class> {
  /** Starts an actor and returns its handle at once. If the constructor throws, `get` of any call tells, as ActorDiedError. */
  readonly remote: (...args: RemoteArgs<ConstructorParameters<C>>) => ActorHandle<InstanceType<C>>
  /** The same class with some options changed. */
  options(options: Omit<ActorOptions, 'module'>): RemoteClass<C>
}

function make<C extends Class>(definition: ShippedFunction, settings: ActorOptions): RemoteClass<C> {
  const sites = new CallSites()
  const remote = (...args: RemoteArgs<ConstructorParameters<C>>) =>
    engine().createActor(definition, args as unknown as unknown[], settings, sites.next(remote)) as ActorHandle<InstanceType<C>>
  const options = (changed: Omit<ActorOptions, 'module'>): RemoteClass<C> => {
    checkOptions('actor', `${definition.name}.options`, changed)
    if ('module' in changed) throw invalid(`${definition.name}.options: 'module' belongs to actor(), where the class is defined`)
    return make(definition, { ...settings, ...changed })
  }
  return remoteOnly(definition.name, { remote, options })
}

/**
 * Makes a class an actor: each instance has a thread, keeps its state there, and runs its calls in the order they were made.
 * What `remote` says of functions holds for classes.
 *
 *     class Counter { n = 0; add(k: number) { return (this.n += k) } }
 *     const c = actor(Counter).remote()
 *     await get(c.add.remote(2))   // 2
 */
export function actor<C extends Class>(type: C, options: ActorOptions = {}): RemoteClass<C> {
  if (typeof type !== 'function' || !/^class\b/.test(type.toString()))
    throw invalid(`actor: expects a class, not ${type === null ? 'null' : typeof type}`)
  checkOptions('actor', 'actor', options)
  const methods = methodsOf(type)
  if (methods.includes('then'))
    throw invalid(`actor: ${type.name} has a method 'then', which would make its handle look like a promise; rename it`)
  return make(register('actor', type, options.module, methods), options)
}

/** Names that the handle itself has. */
const taken = ['actorId', 'caller', 'shape']

function methodsOf(type: Class): string[] {
  const names = new Set<string>()
  for (let prototype = type.prototype; prototype !== null && prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value !== 'function' || name === 'constructor') continue
      if (taken.includes(name)) throw invalid(`actor: ${type.name} has a method '${name}', which every handle has already; rename it`)
      names.add(name)
    }
  }
  return [...names]
}
