/**
 * Merge sort by tasks that sort their halves through further tasks. The numbers lie in shared memory: a half is a view, and only the
 * merged result of a level is new.
 */
import { get, remote } from '../../../core/index.js'
import { report } from './report.js'

/** Shorter pieces are sorted on the spot. */
const CUTOFF = 16_384

export async function mergeSort(numbers: Float64Array): Promise<Float64Array> {
  if (numbers.length <= CUTOFF) return numbers.toSorted()
  const middle = numbers.length >> 1
  const [left, right] = await get([sort.remote(numbers.subarray(0, middle)), sort.remote(numbers.subarray(middle))])
  return merge(left, right)
}

const sort = remote(mergeSort, { module: import.meta.url })

function merge(left: Float64Array, right: Float64Array): Float64Array {
  const merged = new Float64Array(left.length + right.length)
  let l = 0
  let r = 0
  for (let i = 0; i < merged.length; i++) {
    merged[i] = r >= right.length || (l < left.length && left[l] <= right[r]) ? left[l++] : right[r++]
  }
  return merged
}

/** @param size how many numbers */
export async function main(size = 10_000_000): Promise<{ sorted: Float64Array }> {
  const numbers = Float64Array.from({ length: size }, (_, i) => Math.sin(i) * size)
  const start = performance.now()
  const sorted = await get(sort.remote(numbers))
  report('merge sort', size, 'numbers', start)
  const right = numbers.toSorted()
  const wrong = right.findIndex((value, i) => value !== sorted[i])
  if (sorted.length !== size || wrong >= 0) throw new Error(`merge sort: number ${wrong} is ${sorted[wrong]}, not ${right[wrong]}`)
  return { sorted }
}
