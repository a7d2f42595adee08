import type { Env, StepResult } from '../env.js'
import { checkKwargs } from '../kwargs.js'
import { RunningMeanStd } from '../running-mean-std.js'
import { invalidState } from '../state.js'
import { Wrapper } from '../wrapper.js'
import { epsilonOption, numberWithin } from './options.js'

export interface NormalizeRewardOptions {
  /** The discount of the moving average; 0.99 unless told. */
  gamma?: number
  /** Added to the variance; 1e-8 unless told. */
  epsilon?: number
}

/**
 * Divides rewards by the standard deviation of their discounted sum, so that this has about variance 1. `updateRunningMean = false`
 * freezes the figures.
 *
 *     const env = new wrappers.NormalizeReward(make('Pendulum-v1'), { gamma: 0.99 })
 */
export class NormalizeReward<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  updateRunningMean = true
  discountedReward = 0
  readonly returnRms = new RunningMeanStd(1, false)
  readonly #gamma: number
  readonly #epsilon: number

  /** @throws InvalidBound */
  constructor(env: Env<Obs, Act>, options: NormalizeRewardOptions = {}) {
    super(env, options)
    checkKwargs('NormalizeReward', options, ['gamma', 'epsilon'])
    this.#gamma = numberWithin('NormalizeReward', 'gamma', options.gamma ?? 0.99, 0, 1, true)
    this.#epsilon = epsilonOption('NormalizeReward', options.epsilon ?? 1e-8)
  }

  override step(action: Act): StepResult<Obs> {
    const [observation, reward, terminated, truncated, info] = this.env.step(action)
    this.discountedReward = this.discountedReward * this.#gamma * (terminated ? 0 : 1) + reward
    if (this.updateRunningMean) this.returnRms.update([this.discountedReward], 1)
    return [observation, reward / Math.sqrt(this.returnRms.variance[0]! + this.#epsilon), terminated, truncated, info]
  }

  protected override saveOwn(): Record<string, unknown> {
    const { discountedReward, returnRms, updateRunningMean } = this
    return { updateRunningMean, discountedReward, returnRms: returnRms.getState() }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    if (typeof own.discountedReward !== 'number') throw invalidState('discountedReward of NormalizeReward is a number')
    this.returnRms.setState(own.returnRms)
    this.discountedReward = own.discountedReward
    this.updateRunningMean = own.updateRunningMean === true
  }
}
