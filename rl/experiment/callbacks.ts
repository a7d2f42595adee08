import { childRandom } from '../../envs/seeding.js'
import type { Callback } from './agent.js'
import { type Evaluation, evaluate } from './evaluation.js'

export interface SolvedOptions {
  /** Greedy mean return that counts as solved. */
  readonly threshold: number
  /** Fresh episodes the mean is over; 100 unless told. */
  readonly episodes?: number
  /** Environment steps between checks; 4,096 unless told. */
  readonly everySteps?: number
  /** Told of each check. */
  readonly onEvaluation?: (evaluation: Evaluation, steps: number) => void
}

/**
 * Ends training once the greedy mean return over fresh episodes reaches the threshold. The episodes' seeds are a stream of their own,
 * apart from every training environment's.
 */
export function stopWhenSolved({ threshold, episodes = 100, everySteps = 4_096, onEvaluation }: SolvedOptions): Callback {
  let next = everySteps
  return async ({ agent, steps }) => {
    if (steps < next) return true
    next = steps + everySteps
    const seed = childRandom(agent.seed, `evaluation/${steps}`).integers(2 ** 31)
    const evaluation = await evaluate(agent.policy, agent.environmentId, { episodes, seed })
    onEvaluation?.(evaluation, steps)
    return evaluation.meanReward < threshold
  }
}
