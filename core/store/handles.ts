import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
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

const privates = new WeakSet<object>()

/** What came is a copy that nobody else has. */
export function markPrivate(object: Shareable): void {
  privates.add(object)
}

export function isPrivate(object: object): boolean {
  return privates.has(object)
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

/** So many bytes of large arrays may come into a thread before it collects, or as many as its heap has, if that is more. */
const COLLECT_AFTER_BYTES = 256 * 1024 * 1024
let sinceCollection = 0
let collect: (() => void) | undefined

/**
 * V8 does not count shared memory when it decides to collect, so a thread that goes through many large arrays would keep dead
 * ones until memory runs out. We count, and collect once in a while: a collection takes time in proportion to the heap,
 * so the larger the heap the rarer.
 */
export function pressForCollection(object: Shareable): void {
  if (!(object instanceof SharedArrayBuffer)) return
  sinceCollection += object.byteLength
  if (sinceCollection < COLLECT_AFTER_BYTES || sinceCollection < getHeapStatistics().used_heap_size) return
  sinceCollection = 0
  collect ??= collector()
  collect()
}

/** V8's own collection; a context that is made while the flag is set can call it. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const found = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  return found
}
