import { ownerOf } from '../api/ids.js'
import { hexId } from '../api/object-ref.js'
import type { LiveObject } from './live-objects.js'
import type { ObjectRow } from './rows.js'

/** The line of a stack where the program itself stands. */
export function firstLine(frames: string): string | null {
  const line = frames.split('\n').find((text) => /^\s+at /.test(text))
  return line === undefined ? null : line.trim().slice('at '.length)
}

interface Entry {
  object: LiveObject
  rank: number
  readonly holders: Set<number>
}

/** What the threads say of objects, put together: one row an object. */
export class ObjectTable {
  private readonly entries = new Map<number, Entry>()

  constructor(private readonly pidOf: (thread: number) => number) {}

  /** `keeps`: the thread has it for others, and is not counted. */
  add(object: LiveObject, thread: number, keeps = false): void {
    const rank = rankOf(object, thread)
    let entry = this.entries.get(object.id)
    if (entry === undefined) {
      entry = { object, rank, holders: new Set() }
      this.entries.set(object.id, entry)
    } else if (rank > entry.rank) Object.assign(entry, { object, rank })
    if (object.referenced && !keeps) entry.holders.add(thread)
  }

  /** A thread was counted to have a ref. */
  held(id: number, thread: number): void {
    this.entries.get(id)?.holders.add(thread)
  }

  *rows(): Generator<ObjectRow> {
    for (const { object, holders } of this.entries.values()) {
      const { id, bytes, status, name, location } = object
      const owner = ownerOf(id)
      yield {
        objectId: hexId(id),
        objectSize: bytes,
        taskStatus: status,
        referenceType: holders.size > 0 ? 'LOCAL_REFERENCE' : 'USED_BY_PENDING_TASK',
        name,
        location,
        referenceCount: holders.size,
        callSite: null,
        type: owner === 0 ? 'DRIVER' : 'WORKER',
        workerId: hexId(owner),
        pid: this.pidOf(owner),
      }
    }
  }
}

/** The store's word goes before the owner's, the owner's before a borrower's. */
function rankOf({ id, location }: LiveObject, thread: number): number {
  const stored = location === 'IN_MEMORY' || location === 'SPILLED'
  return (stored ? 4 : location === 'INLINE' ? 2 : 0) + (ownerOf(id) === thread ? 1 : 0)
}
