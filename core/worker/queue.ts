import {
  CLAIMED,
  CLOSED,
  DECODED,
  LENGTH,
  PAD,
  QUEUE_BYTES,
  QUEUE_HEAD,
  QUEUE_LOCK,
  QUEUE_RING,
  QUEUE_TAIL,
  QUEUED,
  REVOKED,
  RING_BYTES,
  STATUS,
  STATUS_MASK,
  TAKER_SHIFT,
} from './layout.js'

const MASK = RING_BYTES - 1

/** Looks after records that were taken and not answered, when their room is needed. */
export interface Stragglers {
  /** Whether the record at this index in words is over. */
  over(at: number, position: number): boolean
  /** Copies what is needed of it, since it will be overwritten. */
  rescue(at: number): void
}

/** The submitter's end of a queue (drawn in layout.ts): writes records, and takes their room back when they are over. */
export class QueueWriter {
  readonly memory = new SharedArrayBuffer(QUEUE_BYTES)
  readonly words = new Int32Array(this.memory)
  private tail = 0
  private freed = 0

  constructor(private readonly stragglers: Stragglers) {}

  /** The byte count at which the next record will begin. Valid right after `reserve`. */
  get position(): number {
    return this.tail
  }

  /** Whether nothing waits to be taken. */
  get empty(): boolean {
    return Atomics.load(this.words, QUEUE_HEAD) === this.tail
  }

  /** Room for a record: its index in words, or −1 when the queue is full. `bytes` is a multiple of 8. */
  reserve(bytes: number): number {
    let at = this.tail & MASK
    const toEnd = RING_BYTES - at
    const need = bytes <= toEnd ? bytes : toEnd + bytes
    if (need > RING_BYTES - ((this.tail - this.freed) | 0)) {
      this.reclaim()
      if (need > RING_BYTES - ((this.tail - this.freed) | 0)) return -1
    }
    if (bytes > toEnd) {
      this.words[(QUEUE_RING + at) >> 2] = PAD
      this.tail = (this.tail + toEnd) | 0
      at = 0
    }
    return (QUEUE_RING + at) >> 2
  }

  /** Shows the record to the workers. Store: all plain writes into it are visible to whoever loads this tail. */
  publish(bytes: number): void {
    this.tail = (this.tail + bytes) | 0
    Atomics.store(this.words, QUEUE_TAIL, this.tail)
  }

  indexOf(position: number): number {
    return (QUEUE_RING + (position & MASK)) >> 2
  }

  /** Who has taken the record at a position, by the thread's index; 0 if nobody has. */
  taker(position: number): number {
    const status = Atomics.load(this.words, this.indexOf(position) + STATUS)
    return (status & STATUS_MASK) === QUEUED || status === REVOKED ? 0 : status >> TAKER_SHIFT
  }

  /** Takes a record back. True: nobody has taken it, nor will. */
  revoke(position: number): boolean {
    return Atomics.compareExchange(this.words, this.indexOf(position) + STATUS, QUEUED, REVOKED) === QUEUED
  }

  /** A worker died, perhaps while it held the lock. What it was doing can be taken up anywhere, so the lock is just opened. */
  unlock(worker: number): void {
    Atomics.compareExchange(this.words, QUEUE_LOCK, worker, 0)
  }

  private reclaim(): void {
    const { words } = this
    // Load: what was taken. The taker stores the head after it has claimed.
    const head = Atomics.load(words, QUEUE_HEAD)
    while (this.freed !== head) {
      const offset = this.freed & MASK
      const at = (QUEUE_RING + offset) >> 2
      if (words[at] === PAD) {
        this.freed = (this.freed + RING_BYTES - offset) | 0
        continue
      }
      const status = Atomics.load(words, at + STATUS)
      if (status !== REVOKED && !this.stragglers.over(at, this.freed)) {
        // Being decoded at this moment.
        if ((status & STATUS_MASK) !== DECODED) return
        this.stragglers.rescue(at)
      }
      this.freed = (this.freed + words[at + LENGTH]!) | 0
    }
  }
}

/** A worker's end of a queue: takes one record at a time. */
export class QueueReader {
  readonly words: Int32Array

  constructor(
    memory: SharedArrayBuffer,
    private readonly worker: number,
  ) {
    this.words = new Int32Array(memory)
  }

  /** Whether a record waits. */
  ready(): boolean {
    return Atomics.load(this.words, QUEUE_TAIL) !== Atomics.load(this.words, QUEUE_HEAD) && Atomics.load(this.words, QUEUE_LOCK) !== CLOSED
  }

  /** Whether anything has been put into it so far. */
  used(): boolean {
    return Atomics.load(this.words, QUEUE_TAIL) !== 0
  }

  /** Whether more than one record waits. A guess: others may be taking some just now. */
  several(): boolean {
    const head = Atomics.load(this.words, QUEUE_HEAD)
    return ((Atomics.load(this.words, QUEUE_TAIL) - head) | 0) > this.words[((QUEUE_RING + (head & MASK)) >> 2) + LENGTH]!
  }

  /** Takes the next record: its index in words, or −1 if there is none, or somebody else is taking one just now. */
  take(): number {
    const { words } = this
    if (Atomics.load(words, QUEUE_HEAD) === Atomics.load(words, QUEUE_TAIL)) return -1
    // A worker that dies with the lock leaves it to the submitter to open; nothing inside needs to be undone.
    if (Atomics.compareExchange(words, QUEUE_LOCK, 0, this.worker) !== 0) return -1
    let head = Atomics.load(words, QUEUE_HEAD)
    // Loaded again under the lock: the head may have gone past the tail that was seen before.
    const tail = Atomics.load(words, QUEUE_TAIL)
    let found = -1
    while (head !== tail) {
      const offset = head & MASK
      const at = (QUEUE_RING + offset) >> 2
      if (words[at] === PAD) {
        head = (head + RING_BYTES - offset) | 0
        continue
      }
      head = (head + words[at + LENGTH]!) | 0
      // Compare-exchange: the submitter may be taking it back. One that a dead worker had claimed is passed over too.
      if (Atomics.compareExchange(words, at + STATUS, QUEUED, (this.worker << TAKER_SHIFT) | CLAIMED) === QUEUED) {
        found = at
        break
      }
    }
    Atomics.store(words, QUEUE_HEAD, head)
    // Compare-exchange: the queue may have been closed meanwhile.
    Atomics.compareExchange(words, QUEUE_LOCK, this.worker, 0)
    return found
  }

  /** The arguments of a record are out of the ring: the submitter may use its room. */
  decoded(at: number): void {
    Atomics.store(this.words, at + STATUS, (this.worker << TAKER_SHIFT) | DECODED)
  }
}

/** The submitter of a queue is gone: nobody takes from it any more. */
export function closeQueue(memory: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(memory), QUEUE_LOCK, CLOSED)
}

/** Whether a queue holds tasks that nobody has taken. */
export function queueWaits(memory: SharedArrayBuffer): boolean {
  const words = new Int32Array(memory)
  return Atomics.load(words, QUEUE_TAIL) !== Atomics.load(words, QUEUE_HEAD) && Atomics.load(words, QUEUE_LOCK) !== CLOSED
}
