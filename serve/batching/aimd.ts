/**
 * Adaptive batch sizes (Clipper, NSDI'17, section 4.3.1): the limit grows by a step while batches come back well before the objective,
 * rests inside a band below it, and is cut by a tenth at or above it.
 *
 * Two things differ from Clipper on purpose. The limit grows only when a batch was full: a limit that nothing reached has not been
 * tried, and under light load it would grow without bound (Clipper fills such batches with copies instead). And one batch that is late
 * beyond all experience (a pause, a cold start) is not believed until a second one confirms it.
 */
const STEP = 2
const BACKOFF = 0.9
const BAND_BEGINS = 0.9
/** Late by more than this many times the usual latency is not the batch size's doing. */
const OUTLIER = 3
const SMOOTHING = 0.2
/** Frames stay small enough to be read in one go, whatever the objective allows. */
const LARGEST_BATCH = 4096

export class AimdController {
  /** Latency that one batch should stay under, milliseconds; may change while it runs. */
  objectiveMs: number
  readonly largestBatch: number
  #maxBatch = 1
  #usualMs = 0
  #suspected = false

  constructor(objectiveMs: number, largestBatch = LARGEST_BATCH) {
    this.objectiveMs = objectiveMs
    this.largestBatch = largestBatch
  }

  /** The most items the next batch may have; at least 1. */
  get maxBatch(): number {
    return this.#maxBatch
  }

  /** What a batch of `size` items took, from dispatch to reply. */
  observe(size: number, latencyMs: number): void {
    const late = latencyMs >= this.objectiveMs
    if (late && !this.#suspected && latencyMs > OUTLIER * this.#usualMs) {
      this.#suspected = true
      return
    }
    this.#suspected = false
    this.#usualMs += (this.#usualMs === 0 ? 1 : SMOOTHING) * (latencyMs - this.#usualMs)
    if (late) this.#maxBatch = Math.max(1, Math.floor(this.#maxBatch * BACKOFF))
    else if (latencyMs < BAND_BEGINS * this.objectiveMs && size >= this.#maxBatch) {
      this.#maxBatch = Math.min(this.largestBatch, this.#maxBatch + STEP)
    }
  }
}
