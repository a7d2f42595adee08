const FIRST_SLOTS = 1024

/**
 * A map of bounded size that evicts by CLOCK (Corbató, 1968), as Clipper's cache does (NSDI'17, section 4.2): entries lie in a ring, a
 * hit only sets a bit, and the hand that looks for room clears bits and takes the first entry without one. It keeps nearly what LRU keeps,
 * and a hit costs no list surgery; `npm run bench -- serve cache` shows both.
 */
export class ClockCache<Value> {
  readonly #slots = new Map<string, number>()
  readonly #keys: (string | undefined)[] = []
  readonly #values: (Value | undefined)[] = []
  #bytes = new Float64Array(FIRST_SLOTS)
  /** 1 where an entry was hit since the hand last passed. */
  #used = new Uint8Array(FIRST_SLOTS)
  readonly #free: number[] = []
  #hand = 0
  #total = 0

  /** @param maxBytes of all entries together, at least 1 */
  constructor(readonly maxBytes: number) {}

  get size(): number {
    return this.#slots.size
  }

  get bytes(): number {
    return this.#total
  }

  get(key: string): Value | undefined {
    const slot = this.#slots.get(key)
    if (slot === undefined) return undefined
    this.#used[slot] = 1
    return this.#values[slot]
  }

  /** Keeps an entry of so many bytes, if it is not larger than the whole cache; a key that is there gets the new value. */
  set(key: string, value: Value, bytes: number): void {
    const known = this.#slots.get(key)
    if (known !== undefined) this.#remove(known)
    if (bytes > this.maxBytes) return
    while (this.#total + bytes > this.maxBytes) this.#evict()
    const slot = this.#free.pop() ?? this.#grow()
    this.#slots.set(key, slot)
    this.#keys[slot] = key
    this.#values[slot] = value
    this.#bytes[slot] = bytes
    // A new entry has one round to be hit in.
    this.#used[slot] = 0
    this.#total += bytes
  }

  #evict(): void {
    for (;;) {
      const slot = this.#hand
      this.#hand = slot + 1 < this.#keys.length ? slot + 1 : 0
      if (this.#keys[slot] === undefined) continue
      if (this.#used[slot] === 1) this.#used[slot] = 0
      else {
        this.#remove(slot)
        return
      }
    }
  }

  #remove(slot: number): void {
    this.#slots.delete(this.#keys[slot]!)
    this.#total -= this.#bytes[slot]!
    this.#keys[slot] = undefined
    this.#values[slot] = undefined
    this.#free.push(slot)
  }

  #grow(): number {
    const slot = this.#keys.length
    this.#keys.push(undefined)
    this.#values.push(undefined)
    if (slot < this.#bytes.length) return slot
    const [bytes, used] = [new Float64Array(2 * slot), new Uint8Array(2 * slot)]
    bytes.set(this.#bytes)
    used.set(this.#used)
    this.#bytes = bytes
    this.#used = used
    return slot
  }
}
