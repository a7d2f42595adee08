import { inspect } from 'node:util'
import type { AnyActorHandle } from './actor-handle.js'

export const PENDING = 0
export const READY = 1
export const FAILED = 2

/** The origin of what `put` has stored. */
export const PUT = { name: 'put' }

/** Something that waits for a ref: a `get`, a `wait`, or a task that takes the ref as an argument. */
export interface Waiter {
  settled(ref: ObjectRef): void
}

/** A value's bytes, kept with its ref: tasks are sent these, however many take it, and every reader decodes them anew. */
export interface Stored {
  readonly bytes: Uint8Array
  readonly attachments: readonly Attachment[]
  /** Refs inside the value: they live as long as it does. */
  readonly refs: readonly (ObjectRef | AnyActorHandle)[]
}

/** A thing that only a MessagePort can carry to another thread, named by an id inside the encoded bytes. */
export interface Attachment {
  readonly id: number
  readonly object: SharedArrayBuffer | WebAssembly.Memory | WebAssembly.Module
  /** The receiver lets go of it after the first use (made for one message), else it keeps it under the id. */
  readonly once: boolean
  /** The memory is the runtime's own copy of a large array, to which nobody writes. */
  readonly copied?: boolean | undefined
  /** The memory was made by the runtime, and is none that the program shares: another process may be given a copy. */
  readonly ours?: boolean
  /** Set for memory of the object store, which may be on disk. */
  readonly stock?: Stock
}

/** Memory of the object store, as those see it who send it. */
export interface Stock {
  readonly bytes: number
  readonly inMemory: boolean
  /** So many tasks under way name it: it stays in memory. */
  pin(by: 1 | -1): void
  /** As `Absent.bring`. */
  bring(): boolean
  /** Whether there is room to bring so many bytes from disk; if not, what is under way comes first. */
  roomFor(bytes: number): boolean
}

/** A READY ref's value that may not be in this thread's memory at the moment. */
export interface Absent {
  /**
   * Sees to it that the value can be read. False: it takes time; the ref is PENDING and settles then.
   * Throws ObjectLostError, ObjectStoreFullError.
   */
  bring(): boolean
  read(): unknown
}

/**
 * A future: names a value that a task will make, or that `put` stored. It has no `then` on purpose, so it travels
 * through async functions unresolved; `get` reads it. Small results live on the ref itself, so dropping it frees them.
 */
export class ObjectRef<T = unknown> {
  /** Only for the types. */
  declare protected readonly valueType: T

  /** Minted by the submitter: its owner index × 2⁴⁰ + a counter. */
  readonly id: number
  /** @internal */ state = PENDING
  /** @internal The value, or the error once FAILED. */ value: unknown = undefined
  /** @internal */ waiters: Waiter | Waiter[] | undefined = undefined
  /** @internal Set by `wait` to find duplicates without a Set. */ mark = 0
  /** @internal What makes the value: a Task while it is pending, PUT for good. */ origin: { readonly name: string } | undefined = undefined
  /** @internal Asks for the value of a ref that belongs to another thread; until somebody wants it, it stays there. */ fetch:
    | (() => void)
    | undefined = undefined
  /** @internal Undefined: the value is none that can be changed, and lies in `value`. */ stored: Stored | undefined = undefined
  /** @internal Decodes `stored`. */ load: ((stored: Stored) => unknown) | undefined = undefined
  /** @internal Has the value, if it is one that can leave memory. */ absent: Absent | undefined = undefined

  /** @internal */
  constructor(id: number) {
    this.id = id
  }

  /** @internal */
  settle(state: typeof READY | typeof FAILED, value: unknown): void {
    if (this.state !== PENDING) return
    this.state = state
    this.value = value
    this.origin = undefined
    const waiters = this.waiters
    this.waiters = undefined
    if (waiters === undefined) return
    if (Array.isArray(waiters)) for (const waiter of waiters) waiter.settled(this)
    else waiters.settled(this)
  }

  /** @internal The value of a READY ref: each reader's own, so that what one does to it nobody else sees. */
  read(): unknown {
    if (this.absent !== undefined) return this.absent.read()
    if (this.load === undefined) return this.value
    // As it was decoded when it came: the first reader's.
    const { value } = this
    this.value = undefined
    return value ?? this.load(this.stored!)
  }

  /** @internal Its value has left this thread, and `settle` will be called again. */
  leave(): void {
    this.state = PENDING
  }

  /** @internal Whether the value of a READY ref can be read now; as `Absent.bring`. */
  bring(): boolean {
    return this.absent === undefined || this.absent.bring()
  }

  /** @internal */
  addWaiter(waiter: Waiter): void {
    if (this.waiters === undefined) this.waiters = waiter
    else if (Array.isArray(this.waiters)) this.waiters.push(waiter)
    else this.waiters = [this.waiters, waiter]
    const { fetch } = this
    if (fetch === undefined) return
    this.fetch = undefined
    fetch()
  }

  /** @internal */
  removeWaiter(waiter: Waiter): void {
    if (this.waiters === waiter) this.waiters = undefined
    else if (Array.isArray(this.waiters)) this.waiters = this.waiters.filter((other) => other !== waiter)
  }

  [inspect.custom](): string {
    return `ObjectRef(${hexId(this.id)}, ${this.state === PENDING ? 'pending' : this.state === READY ? 'ready' : 'failed'})`
  }
}

/** An id as people see it: sixteen hex digits. */
export function hexId(id: number): string {
  // In halves, as integers: of a float64, toString looks for fractions.
  return ((id / 2 ** 32) >>> 0).toString(16).padStart(8, '0') + (id >>> 0).toString(16).padStart(8, '0')
}
