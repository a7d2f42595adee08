import { ASLEEP, ASLEEP_ELSE, ASLEEP_TAKES, BELL, SLEEPERS, SPINNERS, SPINNING } from './layout.js'

/** How others wake a thread: one word it sleeps on, and one that says whether it sleeps. */
export class Bell {
  readonly words: Int32Array

  constructor(
    readonly memory: SharedArrayBuffer,
    /** Counts sleepers and spinners among the workers for tasks. */
    private readonly pool: Int32Array,
  ) {
    this.words = new Int32Array(memory)
  }

  /** Wakes the thread if it sleeps. True: it did, and this call is what wakes it. */
  ring(): boolean {
    // Load: pairs with the sleeper's store, made before its last look for work. Either it sees our work or we see it asleep.
    if (Atomics.load(this.words, ASLEEP) === 0 || !this.awake()) return false
    Atomics.add(this.words, BELL, 1)
    // All waiters: a waitAsync of an earlier sleep may be waiting there too, and must not swallow the only wake.
    Atomics.notify(this.words, BELL)
    return true
  }

  /** Wakes the thread if it sleeps and would take a task. From now until it has looked, it counts as one that looks for tasks. */
  ringForTask(): boolean {
    if (Atomics.load(this.words, ASLEEP) !== ASLEEP_TAKES) return false
    this.spin(true)
    if (this.ring()) return true
    this.spin(false)
    return false
  }

  /** The thread is about to sleep; returns the value to wait on. A last look for work has to follow. */
  announce(takesTasks: boolean): number {
    const bell = Atomics.load(this.words, BELL)
    this.awake()
    if (takesTasks) Atomics.add(this.pool, SLEEPERS, 1)
    Atomics.store(this.words, ASLEEP, takesTasks ? ASLEEP_TAKES : ASLEEP_ELSE)
    return bell
  }

  /** The thread does not sleep any more. True for the first who says so. */
  awake(): boolean {
    if (Atomics.load(this.words, ASLEEP) === 0) return false
    // Exchange: the sleeper and whoever wakes it both come here, and only one may count.
    const was = Atomics.exchange(this.words, ASLEEP, 0)
    if (was === ASLEEP_TAKES) Atomics.sub(this.pool, SLEEPERS, 1)
    return was !== 0
  }

  spin(on: boolean): void {
    const before = on ? 0 : 1
    if (Atomics.compareExchange(this.words, SPINNING, before, 1 - before) !== before) return
    Atomics.add(this.pool, SPINNERS, on ? 1 : -1)
  }

  /** The thread is gone: takes it out of the counts. */
  remove(): void {
    this.awake()
    this.spin(false)
  }
}

/**
 * Wakes one worker for tasks, unless one is looking for tasks already: that one will find the new task, and wakes another
 * if there are more.
 */
export function wakeWorker(pool: Int32Array, bells: readonly Bell[]): void {
  if (Atomics.load(pool, SLEEPERS) === 0 || Atomics.load(pool, SPINNERS) > 0) return
  for (const bell of bells) if (bell.ringForTask()) return
}
