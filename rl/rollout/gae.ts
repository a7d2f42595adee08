/** Time-major columns of `n` environments over `steps` steps; element (t, i) is at `t * stride + i`. */
export interface AdvantageColumns {
  readonly rewards: Float32Array
  /** V(s_t), the critic's value of the observation the action was taken in. */
  readonly values: Float32Array
  /** 1 where the episode ended in a terminal state: nothing is worth anything after it. */
  readonly terminated: Uint8Array
  /** 1 where the episode was cut off (a time limit): the rest is worth V of the final observation. */
  readonly truncated: Uint8Array
  /** V of the final observation where `truncated`, otherwise unused. */
  readonly finalValues: Float32Array
  readonly advantages: Float32Array
  readonly returns: Float32Array
}

export interface AdvantageOptions {
  readonly gamma: number
  readonly gaeLambda: number
}

/**
 * Generalized advantage estimation (Schulman et al., 2016, arXiv:1506.02438, eq. 16):
 *
 *     δ_t = r_t + γ V(s_{t+1}) − V(s_t)          Â_t = δ_t + γλ Â_{t+1}          return_t = Â_t + V(s_t)
 *
 * V(s_{t+1}) is 0 after a terminal state and V(final observation) after a truncation; the sum over t stops at either,
 * since the next row belongs to another episode. `lastValues[i - from]` is V of the observation after the last step.
 * Writes `advantages` and `returns` for environments `from ≤ i < to`.
 */
export function generalizedAdvantages(
  columns: AdvantageColumns,
  lastValues: ArrayLike<number>,
  steps: number,
  stride: number,
  [from, to]: readonly [number, number],
  { gamma, gaeLambda }: AdvantageOptions,
): void {
  const { rewards, values, terminated, truncated, finalValues, advantages, returns } = columns
  for (let i = from; i < to; i++) {
    let advantage = 0
    let nextValue = lastValues[i - from]
    for (let t = steps - 1; t >= 0; t--) {
      const at = t * stride + i
      if (terminated[at]) {
        nextValue = 0
        advantage = 0
      } else if (truncated[at]) {
        nextValue = finalValues[at]
        advantage = 0
      }
      const delta = rewards[at] + gamma * nextValue - values[at]
      advantage = delta + gamma * gaeLambda * advantage
      advantages[at] = advantage
      returns[at] = advantage + values[at]
      nextValue = values[at]
    }
  }
}
