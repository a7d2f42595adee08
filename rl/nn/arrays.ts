/** Moving rows between arrays of one heap. */
import { NnError } from './errors.js'
import { heapOf } from './heap.js'
import { loadKernels } from './kernels/index.js'

/** out[i] = source[indices[i]] for n rows of `width` elements; picks a minibatch out of a rollout's columns. */
export function gatherRows<T extends Float32Array | Int32Array>(source: T, indices: Int32Array, out: T, n: number, width: number): void {
  const heap = heapOf(source, 'source')
  const rows = Math.floor(source.length / width)
  const bad = loadKernels(heap.memory).gatherRows(
    heap.address(source, 0, 'source'),
    rows,
    heap.address(indices, n, 'indices'),
    heap.address(out, n * width, 'out'),
    n,
    width,
  )
  if (bad >= 0) throw new NnError('BAD_INDEX', `indices must lie in 0 … ${rows - 1}; given ${indices[bad]} at ${bad}`)
}

/** target += source, elementwise; sums the gradients of shards. */
export function addInto(target: Float32Array, source: Float32Array): void {
  const heap = heapOf(target, 'target')
  loadKernels(heap.memory).addInto(heap.address(target, 0, 'target'), heap.address(source, target.length, 'source'), target.length)
}
