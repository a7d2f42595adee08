import { FAILED, type ObjectRef, PENDING, PUT, type Stored } from '../api/object-ref.js'
import { LargeValue, type StoredRow } from '../store/large-value.js'
import { liveRefs } from './live-refs.js'
import type { ObjectLocation, TaskState } from './rows.js'

/** An object as one thread knows it: one that it owns, or has a ref to. */
export interface LiveObject {
  readonly id: number
  readonly bytes: number | null
  readonly status: TaskState
  readonly location: ObjectLocation | null
  /** Of the task that makes or made it, where that is known. */
  readonly name: string | null
  /** The thread has a ref to it; else only its memory is there, for tasks under way. */
  readonly referenced: boolean
}

/** What this thread has refs to, and what lies in its store; `stored`: the store's. */
export function liveObjects(stored: readonly StoredRow[]): LiveObject[] {
  const found = new Map<number, LiveObject>()
  for (const ref of liveRefs() ?? []) {
    // Some are made to carry a value from one place to another.
    if (ref.id === 0) continue
    const known = found.get(ref.id)
    if (known === undefined || known.location === null) found.set(ref.id, describe(ref))
  }
  for (const { refId, bytes, inMemory } of stored) {
    if (found.has(refId)) continue
    const location = inMemory ? 'IN_MEMORY' : 'SPILLED'
    found.set(refId, { id: refId, bytes, status: 'NIL', location, name: null, referenced: false })
  }
  return [...found.values()]
}

function describe(ref: ObjectRef): LiveObject {
  const { id, state, stored, absent } = ref
  const large = absent instanceof LargeValue ? absent : undefined
  const name = ref.origin?.name ?? large?.lineage?.name ?? null
  // Of a value that is elsewhere the thread knows nothing more than that.
  const here = state !== PENDING && (absent === undefined || large !== undefined)
  const location = !here || state === FAILED ? null : large === undefined ? 'INLINE' : large.inMemory ? 'IN_MEMORY' : 'SPILLED'
  const status = state === PENDING ? 'PENDING_NODE_ASSIGNMENT' : state === FAILED ? 'FAILED' : ref.origin === PUT ? 'NIL' : 'FINISHED'
  return { id, bytes: stored === undefined ? null : sizeOf(stored), status, location, name, referenced: true }
}

function sizeOf(stored: Stored): number {
  let bytes = stored.bytes.byteLength
  for (const attachment of stored.attachments) {
    // To look at memory of the store's would bring it back from disk.
    if (attachment.stock !== undefined) bytes += attachment.stock.bytes
    else if (attachment.object instanceof SharedArrayBuffer) bytes += attachment.object.byteLength
  }
  return bytes
}
