import { isGeneratorFunction } from 'node:util/types'
import { CallSites } from '../control/call-site.js'
import { register } from '../control/functions.js'
import { engine } from '../engine/current.js'
import type { ShippedFunction } from '../worker/messages.js'
import type { ActorHandle, RemoteArgs } from './actor-handle.js'
import { invalid } from './errors.js'
import { remoteOnly } from './names.js'
import { type ActorOptions, checkOptions, checkResources } from './options.js'

type Class = new (...args: never[]) => object

/** A class whose instances live on threads of their own. */
export interface RemoteClass<C extends Class> {
  /** Starts an actor and returns its handle at once. If the constructor throws, `get` of any call tells, as ActorDiedError. */
  readonly remote: (...args: RemoteArgs<ConstructorParameters<C>>) => ActorHandle<InstanceType<C>>
  /** The same class with some options changed. */
  options(options: Omit<ActorOptions, 'module'>): RemoteClass<C>
}

function make<C extends Class>(definition: ShippedFunction, settings: ActorOptions): RemoteClass<C> {
  checkGroups(definition, settings)
  const sites = new CallSites()
  const remote = (...args: RemoteArgs<ConstructorParameters<C>>) => {
    if (settings.getIfExists && settings.name === undefined)
      throw invalid(`${definition.name}: getIfExists needs a name to look for; give name too`)
    return engine().createActor(definition, args as unknown as unknown[], settings, sites.next(remote)) as ActorHandle<InstanceType<C>>
  }
  const options = (changed: Omit<ActorOptions, 'module'>): RemoteClass<C> => {
    checkOptions('actor', `${definition.name}.options`, changed)
    checkResources(`${definition.name}.options`, { ...settings, ...changed })
    if ('module' in changed) throw invalid(`${definition.name}.options: 'module' belongs to actor(), where the class is defined`)
    return make(definition, { ...settings, ...changed })
  }
  return remoteOnly(definition.name, { remote, options })
}

/** Groups name methods that there are, each in one group. */
function checkGroups({ name, methods }: ShippedFunction, { concurrencyGroups = {} }: ActorOptions): void {
  const groupOf = new Map<string, string>()
  for (const [group, members] of Object.entries(concurrencyGroups)) {
    for (const method of typeof members === 'number' ? [] : (members.methods ?? [])) {
      if (!methods.includes(method))
        throw invalid(
          `${name}: concurrency group '${group}' names '${method}', which is no method (it has ${methods.join(', ') || 'none'})`,
        )
      if (groupOf.has(method))
        throw invalid(`${name}: method '${method}' is in two concurrency groups, '${groupOf.get(method)}' and '${group}'; leave it in one`)
      groupOf.set(method, group)
    }
  }
}

/**
 * Makes a class an actor: each instance has a thread of its own and keeps its state there. What `remote` says of functions
 * holds for classes: they carry all that they use, or come from their `module`.
 *
 *     class Counter { n = 0; add(k: number) { return (this.n += k) } }
 *     const c = actor(Counter).remote()
 *     await get(c.add.remote(2))   // 2
 *
 * **Order.** The calls of one thread begin in the order in which they were made, also when an argument is a ref whose value is
 * still to come: the calls behind it wait. Between callers there is no order. With concurrency groups the order holds within a
 * group. Calls that are made again after a failure come after what has run meanwhile.
 *
 * **Concurrency.** Sync methods never overlap with anything. Async methods give others a turn wherever they await; as many may be
 * open as `maxConcurrency` says. An actor that waits for a call of itself, or for somebody who calls it back, needs room for one more.
 *
 * **Life.** An actor lives until its last handle is gone, in whatever thread, value or pending call (noticed when V8 collects it),
 * with or without a name; a detached one until `kill`, `exitActor` or the end of the runtime. The thread that made it may
 * end before.
 *
 * **Death.** When its thread dies the actor is started again as often as `maxRestarts` says, with the same arguments. Calls that
 * had not begun are always sent to the new one, in their order. A call that had begun may have had effects: it fails with
 * ActorDiedError (at most once), unless `maxTaskRetries` lets it run again (at least once). Without a restart left all calls fail.
 *
 * **State.** A class with `saveState(): State` and `restoreState(state: State)`, sync or async, is saved after each call and
 * before its caller hears of it, also when the call throws and before each value of a stream. The new actor is constructed
 * and then restored before it takes calls, so its state is never behind what any caller was told; it may be ahead of that,
 * by a call whose answer was lost. An error in `saveState` fails the call; one in `restoreState` ends the actor.
 */
export function actor<C extends Class>(type: C, options: ActorOptions = {}): RemoteClass<C> {
  if (typeof type !== 'function' || !/^class\b/.test(type.toString()))
    throw invalid(`actor: expects a class, not ${type === null ? 'null' : typeof type}`)
  checkOptions('actor', 'actor', options)
  checkResources('actor', options)
  const methods = methodsOf(type)
  if (methods.includes('then'))
    throw invalid(`actor: ${type.name} has a method 'then', which would make its handle look like a promise; rename it`)
  return make(
    register(
      'actor',
      type,
      options.module,
      methods,
      methods.filter((name) => isGeneratorFunction(type.prototype[name])),
    ),
    options,
  )
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
