import { InvalidSpace, UnsupportedMode } from '../../errors.js'
import { checkKwargs } from '../../kwargs.js'
import { RunningMeanStd } from '../../running-mean-std.js'
import { Box } from '../../spaces/index.js'
import { sizeOf } from '../../spaces/shape.js'
import type { VectorEnv } from '../../vector/vector-env.js'
import type { VectorInfos, VectorResetOptions } from '../../vector/vector-types.js'
import { VectorObservationWrapper } from '../../vector/vector-wrapper.js'
import { normalizeRow } from '../normalize-observation.js'
import { epsilonOption } from '../options.js'

/**
 * Observations with mean 0 and variance 1, by the figures of all environments together. `updateRunningMean = false` freezes them.
 *
 *     const envs = new wrappers.vector.NormalizeObservation(makeVec('CartPole-v1', { numEnvs: 8 }))
 */
export class NormalizeObservation extends VectorObservationWrapper<Float32Array, ArrayLike<number>> {
  updateRunningMean = true
  readonly obsRms: RunningMeanStd
  readonly #epsilon: number
  readonly #out: Float32Array

  /** @throws InvalidBound, InvalidSpace for observations that are no numbers, UnsupportedMode unless the autoreset mode is 'next-step' */
  constructor(env: VectorEnv<ArrayLike<number>> | VectorEnv<Float32Array>, options: { epsilon?: number } = {}) {
    const { dtype, shape } = env.singleObservationSpace
    if (shape === null)
      throw new InvalidSpace(
        `NormalizeObservation needs observations that are numbers, got ${env.singleObservationSpace}; flatten them first`,
      )
    if (env.autoresetMode !== 'next-step')
      throw new UnsupportedMode(`NormalizeObservation needs the autoreset mode 'next-step', got '${env.autoresetMode}'`)
    super(env as VectorEnv<ArrayLike<number>>, { singleObservationSpace: new Box<'float32'>(-Infinity, Infinity, { shape }) })
    checkKwargs('NormalizeObservation', options, ['epsilon'])
    this.#epsilon = epsilonOption('NormalizeObservation', options.epsilon ?? 1e-8)
    this.obsRms = new RunningMeanStd(sizeOf(shape), dtype === 'float32', true)
    this.#out = new Float32Array(env.numEnvs * sizeOf(shape))
  }

  override reset(options: VectorResetOptions<Float32Array> = {}): [observations: Float32Array, infos: VectorInfos<Float32Array>] {
    const mask = options.options?.resetMask
    if (mask && !Array.from(mask).every(Boolean))
      throw new UnsupportedMode('NormalizeObservation counts every row of a reset, so resetMask must have all environments')
    return super.reset(options)
  }

  override mapObservations(observations: ArrayLike<number>): Float32Array {
    if (this.updateRunningMean) this.obsRms.update(observations, this.numEnvs, this.env.columnMajor || undefined)
    for (let i = 0; i < this.numEnvs; i++) normalizeRow(this.obsRms, this.#epsilon, observations, i * this.obsRms.size, this.#out)
    return this.#out
  }

  protected override saveOwn(): Record<string, unknown> {
    return { updateRunningMean: this.updateRunningMean, obsRms: this.obsRms.getState() }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    this.obsRms.setState(own.obsRms)
    this.updateRunningMean = own.updateRunningMean === true
  }
}
