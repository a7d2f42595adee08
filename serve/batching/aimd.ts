/**
 * Adaptive batch sizes (Clipper, NSDI'17, section 4.3.1): the limit grows by a step while batches come back well before the objective,
 * rests inside a band below it, and is cut by a tenth at or above it.
 *
 * Two things differ from Clipper on purpose. The limit grows only when a batch was full: a limit that nothing reached has not been
 * tried, and under light load it would grow without bound (Clipper fills such batches with copies instead). And one batch that is late
 * beyond all experience (a pause, a cold start) is not believed until a second one confirms it.
 */
import { Limit } from './controller.js'

const STEP = 2
const BACKOFF = 0.9
const BAND_BEGINS = 0.9
/** Late by more than this many times the usual latency is not the batch size's doing. */
const OUTLIER = 3

export class AimdController extends Limit {
  override readonly policy = 'aimd'
  #suspected = false

  override observe(size: number, latencyMs: number): void {
    const late = latencyMs >= this.objectiveMs
    if (late && !this.#suspected && latencyMs > OUTLIER * this.usualMs) {
      this.#suspected = true
      return
    }
    this.#suspected = false
    this.remember(latencyMs)
    if (late) this.moveTo(this.maxBatch * BACKOFF)
    else if (latencyMs < BAND_BEGINS * this.objectiveMs && size >= this.maxBatch) this.moveTo(this.maxBatch + STEP)
  }
}
