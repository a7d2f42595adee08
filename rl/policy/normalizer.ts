/** What the policy file keeps of an observation normaliser: everything needed to act, nothing needed to learn. */
export interface NormalizerDescription {
  /** One value an observation element. */
  readonly mean: readonly number[]
  readonly variance: readonly number[]
  /** Normalised observations are clipped to ±clip. */
  readonly clip: number
  /** Added to the variance before the square root. */
  readonly epsilon: number
  /** How many observations the moments come from. */
  readonly count: number
}

const CLIP = 10
const EPSILON = 1e-8

/**
 * Running mean and variance of observations, as VecNormalize keeps them: `clip((x − mean) / √(variance + ε), ±clip)`.
 * Moments of batches are merged by the parallel algorithm of Chan, Golub and LeVeque (1979), in float64.
 */
export class Normalizer {
  readonly size: number
  readonly clip: number
  readonly epsilon: number
  readonly mean: Float64Array
  readonly variance: Float64Array
  count: number

  constructor(size: number, { clip = CLIP, epsilon = EPSILON } = {}) {
    this.size = size
    this.clip = clip
    this.epsilon = epsilon
    this.mean = new Float64Array(size)
    this.variance = new Float64Array(size).fill(1)
    this.count = 0
  }

  static from(description: NormalizerDescription): Normalizer {
    const normalizer = new Normalizer(description.mean.length, description)
    normalizer.load(description)
    return normalizer
  }

  load({ mean, variance, count }: NormalizerDescription): void {
    this.mean.set(mean)
    this.variance.set(variance)
    this.count = count
  }

  describe(): NormalizerDescription {
    const { mean, variance, clip, epsilon, count } = this
    return { mean: Array.from(mean), variance: Array.from(variance), clip, epsilon, count }
  }

  /** Takes `n` raw observations (`[n, size]` row-major) into the moments. */
  update(observations: ArrayLike<number>, n: number): void {
    if (n === 0) return
    const total = this.count + n
    for (let column = 0; column < this.size; column++) {
      let mean = 0
      for (let row = 0; row < n; row++) mean += observations[row * this.size + column]
      mean /= n
      let squares = 0
      for (let row = 0; row < n; row++) squares += (observations[row * this.size + column] - mean) ** 2
      const delta = mean - this.mean[column]
      const merged = this.variance[column] * this.count + squares + (delta * delta * this.count * n) / total
      this.mean[column] += (delta * n) / total
      this.variance[column] = merged / total
    }
    this.count = total
  }

  /** Writes the normalised rows of `observations` (`[n, size]`) to `out`, which may be the same array. */
  normalize(observations: ArrayLike<number>, out: Float32Array, n: number): void {
    const { size, mean, variance, clip, epsilon } = this
    for (let column = 0; column < size; column++) {
      const center = mean[column]
      const scale = 1 / Math.sqrt(variance[column] + epsilon)
      for (let at = column; at < n * size; at += size) {
        out[at] = Math.min(Math.max((observations[at] - center) * scale, -clip), clip)
      }
    }
  }
}
