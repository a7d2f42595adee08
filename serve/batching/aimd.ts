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

export class AimdController extends Limit {
  override readonly policy = 'aimd'

  override observe(size: number, latencyMs: number): void {
    if (!this.believes(latencyMs)) return
    if (latencyMs >= this.objectiveMs) this.moveTo(this.maxBatch * BACKOFF)
    else if (latencyMs < BAND_BEGINS * this.objectiveMs && size >= this.maxBatch) this.moveTo(this.maxBatch + STEP)
  }
}
