import { inspect } from 'node:util'
import { CallSites, type SubmitSite } from '../control/call-site.js'
import type { Label } from '../engine/task-log.js'
import { invalid } from './errors.js'
import { noSuchMethod, notHere, strictNames } from './names.js'
import { hexId, type ObjectRef } from './object-ref.js'
import { checkOptions, type MethodOptions } from './options.js'
import type { RefStream } from './ref-stream.js'
import type { Returned } from './remote.js'

/** Arguments of a remote call: each may be given as a ref, resolved before the task runs. */
export type RemoteArgs<A extends readonly unknown[]> = { [K in keyof A]: A[K] | ObjectRef<Awaited<A[K]>> }

export interface ActorMethod<A extends readonly unknown[], R> {
  /** Queues the call behind this caller's earlier ones. Returns at once; what goes wrong later is told by `get`. */
  remote(...args: RemoteArgs<A>): Returned<object, R>
  /** The same method with options for the calls made through it. */
  options<const O extends MethodOptions>(options: O): { remote(...args: RemoteArgs<A>): Returned<O, R> }
}

type Methods<T> = { readonly [K in keyof T as T[K] extends (...args: never[]) => unknown ? K : never]: T[K] }

/** A handle's methods: those of the class, each with `.remote()`. */
export type ActorHandle<T> = AnyActorHandle & {
  readonly [K in keyof Methods<T>]: Methods<T>[K] extends (...args: infer A) => infer R ? ActorMethod<A, R> : never
}

/** What a handle shows of its actor: the same in every thread. */
export interface ActorShape {
  readonly className: string
  readonly methodNames: readonly string[]
  /** Those of them that are generators: a call of one is a stream unless it says otherwise. */
  readonly generatorNames: readonly string[]
  /** Concurrency groups; a call names one by its place, from 1. */
  readonly groupNames: readonly string[]
  /** How often a call is made again after the actor died under it, unless it says otherwise. */
  readonly maxTaskRetries: number
  /** It lives in a process of its own, with which no memory can be shared. */
  readonly apart: boolean
}

/** Who carries out a handle's calls. */
export interface ActorCaller {
  call(
    handle: AnyActorHandle,
    method: number,
    args: unknown[],
    options: MethodOptions,
    site: SubmitSite,
  ): ObjectRef | ObjectRef[] | RefStream | undefined
  /** Whether this thread has heard that the actor has ended and will not be started again, while its runtime goes on. */
  isDead(actorId: number): boolean
  /** The thread's handle of that actor was collected. */
  handleGone(actorId: number): void
}

function methodOf(handle: AnyActorHandle, index: number, name: string): () => never {
  const { className, groupNames, generatorNames } = handle.shape
  const usual: MethodOptions = generatorNames.includes(name) ? { numReturns: 'streaming' } : {}
  const fullName = `${className}.${name}`
  const made = (settings: MethodOptions) => {
    const sites = new CallSites()
    const remote = (...args: unknown[]) => handle.caller.call(handle, index, args, settings, sites.next(remote))
    return remote
  }
  const options = (settings: MethodOptions) => {
    checkOptions('method', `${fullName}.options`, settings)
    const group = settings.concurrencyGroup
    if (group !== undefined && !groupNames.includes(group))
      throw invalid(`${fullName}.options: ${className} has no concurrency group '${group}' (it has ${groupNames.join(', ') || 'none'})`)
    return { remote: made({ ...usual, ...settings }) }
  }
  const direct = (): never => {
    throw notHere(fullName, `.${name}`)
  }
  return Object.assign(direct, { remote: made(usual), options })
}

/** What every handle is, whatever its class. Handles can be passed to tasks and to other actors. */
export class AnyActorHandle {
  readonly actorId: number
  /** @internal Not enumerable: a handle is shown without its engine. */ declare readonly caller: ActorCaller
  /** @internal */ declare readonly shape: ActorShape
  /** @internal The full names of its methods, as they are used. */ declare readonly labels: Label[]

  /** @internal */
  constructor(actorId: number, shape: ActorShape, caller: ActorCaller) {
    this.actorId = actorId
    Object.defineProperty(this, 'caller', { value: caller })
    Object.defineProperty(this, 'shape', { value: shape })
    Object.defineProperty(this, 'labels', { value: [] })
    for (const [index, name] of shape.methodNames.entries()) Object.defineProperty(this, name, { value: methodOf(this, index, name) })
  }

  [inspect.custom](): string {
    return `ActorHandle(${this.shape.className}, ${hexId(this.actorId)})`
  }
}

Object.setPrototypeOf(
  AnyActorHandle.prototype,
  strictNames(Object.prototype, (handle, name) => {
    const { className, methodNames } = (handle as AnyActorHandle).shape
    return noSuchMethod(className, name, methodNames)
  }),
)
