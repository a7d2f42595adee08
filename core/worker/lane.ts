import { Fifo } from '../scheduler/fifo.js'

/** So many calls may be open at once: of an actor, or of one of its concurrency groups. */
export class Lane {
  open = 0
  /** Calls whose turn has not come. */
  readonly queue = new Fifo<() => void>()

  constructor(public limit: number) {}

  get full(): boolean {
    return this.open >= this.limit
  }

  /** One is over: the next begins. */
  leave(): void {
    this.open--
    if (!this.full) this.queue.shift()?.()
  }
}
