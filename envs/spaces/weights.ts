/** Drawing an index by mask or by probability, as Gymnasium's spaces do. */
import { InvalidProbability } from '../errors.js'
import type { RandomGenerator } from '../seeding.js'
import { shown } from '../shown.js'
import type { SampleOptions } from './space.js'

/** 1 for what may be drawn, 0 for what not: a list or an array of integers. */
export type Mask = ArrayLike<number>
/** Probabilities that sum to 1: a list or an array of floats. */
export type Probabilities = ArrayLike<number>

/** Which of the two is given, none being null. @throws InvalidProbability when both are */
export function weightsOf<M, P>(options: SampleOptions<M, P> | undefined): { mask: M | null; probability: P | null } {
  if (options === undefined) return { mask: null, probability: null }
  if (typeof options !== 'object' || options === null) {
    throw new InvalidProbability(`sample takes { mask } or { probability }, got ${shown(options)}`)
  }
  const { mask = null, probability = null } = options
  if (mask !== null && probability !== null) throw new InvalidProbability('pass a mask or probabilities, not both')
  return { mask, probability }
}

const floatArray = (values: unknown) => values instanceof Float32Array || values instanceof Float64Array

/** @throws InvalidProbability unless `mask` is `n` values from 0 to `most` in a list or an array of integers */
export function checkMask(mask: unknown, n: number, most = 1): asserts mask is Mask {
  if ((!Array.isArray(mask) && !ArrayBuffer.isView(mask)) || floatArray(mask)) {
    throw new InvalidProbability(`a mask is a list or an Int8Array of ${n} values from 0 to ${most}, got ${shown(mask)}`)
  }
  const flags = mask as unknown as ArrayLike<number>
  if (flags.length !== n) throw new InvalidProbability(`a mask for ${n} choices has ${n} values, got ${flags.length}`)
  for (let i = 0; i < n; i++) {
    if (flags[i] !== 0 && flags[i] !== 1 && !(most === 2 && flags[i] === 2)) {
      throw new InvalidProbability(`a mask holds 0${most === 2 ? ', 1 and 2' : ' and 1'} only, got ${shown(flags[i])} at index ${i}`)
    }
  }
}

/** @throws InvalidProbability unless `p` is `n` values in [0, 1] in a list or an array of floats */
export function checkProbabilities(p: unknown, n: number): asserts p is Probabilities {
  if (!Array.isArray(p) && !floatArray(p)) {
    throw new InvalidProbability(`probabilities are a list or a Float64Array of ${n} values, got ${shown(p)}`)
  }
  const values = p as ArrayLike<number>
  if (values.length !== n) throw new InvalidProbability(`${n} choices have as many probabilities, got ${values.length}`)
  for (let i = 0; i < n; i++) {
    const value = values[i]
    if (typeof value !== 'number' || !(value >= 0 && value <= 1)) {
      throw new InvalidProbability(`probabilities lie in [0, 1], got ${shown(value)} at index ${i}`)
    }
  }
}

/** One of the indices whose flag is 1, all equally likely; 0, without a draw, where there is none. @throws InvalidProbability */
export function maskedIndex(random: RandomGenerator, n: number, mask: unknown): number {
  checkMask(mask, n)
  let allowed = 0
  for (let i = 0; i < n; i++) allowed += mask[i]!
  if (allowed === 0) return 0
  let left = random.integers(allowed)
  let index = -1
  do {
    index++
    left -= mask[index]!
  } while (left >= 0)
  return index
}

/** An index by its probability. @throws InvalidProbability */
export function weightedIndex(random: RandomGenerator, n: number, probability: unknown): number {
  checkProbabilities(probability, n)
  return random.choice(n, probability)
}

/**
 * An index by its probability, as MultiDiscrete draws it: a sum that is off by up to 1e-5 is divided out first, and the steps are those
 * of the probabilities above zero.
 *
 * @throws InvalidProbability
 */
export function normalizedIndex(random: RandomGenerator, n: number, probability: unknown): number {
  checkProbabilities(probability, n)
  const sum = pairwiseSum(probability, 0, n)
  if (!(Math.abs(sum - 1) <= 1e-8 + 1e-5)) throw new InvalidProbability(`probabilities must sum to 1, got a sum of ${sum}`)
  const possible: number[] = []
  for (let i = 0; i < n; i++) if (probability[i]! > 0) possible.push(i)
  const chosen = random.choice(
    possible.length,
    possible.map((i) => probability[i]! / sum),
  )
  return possible[chosen]!
}

/** NumPy's sum of doubles: eight running sums a block of 128, blocks by halves. The order of additions is part of the numbers. */
function pairwiseSum(values: ArrayLike<number>, from: number, count: number): number {
  if (count > 128) {
    const half = (count >> 1) - ((count >> 1) % 8)
    return pairwiseSum(values, from, half) + pairwiseSum(values, from + half, count - half)
  }
  let sum = 0
  let at = 0
  if (count >= 8) {
    const sums = Array.from({ length: 8 }, (_, k) => values[from + k]!)
    for (at = 8; at < count - (count % 8); at += 8) for (let k = 0; k < 8; k++) sums[k] = sums[k]! + values[from + at + k]!
    sum = sums[0]! + sums[1]! + (sums[2]! + sums[3]!) + (sums[4]! + sums[5]! + (sums[6]! + sums[7]!))
  }
  for (; at < count; at++) sum += values[from + at]!
  return sum
}
