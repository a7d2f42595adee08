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

export function handleId(object: Shareable): number {
  let id = ids.get(object)
  if (id === undefined) {
    id = nextId++
    ids.set(object, id)
    registry.register(object, id)
  }
  return id
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
export function sharedCopy(bytes: Uint8Array): SharedArrayBuffer {
  let copy: SharedArrayBuffer
  try {
    copy = new SharedArrayBuffer(bytes.byteLength)
  } catch (error) {
    throw noMemory(bytes.byteLength, error)
  }
  new Uint8Array(copy).set(bytes)
  return copy
}

/** Enough to set a collection off. */
const MAX_PRESSURE_BYTES = 64 * 1024 * 1024

/**
 * V8 does not count shared memory when it decides to collect, so a thread that only receives large arrays would keep dead
 * ones for minutes. An ordinary buffer of the same size is counted; it is dropped at once and its pages are never touched.
 */
export function pressForCollection(object: Shareable): void {
  if (object instanceof SharedArrayBuffer) new ArrayBuffer(Math.min(object.byteLength, MAX_PRESSURE_BYTES))
}
