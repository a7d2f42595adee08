/** What can wait in the queue. */
export interface Waiting {
  /** When it should be answered (`performance.now()` milliseconds): the order of the queue. */
  readonly deadline: number
  /** When nobody wants the answer any more; not before `deadline`. */
  readonly expiresAt: number
}

/** Earliest deadline first: a binary heap. Adding in the order of deadlines, the usual case, costs one comparison. */
export class DeadlineQueue<T extends Waiting> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  peek(): T | undefined {
    return this.#heap[0]
  }

  push(item: T): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]!
      if (above.deadline <= item.deadline) break
      heap[at] = above
      at = parent
    }
    heap[at] = item
  }

  pop(): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const right = child + 1
      if (right < heap.length && heap[right]!.deadline < heap[child]!.deadline) child = right
      const below = heap[child]!
      if (below.deadline >= last.deadline) break
      heap[at] = below
      at = child
    }
    heap[at] = last
    return first
  }
}
