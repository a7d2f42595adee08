/**
 * What the threads of one runtime hold against `objectStoreBytes`, in shared memory.
 *
 *      total   bytes in memory │ bytes on disk only │ pressure      one, shared by all threads
 *      own     bytes in memory │ bytes on disk only                 one a thread, so that a dead thread's share can be taken off
 */
export interface UsageMemory {
  readonly total: SharedArrayBuffer
  readonly own: SharedArrayBuffer
}

const IN_MEMORY = 0
const ON_DISK = 1
/** In 32-bit words: all threads look at it all the time, and reading a 64-bit word makes a bigint. */
const PRESSURE = 4

/** Counts for one thread. The thread that starts the runtime makes the first; a worker's is `new StoreUsage(forThread())`. */
export class StoreUsage {
  private readonly total: BigInt64Array
  private readonly own: BigInt64Array
  private readonly flags: Int32Array

  constructor(private readonly memory: UsageMemory = { total: words(3), own: words(2) }) {
    this.total = new BigInt64Array(memory.total)
    this.own = new BigInt64Array(memory.own)
    this.flags = new Int32Array(memory.total)
  }

  /** What another thread needs to count with us; keep it until that thread ends. */
  forThread(): UsageMemory {
    return { total: this.memory.total, own: words(2) }
  }

  /** Whether a thread holds anything. */
  static holds(thread: UsageMemory): boolean {
    const own = new BigInt64Array(thread.own)
    return Atomics.load(own, IN_MEMORY) !== 0n || Atomics.load(own, ON_DISK) !== 0n
  }

  /** A thread has ended, and what it held with it. */
  writeOff(thread: UsageMemory): void {
    const own = new BigInt64Array(thread.own)
    for (const word of [IN_MEMORY, ON_DISK]) Atomics.sub(this.total, word, Atomics.exchange(own, word, 0n))
  }

  addInMemory(bytes: number): void {
    this.add(IN_MEMORY, bytes)
  }

  addOnDisk(bytes: number): void {
    this.add(ON_DISK, bytes)
  }

  /** Of all threads. */
  get inMemoryBytes(): number {
    return Number(Atomics.load(this.total, IN_MEMORY))
  }

  /** Of all threads; what lies in memory and on disk counts as in memory. */
  get onDiskBytes(): number {
    return Number(Atomics.load(this.total, ON_DISK))
  }

  /** Of this thread. */
  get ownInMemoryBytes(): number {
    return Number(Atomics.load(this.own, IN_MEMORY))
  }

  /** Of this thread. */
  get ownOnDiskBytes(): number {
    return Number(Atomics.load(this.own, ON_DISK))
  }

  /** Whether a thread could not make room out of what it holds itself, so that the others should. */
  get pressed(): boolean {
    return Atomics.load(this.flags, PRESSURE) !== 0
  }

  set pressed(value: boolean) {
    Atomics.store(this.flags, PRESSURE, value ? 1 : 0)
  }

  private add(word: number, bytes: number): void {
    const change = BigInt(bytes)
    Atomics.add(this.total, word, change)
    Atomics.add(this.own, word, change)
  }
}

function words(count: number): SharedArrayBuffer {
  return new SharedArrayBuffer(count * BigInt64Array.BYTES_PER_ELEMENT)
}
