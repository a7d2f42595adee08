/** Changes of the rewards of several environments: by a function of the array, or by a wrapper for single environments. */
import { checkKwargs } from '../../kwargs.js'
import type { VectorEnv } from '../../vector/vector-env.js'
import { VectorRewardWrapper } from '../../vector/vector-wrapper.js'
import type { RewardWrapper } from '../../wrapper.js'
import { functionOption } from '../options.js'
import { type ClipRewardOptions, ClipReward as SingleClip } from '../transform-reward.js'
import { SpacesOnly } from './transform-observation.js'

type Rewards = Float64Array | Float32Array

/**
 * Applies a function to the array of rewards.
 *
 *     const envs = new wrappers.vector.TransformReward(makeVec('CartPole-v1'), { func: (rewards) => rewards.map((r) => 2 * r) })
 */
export class TransformReward<Obs = Float32Array> extends VectorRewardWrapper<Obs> {
  readonly #func: (rewards: Rewards) => Rewards

  /** @throws InvalidKwargs */
  constructor(env: VectorEnv<Obs>, options: { func: (rewards: Rewards) => Rewards }) {
    super(env)
    checkKwargs('TransformReward', options, ['func'])
    this.#func = functionOption('TransformReward', 'func', options.func)
  }

  override mapRewards(rewards: Rewards): Rewards {
    return this.#func(rewards)
  }
}

/**
 * Applies a wrapper for single environments to each reward.
 *
 *     const envs = new wrappers.vector.VectorizeTransformReward(makeVec('CartPole-v1'), wrappers.TransformReward, { func: (r) => -r })
 */
export class VectorizeTransformReward<Obs = Float32Array, O = object> extends VectorRewardWrapper<Obs> {
  readonly #wrapper: RewardWrapper
  #rewards: Rewards | null = null

  /** @throws what the wrapper throws */
  constructor(env: VectorEnv<Obs>, Wrapper: new (env: never, options: O) => RewardWrapper<never, never>, options: O) {
    super(env)
    this.#wrapper = new Wrapper(new SpacesOnly(env.singleObservationSpace) as never, options) as unknown as RewardWrapper
  }

  override mapRewards(rewards: Rewards): Rewards {
    this.#rewards ??= rewards.slice()
    for (let i = 0; i < rewards.length; i++) this.#rewards[i] = this.#wrapper.reward(rewards[i]!)
    return this.#rewards
  }
}

/** `wrappers.ClipReward` for several environments. */
export class ClipReward<Obs = Float32Array> extends VectorizeTransformReward<Obs, ClipRewardOptions> {
  constructor(env: VectorEnv<Obs>, options: ClipRewardOptions) {
    super(env, SingleClip as never, options)
  }
}
