/**
 * Tree-reduce: n leaves each make a vector, and pairs are added up until one is left. The driver hands out the whole tree at once: a
 * task takes the refs of two others, so nothing is fetched in between and the order of the work follows from the data alone.
 *
 *     leaf leaf leaf leaf
 *        add       add
 *             add          → the sum
 */
import { get, type ObjectRef, remote } from '../../../core/index.js'
import { report } from './report.js'

const LENGTH = 4096

const makeLeaf = remote(function makeLeaf(i: number, length: number) {
  return Float64Array.from({ length }, (_, k) => i + k)
})

const add = remote(function add(a: Float64Array, b: Float64Array) {
  return a.map((value, k) => value + b[k])
})

/** @param size leaves, at least 1 */
export async function main(size = 10_000): Promise<{ sum: Float64Array; tasks: number }> {
  const start = performance.now()
  let level: ObjectRef<Float64Array>[] = Array.from({ length: size }, (_, i) => makeLeaf.remote(i, LENGTH))
  let tasks = size
  while (level.length > 1) {
    const above: ObjectRef<Float64Array>[] = []
    for (let i = 0; i + 1 < level.length; i += 2) above.push(add.remote(level[i], level[i + 1]))
    tasks += above.length
    // An odd one waits for the next level.
    if (level.length % 2 === 1) above.push(level.at(-1)!)
    level = above
  }
  const sum = await get(level[0])
  report('tree-reduce', tasks, 'tasks', start)
  // Σ (i + k) over the leaves i; exact in float64.
  const wrong = sum.findIndex((value, k) => value !== (size * (size - 1)) / 2 + size * k)
  if (sum.length !== LENGTH || wrong >= 0) throw new Error(`tree-reduce: element ${wrong} of the sum is ${sum[wrong]}`)
  return { sum, tasks }
}
