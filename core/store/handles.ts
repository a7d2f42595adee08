import { ObjectStoreFullError } from '../api/errors.js'
import type { Attachment } from '../api/object-ref.js'

type Shareable = Attachment['object']

/**
 * Ids of the things that cross threads by handle. An object keeps one id for life, so a worker that has received it once
 * needs only the id; when the object is collected here, `onDead` lets the workers let go of theirs.
 */
const ids = new WeakMap<Shareable, number>()
let nextId = 1
let onDead: (id: number) => void = () => {}
const registry = new FinalizationRegistry<number>((id) => onDead(id))

/** Ids travel on: an actor's saved state, or arguments that one thread encoded and another sends. So each thread has its own range. */
export function startHandleIds(first: number): void {
  nextId = first
}

export function handleId(object: Shareable): number {
  let id = ids.get(object)
  if (id === undefined) {
    id = nextId++
    ids.set(object, id)
    registry.register(object, id)
  }
  return id
}

/** Memory that another thread owns and has named, by its id. */
const adopted = new Map<number, WeakRef<Shareable>>()
const adoptions = new FinalizationRegistry<number>((id) => {
  // Or it has come again since.
  if (adopted.get(id)?.deref() !== undefined) return
  adopted.delete(id)
  onDead(id)
})

/**
 * What another thread has sent to be sent on. Its owner does not know whom it came to from here: when nobody here has it any
 * more, those let go of theirs.
 */
export function adopt(attachment: Attachment): Attachment {
  const { id, object, once } = attachment
  if (once) return attachment
  const known = adopted.get(id)?.deref()
  if (known !== undefined) return { ...attachment, object: known }
  adopted.set(id, new WeakRef(object))
  adoptions.register(object, id)
  return attachment
}

/** An id for an object made for one message. */
export function freshHandleId(): number {
  return nextId++
}

export function whenHandleDies(callback: (id: number) => void): void {
  onDead = callback
}

export function noMemory(bytes: number, cause: unknown): ObjectStoreFullError {
  return new ObjectStoreFullError(`no memory for a value of ${bytes} bytes; pass or store it in smaller pieces`, { cause })
}

/** Shared memory with a copy of some bytes. */
export function sharedCopy(bytes: Uint8Array, allocate = plainMemory): SharedArrayBuffer {
  const copy = allocate(bytes.byteLength)
  ours.add(copy)
  new Uint8Array(copy).set(bytes)
  return copy
}

function plainMemory(bytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes)
  } catch (error) {
    throw noMemory(bytes, error)
  }
}

/** Memory that the runtime made for a large array of a result, and that came here with it: nobody else writes to it. */
const copies = new WeakSet<object>()

/** Memory that the runtime has made, in whatever thread. */
const ours = new WeakSet<object>()

/** Notes what the sender knew of memory that came from another thread. */
export function noteArrived({ object, copied, ours: made }: Pick<Attachment, 'object' | 'copied' | 'ours'>): void {
  if (copied) copies.add(object)
  if (made) ours.add(object)
}

export function isCopy(object: Shareable): object is SharedArrayBuffer {
  return copies.has(object)
}

export function isOurs(object: Shareable): boolean {
  return ours.has(object)
}
