import { Fifo } from '../scheduler/fifo.js'

/** So many calls may be open at once: of an actor, or of one of its concurrency groups. */
export class Lane<Request> {
  open = 0
  /** Calls whose turn has not come. */
  readonly parked = new Fifo<Request>()

  constructor(public limit: number) {}

  get full(): boolean {
    return this.open >= this.limit
  }

  /** The next whose turn has come. */
  next(): Request | undefined {
    return this.full ? undefined : this.parked.shift()
  }
}
