/** What a controller has found, for people and metrics. */
export interface ControllerState {
  readonly policy: string
  /** The most items the next batch may have. */
  readonly maxBatch: number
  /** Latency that one batch should stay under, milliseconds. */
  readonly objectiveMs: number
  /** What batches took of late, milliseconds; 0 before the first. */
  readonly usualMs: number
  /** How often the limit was raised and cut. */
  readonly grown: number
  readonly cut: number
  /** The last tooth of the saw: the limit before the last cut, and after it; null before the first. */
  readonly peak: number | null
  readonly trough: number | null
}

/** Finds how large one replica's batches may be. */
export interface BatchController {
  /** May change while it runs. */
  objectiveMs: number
  /** The most items the next batch may have; at least 1. */
  readonly maxBatch: number
  readonly state: ControllerState
  /** What a batch of `size` items took, from dispatch to reply. */
  observe(size: number, latencyMs: number): void
}

const SMOOTHING = 0.2
/** Late by more than this many times the usual latency is not the batch size's doing. */
const OUTLIER = 3

/** What every controller keeps: its limit, and the marks of how that moved. */
export abstract class Limit implements BatchController {
  abstract readonly policy: string
  #maxBatch = 1
  #usualMs = 0
  #grown = 0
  #cut = 0
  #peak: number | null = null
  #trough: number | null = null
  #suspected = false

  constructor(
    public objectiveMs: number,
    readonly largestBatch: number,
  ) {}

  abstract observe(size: number, latencyMs: number): void

  get maxBatch(): number {
    return this.#maxBatch
  }

  get usualMs(): number {
    return this.#usualMs
  }

  /** Keeps the limit within 1 and the largest batch. */
  protected moveTo(limit: number): void {
    const next = Math.max(1, Math.min(this.largestBatch, Math.floor(limit)))
    if (next > this.#maxBatch) this.#grown++
    if (next < this.#maxBatch) {
      this.#cut++
      this.#peak = this.#maxBatch
      this.#trough = next
    }
    this.#maxBatch = next
  }

  /**
   * Whether to believe what a batch took. One that is late beyond all experience (a pause, a cold start) is not believed until a second
   * one confirms it; what is believed counts for `usualMs`.
   */
  protected believes(latencyMs: number): boolean {
    this.#suspected = !this.#suspected && latencyMs >= this.objectiveMs && latencyMs > OUTLIER * this.#usualMs
    if (!this.#suspected) this.remember(latencyMs)
    return !this.#suspected
  }

  protected remember(latencyMs: number): void {
    this.#usualMs += (this.#usualMs === 0 ? 1 : SMOOTHING) * (latencyMs - this.#usualMs)
  }

  get state(): ControllerState {
    return {
      policy: this.policy,
      maxBatch: this.#maxBatch,
      objectiveMs: this.objectiveMs,
      usualMs: this.#usualMs,
      grown: this.#grown,
      cut: this.#cut,
      peak: this.#peak,
      trough: this.#trough,
    }
  }
}
