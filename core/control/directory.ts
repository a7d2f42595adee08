import { ObjectLostError } from '../api/errors.js'
import { FAILED, hexId, ObjectRef } from '../api/object-ref.js'

/**
 * Refs that have left this thread inside a message, so that one that comes back is the same ref. Each is held as often as
 * it was sent: by a task until it is over, by an actor until it is dead.
 */
export class Directory {
  private readonly held = new Map<number, { ref: ObjectRef; count: number }>()

  hold(refs: readonly ObjectRef[]): void {
    for (const ref of refs) {
      const entry = this.held.get(ref.id)
      if (entry === undefined) this.held.set(ref.id, { ref, count: 1 })
      else entry.count++
    }
  }

  drop(refs: readonly ObjectRef[]): void {
    for (const { id } of refs) {
      const entry = this.held.get(id)
      if (entry !== undefined && --entry.count === 0) this.held.delete(id)
    }
  }

  find(id: number): ObjectRef {
    const entry = this.held.get(id)
    if (entry !== undefined) return entry.ref
    const lost = new ObjectRef(id)
    lost.settle(FAILED, new ObjectLostError(`object ${hexId(id)} was dropped by its owner before a worker handed its ref back`))
    return lost
  }

  clear(): void {
    this.held.clear()
  }
}
