import { inspect } from 'node:util'
import { CallSites, type SubmitSite } from '../control/call-site.js'
import { noSuchMethod, notHere, strictNames } from './names.js'
import { hexId, type ObjectRef } from './object-ref.js'

/** Arguments of a remote call: each may be given as a ref, resolved before the task runs. */
export type RemoteArgs<A extends readonly unknown[]> = { [K in keyof A]: A[K] | ObjectRef<Awaited<A[K]>> }

export interface ActorMethod<A extends readonly unknown[], R> {
  /** Queues the call behind this caller's earlier ones. Returns at once; what goes wrong later is told by `get`. */
  remote(...args: RemoteArgs<A>): ObjectRef<Awaited<R>>
}

type Methods<T> = { readonly [K in keyof T as T[K] extends (...args: never[]) => unknown ? K : never]: T[K] }

/** A handle's methods: those of the class, each with `.remote()`. */
export type ActorHandle<T> = AnyActorHandle & {
  readonly [K in keyof Methods<T>]: Methods<T>[K] extends (...args: infer A) => infer R ? ActorMethod<A, R> : never
}

/** Who carries out a handle's calls. */
export interface ActorCaller {
  call(actorId: number, method: number, name: string, args: unknown[], site: SubmitSite): ObjectRef
}

function methodOf(caller: ActorCaller, actorId: number, index: number, className: string, name: string): () => never {
  const fullName = `${className}.${name}`
  const sites = new CallSites()
  const remote = (...args: unknown[]): ObjectRef => caller.call(actorId, index, fullName, args, sites.next(remote))
  const direct = (): never => {
    throw notHere(fullName, `.${name}`)
  }
  return Object.assign(direct, { remote })
}

/** What every handle is, whatever its class. Handles can be passed to tasks and to other actors. */
export class AnyActorHandle {
  readonly actorId: number
  /** @internal Not enumerable: a handle is shown without its engine. */ declare readonly caller: ActorCaller
  /** @internal */ readonly className: string
  /** @internal */ readonly methodNames: readonly string[]

  /** @internal */
  constructor(actorId: number, className: string, methodNames: readonly string[], caller: ActorCaller) {
    this.actorId = actorId
    this.className = className
    this.methodNames = methodNames
    for (const [index, name] of methodNames.entries()) {
      Object.defineProperty(this, name, { value: methodOf(caller, actorId, index, className, name) })
    }
    Object.defineProperty(this, 'caller', { value: caller })
  }

  [inspect.custom](): string {
    return `ActorHandle(${this.className}, ${hexId(this.actorId)})`
  }
}

Object.setPrototypeOf(
  AnyActorHandle.prototype,
  strictNames(Object.prototype, (handle, name) => {
    const { className, methodNames } = handle as AnyActorHandle
    return noSuchMethod(className, name, methodNames)
  }),
)
