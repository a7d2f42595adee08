/**
 * Batch sizes by quantile regression (Clipper, NSDI'17, section 4.3.1): a line through the 99th percentile of a batch's latency over its
 * size; the limit is the largest size that the line puts under the objective.
 *
 * The line is fitted by iteratively reweighted least squares on the pinball loss (Schlossmacher, 1973; Koenker and Bassett, 1978), over
 * the last batches only: after a pause the limit is right again once they have been seen. A line says nothing about sizes far beyond
 * those that were tried, so the limit at most doubles at a time, and grows only when a batch was full.
 */
import { Limit } from './controller.js'

const QUANTILE = 0.99
const WINDOW = 200
/** Batches between two fits. */
const EVERY = 8
/** From nothing, and from the last fit: a window has few new points. */
const COLD_ITERATIONS = 60
const WARM_ITERATIONS = 8
const SMALLEST_RESIDUAL_MS = 1e-3
/** Until sizes differ there is no line; the limit moves by steps like AIMD's. */
const STEP = 2
const GROWTH = 2
const BACKOFF = 0.9

export class QuantileController extends Limit {
  override readonly policy = 'quantile'
  readonly #sizes = new Float64Array(WINDOW)
  readonly #latencies = new Float64Array(WINDOW)
  #seen = 0
  #line: Line | undefined
  /** Whether a batch was full since the last fit. */
  #full = false

  override observe(size: number, latencyMs: number): void {
    if (!this.believes(latencyMs)) return
    this.#sizes[this.#seen % WINDOW] = size
    this.#latencies[this.#seen % WINDOW] = latencyMs
    this.#seen++
    this.#full ||= size >= this.maxBatch
    if (this.#seen % EVERY === 0) this.#decide()
  }

  #decide(): void {
    const line = fitQuantile(this.#sizes, this.#latencies, Math.min(this.#seen, WINDOW), QUANTILE, this.#line)
    this.#line = line
    const full = this.#full
    this.#full = false
    if (line === undefined) {
      if (this.usualMs >= this.objectiveMs) this.moveTo(this.maxBatch * BACKOFF)
      else if (full) this.moveTo(this.maxBatch + STEP)
      return
    }
    const [fixedMs, eachMs] = line
    // A line that does not rise says that larger batches cost nothing.
    const best = eachMs > 0 ? Math.floor((this.objectiveMs - fixedMs) / eachMs) : Number.POSITIVE_INFINITY
    if (best < this.maxBatch) this.moveTo(best)
    else if (full) this.moveTo(Math.min(best, GROWTH * this.maxBatch))
  }
}

type Line = readonly [fixedMs: number, eachMs: number]

/**
 * `[intercept, slope]` of the line under which `quantile` of the points lie; undefined while all sizes are the same.
 * @param from a line that is nearly it
 */
export function fitQuantile(sizes: Float64Array, latencies: Float64Array, count: number, quantile: number, from?: Line): Line | undefined {
  let [intercept, slope] = from ?? [0, 0]
  const iterations = from === undefined ? COLD_ITERATIONS : WARM_ITERATIONS
  for (let iteration = 0; iteration < iterations; iteration++) {
    let w = 0
    let x = 0
    let y = 0
    let xx = 0
    let xy = 0
    for (let i = 0; i < count; i++) {
      const residual = latencies[i]! - (intercept + slope * sizes[i]!)
      // The first pass from nothing is plain least squares.
      const weight =
        iteration === 0 && from === undefined
          ? 1
          : (residual > 0 ? quantile : 1 - quantile) / Math.max(Math.abs(residual), SMALLEST_RESIDUAL_MS)
      w += weight
      x += weight * sizes[i]!
      y += weight * latencies[i]!
      xx += weight * sizes[i]! ** 2
      xy += weight * sizes[i]! * latencies[i]!
    }
    const spread = xx - (x * x) / w
    if (!(spread > 1e-9 * xx)) return undefined
    slope = (xy - (x * y) / w) / spread
    intercept = (y - slope * x) / w
  }
  return [intercept, slope]
}
