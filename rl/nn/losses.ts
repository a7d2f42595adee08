/**
 * Losses on what networks put out, with their gradients. Means are over `total` rows, of which a call may hold a part: gradients and
 * sums of the parts add up to those of the whole, however it is cut.
 */
import { badAction } from './categorical.js'
import { NnError } from './errors.js'
import { heapOf } from './heap.js'
import { loadKernels } from './kernels/index.js'

export interface PpoCategoricalBatch {
  /** [n, k] */
  logits: Float32Array
  /** [n], in 0 … k-1 */
  actions: Int32Array
  /** [n], ln π_old(action) */
  oldLogProbs: Float32Array
  /** [n], normalised if they should be */
  advantages: Float32Array
  n: number
  k: number
  /** ε of the clipped ratio */
  clipRange: number
  entropyCoef: number
  /** Rows that the mean is over: the minibatch, all shards together. */
  total: number
}

/** Where `ppoCategorical` adds its four sums over rows. */
export const PPO_STATS = { policyLoss: 0, entropy: 1, approxKl: 2, clipped: 3 } as const

/**
 * PPO's clipped surrogate with an entropy bonus (Schulman et al. 2017, equations 7 and 9):
 *
 *     loss = mean(-min(ρA, clip(ρ, 1-ε, 1+ε) A)) - entropyCoef · mean(H),  ρ = π(a) / π_old(a)
 *
 * Overwrites dLogits [n, k] with its gradient (`dLogits` may be `logits` itself). Adds to `stats` (4 or more elements, zeroed by the
 * caller) the sums over the n rows of the policy loss, the entropy, the KL estimate ρ - 1 - ln ρ, and the rows with |ρ - 1| > ε.
 */
export function ppoCategorical(batch: PpoCategoricalBatch, dLogits: Float32Array, stats: Float32Array | Float64Array): void {
  const { logits, actions, oldLogProbs, advantages, n, k, clipRange, entropyCoef, total } = batch
  checkTotal(total, n)
  const heap = heapOf(logits, 'logits')
  const bad = loadKernels(heap.memory).ppoCategorical(
    heap.address(logits, n * k, 'logits'),
    heap.address(actions, n, 'actions'),
    heap.address(oldLogProbs, n, 'oldLogProbs'),
    heap.address(advantages, n, 'advantages'),
    n,
    k,
    clipRange,
    entropyCoef,
    1 / total,
    heap.address(dLogits, n * k, 'dLogits'),
    heap.address(stats, 4, 'stats'),
    stats instanceof Float64Array ? 1 : 0,
  )
  if (bad >= 0) throw badAction(actions, bad, n, k)
}

export interface ValueBatch {
  /** [n] */
  values: Float32Array
  /** [n] */
  returns: Float32Array
  n: number
  /** Multiplies the mean squared error (Stable-Baselines3's vf_coef; twice CleanRL's, which halves the error). */
  coef: number
  /** Rows that the mean is over. */
  total: number
  /** With both of these, the error is the larger of that of v and that of old + clip(v - old, ±range), as in OpenAI baselines' ppo2. */
  oldValues?: Float32Array
  clipRangeValue?: number
}

/** loss = coef · mean((v - R)²). Overwrites dValues [n] with its gradient, and returns the sum of the n squared errors. */
export function valueLoss(batch: ValueBatch, dValues: Float32Array): number {
  const { values, returns, n, coef, total, oldValues, clipRangeValue } = batch
  checkTotal(total, n)
  if ((oldValues === undefined) !== (clipRangeValue === undefined)) {
    throw new NnError('BAD_NETWORK', 'oldValues and clipRangeValue go together: give both to clip the value, or neither')
  }
  const heap = heapOf(values, 'values')
  return loadKernels(heap.memory).valueLoss(
    heap.address(values, n, 'values'),
    heap.address(returns, n, 'returns'),
    n,
    coef / total,
    oldValues ? heap.address(oldValues, n, 'oldValues') : 0,
    clipRangeValue ?? 0,
    heap.address(dValues, n, 'dValues'),
  )
}

function checkTotal(total: number, n: number): void {
  if (!(total >= n && total > 0))
    throw new NnError('BAD_INDEX', `total counts all rows of the minibatch, so at least n = ${n}; given ${total}`)
}
