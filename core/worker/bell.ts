import { ASLEEP, ASLEEP_ELSE, ASLEEP_TAKES, BELL, INDEX, LISTENS_TAKES, LOOKING, SLEEPERS, SPOKE } from './layout.js'

/** How others wake a thread: one word it sleeps on, and one that says whether it sleeps. */
export class Bell {
  readonly words: Int32Array

  constructor(
    readonly memory: SharedArrayBuffer,
    /** What the workers for tasks share: how many sleep, and who looks for tasks. */
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

  /** Wakes the thread if it sleeps and would take a task. From now until it has looked, it counts as the one that looks. */
  ringSleeper(): boolean {
    if (Atomics.load(this.words, ASLEEP) !== ASLEEP_TAKES) return false
    this.looks()
    if (this.ring()) return true
    this.looked()
    return false
  }

  /** Wakes the thread if it listens and would take a task. Nobody may rely on it: it may be computing. */
  ringListener(): void {
    if (Atomics.load(this.words, ASLEEP) === LISTENS_TAKES) this.ring()
  }

  /** The thread is about to sleep; returns the value to wait on. A last look for work has to follow. */
  announce(how: typeof ASLEEP_TAKES | typeof ASLEEP_ELSE | typeof LISTENS_TAKES): number {
    const bell = Atomics.load(this.words, BELL)
    this.awake()
    // Counted before it is said: whoever dies between the two leaves one too many, which costs a look at the bells.
    if (how !== ASLEEP_ELSE) Atomics.add(this.pool, SLEEPERS, 1)
    Atomics.store(this.words, ASLEEP, how)
    return bell
  }

  /** The thread does not sleep any more. True for the first who says so. */
  awake(): boolean {
    if (Atomics.load(this.words, ASLEEP) === 0) return false
    // Exchange: the sleeper and whoever wakes it both come here, and only one may count.
    const was = Atomics.exchange(this.words, ASLEEP, 0)
    if (was === ASLEEP_TAKES || was === LISTENS_TAKES) Atomics.sub(this.pool, SLEEPERS, 1)
    return was !== 0
  }

  /** The thread looks for tasks now, or is about to. One who looks is enough for those who submit. */
  looks(): void {
    if (Atomics.load(this.pool, LOOKING) === 0) Atomics.compareExchange(this.pool, LOOKING, 0, this.words[INDEX]!)
  }

  /** Whether another thread looks for tasks. */
  othersLook(): boolean {
    const who = Atomics.load(this.pool, LOOKING)
    return who !== 0 && who !== this.words[INDEX]
  }

  /** It does not look any more: a last look has to follow, or whatever waits be handed to another. */
  looked(): void {
    // Named and not counted: whoever dies while it looks can be taken out by others, and nobody twice.
    Atomics.compareExchange(this.pool, LOOKING, this.words[INDEX]!, 0)
  }

  /** The thread is gone: takes it out of what is shared. */
  remove(): void {
    this.awake()
    this.looked()
  }
}

/** The first that comes from a thread lies there: those that take look at it now. Before the bell is rung. */
export function spoke(pool: Int32Array): void {
  Atomics.add(pool, SPOKE, 1)
}

/**
 * Wakes one worker for tasks, unless one is looking for tasks already: that one will find the new task, and wakes another
 * if there are more. Where none sleeps, all that listen are told, since any of them may be busy with an open task.
 */
export function wakeWorker(pool: Int32Array, bells: readonly Bell[]): void {
  if (Atomics.load(pool, SLEEPERS) === 0 || Atomics.load(pool, LOOKING) !== 0) return
  for (const bell of bells) if (bell.ringSleeper()) return
  for (const bell of bells) bell.ringListener()
}
