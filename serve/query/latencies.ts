/** Four buckets an octave from 1/16 ms on: a quantile is right to within a fifth, over six decades. */
const PER_OCTAVE = 4
const SMALLEST_MS = 0.0625
const OCTAVES = 22
const BUCKETS = OCTAVES * PER_OCTAVE + 1

/** A histogram of latencies that costs one logarithm a record and never allocates. */
export class Latencies {
  count = 0
  sumMs = 0
  readonly #counts = new Float64Array(BUCKETS)

  record(ms: number): void {
    this.count++
    this.sumMs += ms
    const bucket = ms <= SMALLEST_MS ? 0 : Math.ceil(Math.log2(ms / SMALLEST_MS) * PER_OCTAVE)
    this.#counts[Math.min(bucket, BUCKETS - 1)]!++
  }

  /** Upper edge of the bucket in which the quantile lies, ms; NaN while nothing was recorded. */
  quantile(q: number): number {
    return quantileOf(this.#counts, q) ?? Number.NaN
  }

  /** How many were in each bucket. */
  counts(): number[] {
    return [...this.#counts]
  }

  /** `[upper edge in ms, how many at or below it]`, an edge an octave. */
  *cumulative(): Generator<[number, number]> {
    let below = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      below += this.#counts[bucket]!
      if (bucket % PER_OCTAVE === 0) yield [SMALLEST_MS * 2 ** (bucket / PER_OCTAVE), below]
    }
  }
}

/**
 * A quantile of what was recorded between two moments: of the differences of `ApplicationMetrics.latencyCounts`. Right to within a fifth.
 * @returns milliseconds; null where nothing was recorded
 */
export function quantileOf(counts: ArrayLike<number>, q: number): number | null {
  let all = 0
  for (let bucket = 0; bucket < counts.length; bucket++) all += counts[bucket]!
  let left = q * all
  for (let bucket = 0; bucket < counts.length && all > 0; bucket++) {
    left -= counts[bucket]!
    if (left <= 0) return SMALLEST_MS * 2 ** (bucket / PER_OCTAVE)
  }
  return null
}
