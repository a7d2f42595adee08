import type { Env } from '../env.js'
import { InvalidSpace } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { RunningMeanStd } from '../running-mean-std.js'
import { Box } from '../spaces/index.js'
import { sizeOf } from '../spaces/shape.js'
import { ObservationWrapper } from '../wrapper.js'
import { epsilonOption } from './options.js'

/**
 * Observations with mean 0 and variance 1, by the figures of all seen so far. `updateRunningMean = false` freezes them, as an evaluation
 * needs; they belong to the policy and are saved with the state.
 *
 *     const env = new wrappers.NormalizeObservation(make('CartPole-v1'), { epsilon: 1e-8 })
 */
export class NormalizeObservation<Act = unknown> extends ObservationWrapper<Float32Array, Act, number | ArrayLike<number>> {
  updateRunningMean = true
  /** The figures, one for each coordinate. */
  readonly obsRms: RunningMeanStd
  readonly #epsilon: number

  /** @throws InvalidBound, InvalidSpace for observations that are no numbers */
  constructor(env: Env<number | ArrayLike<number>, Act>, options: { epsilon?: number } = {}) {
    super(env, options)
    checkKwargs('NormalizeObservation', options, ['epsilon'])
    this.#epsilon = epsilonOption('NormalizeObservation', options.epsilon ?? 1e-8)
    const { dtype, shape } = env.observationSpace
    if (shape === null)
      throw new InvalidSpace(`NormalizeObservation needs observations that are numbers, got ${env.observationSpace}; flatten them first`)
    this.observationSpace = new Box<'float32'>(-Infinity, Infinity, { shape })
    this.obsRms = new RunningMeanStd(sizeOf(shape), dtype === 'float32', true)
  }

  override observation(observation: number | ArrayLike<number>): Float32Array {
    const row = typeof observation === 'number' ? [observation] : observation
    if (this.updateRunningMean) this.obsRms.update(row, 1)
    const normalized = new Float32Array(row.length)
    normalizeRow(this.obsRms, this.#epsilon, row, 0, normalized)
    return normalized
  }

  protected override saveOwn(): Record<string, unknown> {
    return { updateRunningMean: this.updateRunningMean, obsRms: this.obsRms.getState() }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    this.obsRms.setState(own.obsRms)
    this.updateRunningMean = own.updateRunningMean === true
  }
}

/** (x − mean) / √(variance + ε), for the row that begins at `start`. */
export function normalizeRow(
  { mean, single, size, variance }: RunningMeanStd,
  epsilon: number,
  rows: ArrayLike<number>,
  start: number,
  out: Float32Array,
): void {
  const round = single ? Math.fround : (x: number) => x
  const small = round(epsilon)
  for (let k = 0; k < size; k++) {
    out[start + k] = round(rows[start + k]! - mean[k]!) / round(Math.sqrt(round(variance[k]! + small)))
  }
}
