import { type Exchange, TOO_LATE } from './exchange.js'

/** A timer fires late rather than early; answers should be out by the deadline. */
const EARLY_MS = 1
const COMPACT_FROM = 1024

/**
 * Settles exchanges at their deadline. All of one application have the same time to live, so they expire in the order they came:
 * a queue and one timer, whatever the rate.
 */
export class Deadlines {
  #queue: Exchange[] = []
  #head = 0
  #timer: NodeJS.Timeout | undefined

  watch(exchange: Exchange): void {
    this.#skipSettled()
    this.#queue.push(exchange)
    if (this.#timer === undefined) this.#arm()
  }

  #skipSettled(): void {
    const queue = this.#queue
    while (this.#head < queue.length && queue[this.#head]!.settled) this.#head++
    if (this.#head === queue.length) {
      this.#queue = []
      this.#head = 0
    } else if (this.#head > COMPACT_FROM && this.#head * 2 > queue.length) {
      this.#queue = queue.slice(this.#head)
      this.#head = 0
    }
  }

  #arm(): void {
    const first = this.#queue[this.#head]
    if (first === undefined) return
    this.#timer = setTimeout(this.#expire, Math.max(0, first.deadline - EARLY_MS - performance.now()))
    // It may outlive what it was set for; the open connections keep the process, not the timer.
    this.#timer.unref()
  }

  readonly #expire = (): void => {
    this.#timer = undefined
    const due = performance.now() + EARLY_MS
    for (; this.#head < this.#queue.length; this.#head++) {
      const exchange = this.#queue[this.#head]!
      if (!exchange.settled && exchange.deadline > due) break
      exchange.settle(TOO_LATE)
    }
    this.#skipSettled()
    this.#arm()
  }
}
