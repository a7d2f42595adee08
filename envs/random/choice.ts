/** Choosing among the integers below a count, as NumPy's `Generator.choice` does it. */
import { InvalidProbability } from '../errors.js'
import { lemire32 } from './bounded-integers.js'
import type { PCG64 } from './pcg64.js'

/** NumPy's tolerance for the sum of probabilities: the square root of a double's epsilon. */
const SUM_TOLERANCE = Math.sqrt(Number.EPSILON)

/** The running sum of `p`, scaled so that it ends at 1. @throws InvalidProbability */
export function cumulative(p: ArrayLike<number>, count: number): Float64Array {
  if (p.length !== count) throw new InvalidProbability(`${count} choices need as many probabilities, got ${p.length}`)
  for (let i = 0; i < count; i++) {
    if (!(p[i]! >= 0)) throw new InvalidProbability(`probabilities must not be negative or NaN, got ${p[i]} at index ${i}`)
  }
  const steps = runningSum(p)
  const sum = steps.at(-1) ?? 0
  if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) throw new InvalidProbability(`probabilities must sum to 1, got a sum of ${sum}`)
  return scaled(steps)
}

function runningSum(p: ArrayLike<number>): Float64Array {
  const steps = new Float64Array(p.length)
  let sum = 0
  for (let i = 0; i < p.length; i++) {
    sum += p[i]!
    steps[i] = sum
  }
  return steps
}

function scaled(steps: Float64Array): Float64Array {
  const sum = steps.at(-1)!
  for (let i = 0; i < steps.length; i++) steps[i] = steps[i]! / sum
  return steps
}

/** How many of the sorted `steps` are not above `value`. */
export function searchSorted(steps: Float64Array, value: number): number {
  let from = 0
  let to = steps.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (steps[middle]! <= value) from = middle + 1
    else to = middle
  }
  return from
}

/** Fills `chosen` with different indices by weight: draw, drop repeats, set the weights of the found to zero, draw the rest. */
export function weightedWithoutReplacement(random: { random(): number }, p: ArrayLike<number>, count: number, chosen: Int32Array): void {
  cumulative(p, count)
  const weights = Float64Array.from(p)
  const possible = weights.filter((weight) => weight > 0).length
  if (possible < chosen.length) {
    throw new InvalidProbability(`cannot take ${chosen.length} different indices when only ${possible} have a probability above 0`)
  }
  let found = 0
  while (found < chosen.length) {
    const draws = Float64Array.from({ length: chosen.length - found }, () => random.random())
    const steps = scaled(runningSum(weights))
    const fresh = new Set(Array.from(draws, (draw) => searchSorted(steps, draw)))
    for (const index of fresh) {
      chosen[found++] = index
      weights[index] = 0
    }
  }
}

/** Fills `chosen` with different indices below `count`, all equally likely. */
export function choiceWithoutReplacement(bits: PCG64, count: number, chosen: Int32Array, shuffle: boolean): void {
  const size = chosen.length
  // A large share of many: shuffle only the tail of all of them. Otherwise Floyd's algorithm with a set.
  if (count > 10000 && size > Math.floor(count / (shuffle ? 50 : 20))) {
    const all = Int32Array.from({ length: count }, (_, i) => i)
    shuffleFrom(bits, all, Math.max(count - size, 1))
    chosen.set(all.subarray(count - size))
    return
  }
  const seen = new Set<number>()
  for (let last = count - size; last < count; last++) {
    const draw = lemire32(bits, last)
    const index = seen.has(draw) ? last : draw
    seen.add(index)
    chosen[last - count + size] = index
  }
  if (shuffle) shuffleFrom(bits, chosen, 1)
}

function shuffleFrom(bits: PCG64, values: Int32Array, first: number): void {
  for (let i = values.length - 1; i >= first; i--) {
    const j = lemire32(bits, i)
    const value = values[i]!
    values[i] = values[j]!
    values[j] = value
  }
}
