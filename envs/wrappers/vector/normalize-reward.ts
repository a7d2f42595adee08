import { checkKwargs } from '../../kwargs.js'
import { meanOf, RunningMeanStd } from '../../running-mean-std.js'
import { numbersFromState } from '../../state.js'
import type { VectorEnv } from '../../vector/vector-env.js'
import type { ObservationTarget, VectorActions, VectorInfos, VectorResetOptions, VectorStep } from '../../vector/vector-types.js'
import { VectorWrapper } from '../../vector/vector-wrapper.js'
import type { NormalizeRewardOptions } from '../normalize-reward.js'
import { epsilonOption, numberWithin } from '../options.js'

/**
 * Divides rewards by the standard deviation of their discounted sums over all environments. Steps that only reset an environment do not
 * count. `updateRunningMean = false` freezes the figures.
 *
 *     const envs = new wrappers.vector.NormalizeReward(makeVec('Pendulum-v1', { numEnvs: 8 }), { gamma: 0.99 })
 */
export class NormalizeReward<Obs = Float32Array> extends VectorWrapper<Obs> {
  updateRunningMean = true
  readonly returnRms = new RunningMeanStd(1, false)
  readonly #accumulated: Float32Array
  /** Those of the environments that were stepped, one after the other. */
  readonly #active: Float32Array
  readonly #ended: Uint8Array
  readonly #normalized: Float64Array
  readonly #gamma: number
  readonly #epsilon: number
  readonly #result: unknown[] = [null, null, null, null, null]

  /** @throws InvalidBound */
  constructor(env: VectorEnv<Obs>, options: NormalizeRewardOptions = {}) {
    super(env)
    checkKwargs('NormalizeReward', options, ['gamma', 'epsilon'])
    this.#gamma = numberWithin('NormalizeReward', 'gamma', options.gamma ?? 0.99, 0, 1, true)
    this.#epsilon = epsilonOption('NormalizeReward', options.epsilon ?? 1e-8)
    const { numEnvs } = env
    this.#accumulated = new Float32Array(numEnvs)
    this.#active = new Float32Array(numEnvs)
    this.#ended = new Uint8Array(numEnvs)
    this.#normalized = new Float64Array(numEnvs)
  }

  override reset(options?: VectorResetOptions<Obs>): [observations: Obs, infos: VectorInfos<Obs>] {
    this.#accumulated.fill(0)
    this.#ended.fill(0)
    return super.reset(options)
  }

  override step(actions: VectorActions, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    const [observations, rewards, terminated, truncated, infos] = this.env.step(actions, target)
    const sameStep = this.autoresetMode === 'same-step'
    const gamma = Math.fround(this.#gamma)
    let active = 0
    for (let i = 0; i < this.numEnvs; i++) {
      if (!sameStep && this.#ended[i] === 1) continue
      this.#accumulated[i] = Math.fround(this.#accumulated[i]! * gamma) * (1 - terminated[i]!) + rewards[i]!
      this.#active[active++] = this.#accumulated[i]!
    }
    if (this.updateRunningMean && active > 0) this.#update(active)
    for (let i = 0; i < this.numEnvs; i++) {
      this.#ended[i] = terminated[i]! | truncated[i]!
      if (sameStep && this.#ended[i] === 1) this.#accumulated[i] = 0
    }
    const deviation = Math.sqrt(this.returnRms.variance[0]! + this.#epsilon)
    for (let i = 0; i < this.numEnvs; i++) this.#normalized[i] = rewards[i]! / deviation
    const result = (this.copy ? [] : this.#result) as unknown as VectorStep<Obs>
    result[0] = observations
    result[1] = this.copy ? this.#normalized.slice() : this.#normalized
    result[2] = terminated
    result[3] = truncated
    result[4] = infos
    return result
  }

  /** The moments of the batch are float32, as its sums are; they are merged in doubles. */
  #update(count: number): void {
    const mean = meanOf(this.#active, count, 1, 0, true, null)
    const variance = meanOf(this.#active, count, 1, 0, true, mean)
    this.returnRms.merge(0, mean, Math.fround(variance * count), count, false)
    this.returnRms.count += count
  }

  protected override saveOwn(): Record<string, unknown> {
    return {
      updateRunningMean: this.updateRunningMean,
      returnRms: this.returnRms.getState(),
      accumulated: Array.from(this.#accumulated),
      ended: Array.from(this.#ended),
    }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    this.returnRms.setState(own.returnRms)
    this.#accumulated.set(numbersFromState(own, 'accumulated', this.numEnvs))
    this.#ended.set(numbersFromState(own, 'ended', this.numEnvs))
    this.updateRunningMean = own.updateRunningMean === true
  }
}
