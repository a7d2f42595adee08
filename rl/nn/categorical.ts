/**
 * The categorical distribution over k classes, from unnormalised log-probabilities: logits [n, k], row-major.
 * All arrays lie in one heap. Each row's result is bit for bit the same alone and in any batch.
 */
import { NnError } from './errors.js'
import { heapOf } from './heap.js'
import { loadKernels } from './kernels/index.js'

/**
 * Draws actions [n] by inverting the cumulative distribution at `uniforms` [n] (in [0, 1)): the first class whose cumulative probability
 * exceeds the uniform. Fills logProbs [n] with ln p(action).
 */
export function sample(
  logits: Float32Array,
  uniforms: Float32Array | Float64Array,
  actions: Int32Array,
  logProbs: Float32Array,
  n: number,
  k: number,
): void {
  const heap = heapOf(logits, 'logits')
  const bad = loadKernels(heap.memory).sample(
    heap.address(logits, n * k, 'logits'),
    heap.address(uniforms, n, 'uniforms'),
    uniforms instanceof Float64Array ? 1 : 0,
    heap.address(actions, n, 'actions'),
    heap.address(logProbs, n, 'logProbs'),
    n,
    k,
  )
  if (bad >= 0) throw notFinite(logits, bad, n, k)
}

/** actions [n] = the class of the largest logit, the lowest index of equals. */
export function greedy(logits: Float32Array, actions: Int32Array, n: number, k: number): void {
  const heap = heapOf(logits, 'logits')
  const bad = loadKernels(heap.memory).greedy(heap.address(logits, n * k, 'logits'), heap.address(actions, n, 'actions'), n, k)
  if (bad >= 0) throw notFinite(logits, bad, n, k)
}

/** out [n, k] = softmax of each row of logits. */
export function probabilities(logits: Float32Array, out: Float32Array, n: number, k: number): void {
  const heap = heapOf(logits, 'logits')
  loadKernels(heap.memory).probabilities(heap.address(logits, n * k, 'logits'), heap.address(out, n * k, 'out'), n, k)
}

/** out [n] = ln p(actions [n]). */
export function logProb(logits: Float32Array, actions: Int32Array, out: Float32Array, n: number, k: number): void {
  const heap = heapOf(logits, 'logits')
  const bad = loadKernels(heap.memory).logProb(
    heap.address(logits, n * k, 'logits'),
    heap.address(actions, n, 'actions'),
    heap.address(out, n, 'out'),
    n,
    k,
  )
  if (bad >= 0) throw badAction(actions, bad, n, k)
}

/** out [n] = -Σ p ln p of each row, in nats. */
export function entropy(logits: Float32Array, out: Float32Array, n: number, k: number): void {
  const heap = heapOf(logits, 'logits')
  loadKernels(heap.memory).entropy(heap.address(logits, n * k, 'logits'), heap.address(out, n, 'out'), n, k)
}

/** Kernels work on four rows at a time and name the first of them; the error names the row. */
function notFinite(logits: Float32Array, from: number, n: number, k: number): NnError {
  for (let row = from; row < n; row++) {
    const values = logits.subarray(row * k, (row + 1) * k)
    if (!values.every(Number.isFinite)) {
      return new NnError('NOT_FINITE', `logits of row ${row} are [${values.join(', ')}]; the policy has diverged, or its input has NaN`)
    }
  }
  return new NnError('NOT_FINITE', `logits near row ${from} are not finite`)
}

export function badAction(actions: Int32Array, from: number, n: number, k: number): NnError {
  const row = actions.subarray(0, n).findIndex((action, i) => i >= from && (action < 0 || action >= k))
  return new NnError('BAD_INDEX', `actions must lie in 0 … ${k - 1}; given ${actions[row]} in row ${row}`)
}
