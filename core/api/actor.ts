import { CallSites } from '../control/call-site.js'
import { register } from '../control/functions.js'
import { engine } from '../engine/current.js'
import type { ShippedFunction } from '../worker/messages.js'
import type { ActorHandle, RemoteArgs } from './actor-handle.js'
import { invalid } from './errors.js'
import { type ActorOptions, checkOptions } from './options.js'

type Class = new (...args: never[]) => object

/** A class whose instances live on threads of their own. */
export class RemoteClass<C extends Class> {
  private readonly sites = new CallSites()

  /** @internal */
  constructor(
    private readonly definition: ShippedFunction,
    private readonly settings: ActorOptions,
  ) {}

  /** Starts an actor and returns its handle at once. If the constructor throws, `get` of any call tells, as ActorDiedError. */
  readonly remote = (...args: RemoteArgs<ConstructorParameters<C>>): ActorHandle<InstanceType<C>> =>
    engine().createActor(this.definition, args as unknown as unknown[], this.settings, this.sites.next(this.remote)) as ActorHandle<
      InstanceType<C>
    >

  /** The same class with some options changed. */
  options(options: Omit<ActorOptions, 'module'>): RemoteClass<C> {
    checkOptions('actor', `${this.definition.name}.options`, options)
    if ('module' in options) throw invalid(`${this.definition.name}.options: 'module' belongs to actor(), where the class is defined`)
    return new RemoteClass(this.definition, { ...this.settings, ...options })
  }
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
  return new RemoteClass(register('actor', type, options.module, methods), options)
}

/** Names that the handle itself has. */
const taken = ['actorId', 'className', 'methodNames']

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
