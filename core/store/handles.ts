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
