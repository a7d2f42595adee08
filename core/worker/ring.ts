import { PAD, RING_BYTES } from './layout.js'

const MASK = RING_BYTES - 1

/** The writing end of a ring (drawn in layout.ts). */
export class RingWriter {
  private tail = 0
  /** What the head was when last looked at: reading it again costs a cache line from the other core. */
  private knownHead = 0

  constructor(
    private readonly words: Int32Array,
    private readonly start: number,
    private readonly tailWord: number,
    private readonly headWord: number,
  ) {}

  /** The byte count at which the next record will begin, for `RingReader.passed`. Valid right after `reserve`. */
  get position(): number {
    return this.tail
  }

  /** Room for a record: its index in int32 words, or −1 when the ring is full. `bytes` is a multiple of 8. */
  reserve(bytes: number): number {
    let at = this.tail & MASK
    const toEnd = RING_BYTES - at
    const need = bytes <= toEnd ? bytes : toEnd + bytes
    if (need > RING_BYTES - ((this.tail - this.knownHead) | 0)) {
      // Load: the reader's head. Everything before it has been read, since the reader stores it after its last look at a record.
      this.knownHead = Atomics.load(this.words, this.headWord)
      if (need > RING_BYTES - ((this.tail - this.knownHead) | 0)) return -1
    }
    if (bytes > toEnd) {
      this.words[(this.start + at) >> 2] = PAD
      this.tail = (this.tail + toEnd) | 0
      at = 0
    }
    return (this.start + at) >> 2
  }

  /** Shows the record to the reader. Store: all plain writes into the record are visible to whoever loads this tail. */
  publish(bytes: number): void {
    this.tail = (this.tail + bytes) | 0
    Atomics.store(this.words, this.tailWord, this.tail)
  }

  /** Whether the reader has gone past a record, so that its bytes may have been overwritten since. */
  passed(position: number): boolean {
    return ((position - Atomics.load(this.words, this.headWord)) | 0) < 0
  }

  /** A record's index in words. */
  indexOf(position: number): number {
    return (this.start + (position & MASK)) >> 2
  }

  /** The last head seen, as the value to wait on for more room. */
  get lastHead(): number {
    return this.knownHead
  }
}

/** The reading end of a ring. */
export class RingReader {
  private head = 0
  private knownTail = 0

  constructor(
    private readonly words: Int32Array,
    private readonly start: number,
    private readonly tailWord: number,
    private readonly headWord: number,
  ) {}

  /** The next record's index in words, or −1 when there is none. The record stays until `release`. */
  next(): number {
    for (;;) {
      if (this.head === this.knownTail) {
        // Load: the writer's tail, and with it every record before it.
        this.knownTail = Atomics.load(this.words, this.tailWord)
        if (this.head === this.knownTail) return -1
      }
      const at = this.head & MASK
      const index = (this.start + at) >> 2
      if (this.words[index] !== PAD) return index
      this.head = (this.head + RING_BYTES - at) | 0
    }
  }

  /** Whether a record waits, without taking it. */
  ready(): boolean {
    return this.head !== this.knownTail || Atomics.load(this.words, this.tailWord) !== this.head
  }

  /** Goes past a record; `share` later tells the writer. */
  skip(bytes: number): void {
    this.head = (this.head + bytes) | 0
  }

  /** Gives everything that was gone past back to the writer. Store: our reads are over before the writer sees the room. */
  share(): void {
    Atomics.store(this.words, this.headWord, this.head)
  }
}
