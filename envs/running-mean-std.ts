/**
 * Mean and variance of a stream of rows, merged batch by batch (Chan, Golub and LeVeque, 1979), with NumPy's rounding: in float32 while
 * everything added is float32, else in doubles.
 */
import { invalidState, numbersFromState, type SavedObject } from './state.js'

/** The weight that the start, mean 0 and variance 1, has beside what comes. */
const INITIAL_COUNT = 1e-4

export class RunningMeanStd {
  readonly mean: Float64Array
  readonly variance: Float64Array
  count = INITIAL_COUNT

  /**
   * @param size numbers in a row
   * @param single whether the rows are float32
   * @param startsSingle whether the variance at the start is, which other rows feel in their first merge
   */
  constructor(
    readonly size: number,
    readonly single: boolean,
    private readonly startsSingle = single,
  ) {
    this.mean = new Float64Array(size)
    this.variance = new Float64Array(size).fill(1)
  }

  /** Adds `count` rows of `values`, one after the other. @param inPairs whether columns are summed in NumPy's pairs, as a lone one is */
  update(values: ArrayLike<number>, count: number, inPairs = this.size === 1): void {
    const { size, single } = this
    for (let k = 0; k < size; k++) {
      const mean = meanOf(values, count, size, k, single, null, inPairs)
      const variance = meanOf(values, count, size, k, single, mean, inPairs)
      this.merge(k, mean, single ? Math.fround(variance * count) : variance * count, count, single)
    }
    this.count += count
  }

  /** Adds a batch of one coordinate by its mean and its sum of squared distances; `count` is raised by the caller, once for all. */
  merge(k: number, batchMean: number, batchSquares: number, batchCount: number, single: boolean): void {
    const round = single ? Math.fround : (x: number) => x
    const [count, total] = [round(this.count), round(this.count + batchCount)]
    const delta = round(batchMean - this.mean[k]!)
    const between = round(round(round(round(delta * delta) * count) * batchCount) / total)
    const before = this.startsSingle && this.count === INITIAL_COUNT ? Math.fround(count) : round(this.variance[k]! * count)
    const within = round(before + batchSquares)
    this.mean[k] = round(this.mean[k]! + round(round(delta * batchCount) / total))
    this.variance[k] = round(round(within + between) / total)
  }

  /** JSON-able. */
  getState(): SavedObject {
    return { mean: Array.from(this.mean), variance: Array.from(this.variance), count: this.count }
  }

  /** @throws EnvError (ENVS_INVALID_STATE) */
  setState(state: unknown): void {
    const saved = (state ?? {}) as SavedObject
    const mean = numbersFromState(saved, 'mean', this.size)
    const variance = numbersFromState(saved, 'variance', this.size)
    if (typeof saved.count !== 'number') throw invalidState('count of a saved mean and variance is a number')
    this.mean.set(mean)
    this.variance.set(variance)
    this.count = saved.count
  }
}

/** The mean of a column, or of its squared distances from `center`, summed row by row or in NumPy's pairs. */
export function meanOf(
  values: ArrayLike<number>,
  count: number,
  size: number,
  k: number,
  single: boolean,
  center: number | null,
  inPairs = size === 1,
): number {
  const round = single ? Math.fround : (x: number) => x
  const at = (i: number) => {
    const value = values[i * size + k]!
    if (center === null) return value
    const distance = round(value - center)
    return round(distance * distance)
  }
  if (inPairs) return round(pairwiseSum(at, 0, count, round) / count)
  let sum = 0
  for (let i = 0; i < count; i++) sum = round(sum + at(i))
  return round(sum / count)
}

const BLOCK = 128

function pairwiseSum(at: (i: number) => number, start: number, count: number, round: (x: number) => number): number {
  if (count < 8) {
    let sum = 0
    for (let i = start; i < start + count; i++) sum = round(sum + at(i))
    return sum
  }
  if (count > BLOCK) {
    const half = (count >> 1) - ((count >> 1) % 8)
    return round(pairwiseSum(at, start, half, round) + pairwiseSum(at, start + half, count - half, round))
  }
  const whole = count - (count % 8)
  const lane = (k: number) => {
    let sum = at(start + k)
    for (let i = k + 8; i < whole; i += 8) sum = round(sum + at(start + i))
    return sum
  }
  const pair = (k: number) => round(lane(k) + lane(k + 1))
  let sum = round(round(pair(0) + pair(2)) + round(pair(4) + pair(6)))
  for (let i = whole; i < count; i++) sum = round(sum + at(start + i))
  return sum
}
