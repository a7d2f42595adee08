import type { Attachment } from '../api/object-ref.js'
import type { Encoder } from '../store/encoder.js'
import { freshHandleId, sharedCopy } from '../store/handles.js'

/** Puts a payload that is too large for the ring into memory of its own. */
export function shelve(encoder: Encoder): Attachment {
  return { id: freshHandleId(), object: sharedCopy(encoder.buffer.subarray(0, encoder.length)), once: true }
}

/** `set(subarray)` costs more than the copy itself below a few hundred bytes. */
const LOOP_BYTES = 256

export function copyWords(from: Int32Array, to: Int32Array, at: number, bytes: number): void {
  const count = (bytes + 3) >> 2
  if (bytes <= LOOP_BYTES) for (let i = 0; i < count; i++) to[at + i] = from[i]!
  else to.set(from.subarray(0, count), at)
}
