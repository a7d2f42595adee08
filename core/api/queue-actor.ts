import { Fifo } from '../scheduler/fifo.js'

interface Waiter<Reply> {
  /** Items that are to be put, or room for as many that are to be taken. */
  readonly count: number
  done(reply: Reply): void
}

interface Putter extends Waiter<Refusal | undefined> {
  readonly items: readonly unknown[]
}

/** Why items were not added. */
export interface Refusal {
  readonly size: number
  readonly maxSize: number
  /** How many puts wait before this one. */
  readonly waiting: number
}

/**
 * What a Queue is made of. Whether an item went in or out is decided here and nowhere else, timeouts included: a call that
 * timed out has left no trace. Those who wait are served in the order they came; nobody overtakes them.
 *
 * What is not for callers is `#`, so that it is not among the methods of a handle.
 */
export class QueueActor {
  /** Boxed, since an item may be undefined. */
  private readonly items = new Fifo<{ readonly item: unknown }>()
  private readonly putters = new Fifo<Putter>()
  private readonly takers = new Fifo<Waiter<unknown[] | undefined>>()

  /** `maxSize` 0: unbounded. */
  constructor(private readonly maxSize: number) {}

  /** Adds all items, or none. Without a timeout it waits for room. */
  put(items: readonly unknown[], timeoutMs?: number): undefined | Refusal | Promise<undefined | Refusal> {
    if (this.putters.length === 0 && this.#fits(items.length)) {
      this.#add(items)
      this.#serve()
      return undefined
    }
    const neverFits = this.maxSize > 0 && items.length > this.maxSize
    if (timeoutMs === 0 || neverFits) return this.#refusal()
    return new Promise((resolve) => {
      const putter: Putter = { items, count: items.length, done: resolve }
      wait(this.putters, putter, timeoutMs, () => {
        resolve(this.#refusal())
        this.#serve()
      })
    })
  }

  /** Takes `count` items, or none: undefined then. Without a timeout it waits for them. */
  take(count: number, timeoutMs?: number): undefined | unknown[] | Promise<undefined | unknown[]> {
    if (this.takers.length === 0 && this.items.length >= count) {
      const items = this.#remove(count)
      this.#serve()
      return items
    }
    if (timeoutMs === 0) return undefined
    return new Promise((resolve) => {
      wait(this.takers, { count, done: resolve }, timeoutMs, () => {
        resolve(undefined)
        this.#serve()
      })
    })
  }

  size(): number {
    return this.items.length
  }

  full(): boolean {
    return this.maxSize > 0 && this.items.length >= this.maxSize
  }

  #fits(count: number): boolean {
    return this.maxSize === 0 || this.items.length + count <= this.maxSize
  }

  #refusal(): Refusal {
    return { size: this.items.length, maxSize: this.maxSize, waiting: this.putters.length }
  }

  #add(items: readonly unknown[]): void {
    for (const item of items) this.items.push({ item })
  }

  #remove(count: number): unknown[] {
    return Array.from({ length: count }, () => this.items.shift()!.item)
  }

  /** Lets those go on that can: each item that leaves makes room for a putter, each that comes may be what a taker waits for. */
  #serve(): void {
    for (;;) {
      const taker = this.takers.peek()
      const putter = this.putters.peek()
      if (taker !== undefined && this.items.length >= taker.count) {
        this.takers.shift()
        taker.done(this.#remove(taker.count))
      } else if (putter !== undefined && this.#fits(putter.count)) {
        this.putters.shift()
        this.#add(putter.items)
        putter.done(undefined)
      } else return
    }
  }
}

/** Lines a waiter up. If its time is over before it is served, it leaves the line and `late` is called. */
function wait<W extends { done(reply: never): void }>(line: Fifo<W>, waiter: W, timeoutMs: number | undefined, late: () => void): void {
  if (timeoutMs === undefined) {
    line.push(waiter)
    return
  }
  const timer = setTimeout(() => {
    line.remove(timed)
    late()
  }, timeoutMs)
  const timed: W = {
    ...waiter,
    done: (reply: never) => {
      clearTimeout(timer)
      waiter.done(reply)
    },
  }
  line.push(timed)
}
