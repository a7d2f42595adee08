import { isThenable } from './thenable.js'

/** What a class may have so that its state survives the death of its thread. */
export interface Saving {
  saveState?: () => unknown
  restoreState?: (state: unknown) => unknown
}

/**
 * Saves an actor's state after each call and before its caller hears of it: what was answered is not lost. One save at a
 * time, since an older one must not replace a newer; calls that end while one is under way wait for the next, which serves all
 * of them.
 */
export class Saver {
  private running: Promise<void> | undefined
  private next: Promise<void> | undefined

  constructor(
    private readonly instance: Saving,
    /** Throws for a state that cannot travel. */
    private readonly send: (state: unknown) => void,
  ) {}

  /** Undefined: it is saved already. */
  save(): Promise<void> | undefined {
    if (this.running === undefined && this.next === undefined) return this.begin()
    this.next ??= this.running!.then(
      () => this.begin(),
      () => this.begin(),
    )
    return this.next
  }

  private begin(): Promise<void> | undefined {
    this.next = undefined
    const state = this.instance.saveState!()
    if (!isThenable(state)) {
      this.send(state)
      return undefined
    }
    const running = this.sent(state)
    this.running = running
    return running
  }

  private async sent(state: PromiseLike<unknown>): Promise<void> {
    try {
      this.send(await state)
    } finally {
      this.running = undefined
    }
  }
}
