/** The first pause after a failure, and the longest. */
const FIRST_MS = 5_000
const LONGEST_MS = 300_000

/** What failed, to be tried again after longer and longer pauses. */
export class Retries {
  readonly #waiting = new Map<string, NodeJS.Timeout | undefined>()
  /** The last pause of each, once it is over. */
  readonly #pauses = new Map<string, number>()

  /** Whether it is not to be tried yet. */
  waits(id: string): boolean {
    return this.#waiting.has(id)
  }

  /** @param pauseMs Infinity: never by itself; default twice the pause before */
  later(id: string, pauseMs: number | undefined, again: () => void): void {
    const pause = pauseMs ?? Math.min(LONGEST_MS, 2 * (this.#pauses.get(id) ?? FIRST_MS / 2))
    const over = () => {
      this.#waiting.delete(id)
      this.#pauses.set(id, pause)
      again()
    }
    const timer = Number.isFinite(pause) ? setTimeout(over, pause) : undefined
    timer?.unref()
    this.#waiting.set(id, timer)
  }

  forget(id: string): void {
    clearTimeout(this.#waiting.get(id))
    this.#waiting.delete(id)
    this.#pauses.delete(id)
  }

  stop(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer)
  }
}
