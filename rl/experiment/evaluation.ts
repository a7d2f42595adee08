import { type Seed, SeedSequence, seedPlus } from '../../envs/seeding.js'
import { LearningError } from '../errors.js'
import { Policy, PolicyError } from '../policy/index.js'
import { environment, makeEnvironments } from '../rollout/environments.js'

export interface EvaluateOptions {
  /** Episodes to play; 100 unless told. */
  readonly episodes?: number
  /** Episode i is reset with seed + i, as `env.reset(seed=…)` in Python; drawn where not given. */
  readonly seed?: Seed
  /** Greedy actions (the default) or drawn ones. */
  readonly deterministic?: boolean
}

export interface Evaluation {
  readonly meanReward: number
  /** Of the population of played episodes. */
  readonly stdReward: number
  readonly meanLength: number
  /** Return of each episode, in order. */
  readonly rewards: number[]
}

/** Environments stepped at once: enough for the kernels, few enough that one long episode does not idle the rest for long. */
const SIDE_BY_SIDE = 128

/**
 * Plays whole episodes of a fresh environment and gives their returns.
 * @throws PolicyError `POLICY_SPACES` where the policy is for other spaces; LearningError `RL_OPTION`; EnvError for an unknown id
 */
export async function evaluate(policy: Policy, environmentId: string, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { episodes = 100, deterministic = true } = options
  if (!Number.isSafeInteger(episodes) || episodes < 1) {
    throw new LearningError('RL_OPTION', `evaluate() plays at least 1 episode; episodes is ${episodes}`)
  }
  const id = checkSpaces(policy, environmentId)
  const seed = options.seed ?? new SeedSequence().entropy
  if (!deterministic) policy.seed(seed)
  const rewards: number[] = []
  let length = 0
  for (let first = 0; first < episodes; first += SIDE_BY_SIDE) {
    const count = Math.min(SIDE_BY_SIDE, episodes - first)
    const round = playOneEach(policy, id, count, seedPlus(seed, first), deterministic)
    rewards.push(...round.returns)
    length += round.length
    // Long evaluations leave the event loop room between rounds.
    await new Promise(setImmediate)
  }
  const meanReward = rewards.reduce((sum, reward) => sum + reward, 0) / episodes
  const variance = rewards.reduce((sum, reward) => sum + (reward - meanReward) ** 2, 0) / episodes
  return { meanReward, stdReward: Math.sqrt(variance), meanLength: length / episodes, rewards }
}

/** The environment's full id. @throws PolicyError `POLICY_SPACES` */
function checkSpaces(policy: Policy, environmentId: string): string {
  if (!(policy instanceof Policy))
    throw new LearningError('RL_OPTION', 'evaluate() takes a policy first: agent.policy, or what loadPolicy() gave')
  const { id, observationSpace, actionSpace } = environment(environmentId)
  if (observationSpace.equals(policy.observationSpace) && actionSpace.equals(policy.actionSpace)) return id
  throw new PolicyError(
    'POLICY_SPACES',
    `the policy was trained on ${policy.environmentId} (${policy.observationSpace} → ${policy.actionSpace}); ` +
      `${id} has ${observationSpace} → ${actionSpace}; evaluate it where it was trained`,
  )
}

/** One episode of each of `count` environments: an episode per environment, so that short episodes are not counted more often. */
function playOneEach(
  policy: Policy,
  environmentId: string,
  count: number,
  seed: Seed,
  deterministic: boolean,
): { returns: Float64Array; length: number } {
  const envs = makeEnvironments(environmentId, count)
  const returns = new Float64Array(count)
  const ended = new Uint8Array(count)
  let length = 0
  let [observations] = envs.reset({ seed })
  for (let playing = count; playing > 0; ) {
    const { actions } = policy.act(observations, count, { deterministic })
    const [next, rewards, terminated, truncated] = envs.step(actions)
    observations = next
    for (let i = 0; i < count; i++) {
      if (ended[i]) continue
      returns[i] += rewards[i]
      length++
      if (!terminated[i] && !truncated[i]) continue
      ended[i] = 1
      playing--
    }
  }
  envs.close()
  return { returns, length }
}
