/** A timer fires late rather than early; answers should be out by the deadline. */
const EARLY_MS = 1

/** Something that must be over by its deadline. It carries the links of the list it waits in. */
export interface Expiring<Self> {
  readonly deadline: number
  earlier: Self | undefined
  later: Self | undefined
  expire(): void
}

/**
 * Expires what is not forgotten in time. All of one application have the same time to live, so they come nearly in the order in which
 * they expire (one whose user's standing had to be read comes later): a list and one timer, whatever the rate. What is forgotten leaves
 * the list at once, and nothing of a query outlives its answer (kept a little longer, thousands of requests would grow old enough to
 * burden the garbage collector).
 */
export class Deadlines<T extends Expiring<T>> {
  #first: T | undefined
  #last: T | undefined
  #timer: NodeJS.Timeout | undefined
  /** The deadline that the timer was set for; it may have been forgotten since. */
  #timedFor = Number.POSITIVE_INFINITY

  watch(item: T): void {
    let before = this.#last
    while (before !== undefined && before.deadline > item.deadline) before = before.earlier
    const after = before === undefined ? this.#first : before.later
    item.earlier = before
    item.later = after
    if (before === undefined) this.#first = item
    else before.later = item
    if (after === undefined) this.#last = item
    else after.earlier = item
    if (item.deadline < this.#timedFor) this.#arm(item)
  }

  forget(item: T): void {
    const { earlier, later } = item
    if (earlier === undefined && this.#first !== item) return
    if (earlier === undefined) this.#first = later
    else earlier.later = later
    if (later === undefined) this.#last = earlier
    else later.earlier = earlier
    item.earlier = undefined
    item.later = undefined
  }

  /** Takes out everything that waits, and hands it to `end`. */
  flush(end: (item: T) => void): void {
    for (let item = this.#first; item !== undefined; item = this.#first) {
      this.forget(item)
      end(item)
    }
  }

  #arm(item: T): void {
    clearTimeout(this.#timer)
    this.#timedFor = item.deadline
    this.#timer = setTimeout(this.#expire, Math.max(0, item.deadline - EARLY_MS - performance.now()))
    // It may outlive what it was set for; the open connections keep the process, not the timer.
    this.#timer.unref()
  }

  readonly #expire = (): void => {
    this.#timedFor = Number.POSITIVE_INFINITY
    const due = performance.now() + EARLY_MS
    while (this.#first !== undefined && this.#first.deadline <= due) {
      const item = this.#first
      this.forget(item)
      item.expire()
    }
    if (this.#first !== undefined) this.#arm(this.#first)
  }
}
