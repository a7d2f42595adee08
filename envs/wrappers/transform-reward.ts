import type { Env } from '../env.js'
import { InvalidBound } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { RewardWrapper } from '../wrapper.js'
import { functionOption } from './options.js'

/**
 * Applies a function to every reward.
 *
 *     const env = new wrappers.TransformReward(make('CartPole-v1'), { func: (reward) => 2 * reward + 1 })
 */
export class TransformReward<Obs = unknown, Act = unknown> extends RewardWrapper<Obs, Act> {
  readonly #func: (reward: number) => number

  /** @throws InvalidKwargs */
  constructor(env: Env<Obs, Act>, options: { func: (reward: number) => number }) {
    super(env, options)
    checkKwargs('TransformReward', options, ['func'])
    this.#func = functionOption('TransformReward', 'func', options.func)
  }

  override reward(reward: number): number {
    return this.#func(reward)
  }
}

export interface ClipRewardOptions {
  minReward?: number | null
  maxReward?: number | null
}

/**
 * Keeps rewards within bounds, of which one may be left out.
 *
 *     const env = new wrappers.ClipReward(make('CartPole-v1'), { minReward: -1, maxReward: 0.5 })
 */
export class ClipReward<Obs = unknown, Act = unknown> extends RewardWrapper<Obs, Act> {
  readonly #low: number
  readonly #high: number

  /** @throws InvalidBound without any bound, or where the lower is above the upper */
  constructor(env: Env<Obs, Act>, options: ClipRewardOptions) {
    super(env, options)
    ;[this.#low, this.#high] = rewardBounds(options)
  }

  override reward(reward: number): number {
    return clipped(reward, this.#low, this.#high)
  }
}

/** @throws InvalidBound */
function rewardBounds(options: ClipRewardOptions): [low: number, high: number] {
  checkKwargs('ClipReward', options, ['minReward', 'maxReward'])
  const { minReward = null, maxReward = null } = options
  const low = minReward ?? -Infinity
  const high = maxReward ?? Infinity
  if ((minReward === null && maxReward === null) || !(low <= high))
    throw new InvalidBound(
      `ClipReward needs minReward, maxReward or both, the first not above the second; got ${shown(minReward)} and ${shown(maxReward)}`,
    )
  return [low, high]
}

/** NaN stays NaN. */
export function clipped(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value
}
