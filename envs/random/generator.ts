/**
 * NumPy's Generator over PCG64: for one seed, the same numbers in the same order. What NumPy draws for a whole array is what these
 * methods draw one after the other, except for 8- and 16-bit integers, whose bits are shared out within one call (`integersArray`).
 */
import { EnvError, InvalidBound } from '../errors.js'
import { shown } from '../shown.js'
import { integerFromState } from '../state.js'
import { boundedBytes, boundedInteger, boundedIntegers, type IntegerDtype, lemire64, maskedInterval } from './bounded-integers.js'
import { choiceWithoutReplacement, cumulative, searchSorted, weightedWithoutReplacement } from './choice.js'
import { PCG64, type PCG64State } from './pcg64.js'
import { type Seed, SeedSequence } from './seed-sequence.js'
import {
  EXPONENTIAL_F,
  EXPONENTIAL_K,
  EXPONENTIAL_TAIL,
  EXPONENTIAL_W,
  NORMAL_F,
  NORMAL_K,
  NORMAL_TAIL,
  NORMAL_TAIL_INVERSE,
  NORMAL_W,
} from './ziggurat-tables.js'

/** JSON-able; gives back the stream, the buffered half and the children still to be spawned. */
export interface RandomState extends PCG64State {
  seedSequence: { entropy: string; spawnKey: number[]; childrenSpawned: number }
}

export class RandomGenerator {
  readonly bits: PCG64
  #seedSequence: SeedSequence

  /** `new RandomGenerator(7)` is `numpy.random.Generator(PCG64(7))`; without a seed, 128 bits of entropy are drawn. */
  constructor(seed?: Seed | SeedSequence) {
    this.#seedSequence = seed instanceof SeedSequence ? seed : new SeedSequence(seed)
    this.bits = new PCG64(this.#seedSequence.generateState(8))
  }

  get seedSequence(): SeedSequence {
    return this.#seedSequence
  }

  /** Generators with streams of their own (children of the seed sequence). */
  spawn(count: number): RandomGenerator[] {
    return this.#seedSequence.spawn(count).map((sequence) => new RandomGenerator(sequence))
  }

  /** A double in [0, 1). */
  random(): number {
    return this.bits.nextDouble()
  }

  /** A double in [low, high). */
  uniform(low = 0, high = 1): number {
    const range = high - low
    if (!(range >= 0 && range < Infinity)) {
      throw new InvalidBound(`uniform needs low <= high and a finite range, got low=${low}, high=${high}`)
    }
    return low + range * this.bits.nextDouble()
  }

  /**
   * An integer in [0, low) or [low, high). `dtype` is NumPy's and decides how many bits a draw takes, so it is part of the stream.
   * Bounds are safe integers; for wider ones see `bigIntegers`.
   */
  integers(low: number, high?: number, dtype: IntegerDtype = 'int64'): number {
    return high === undefined ? boundedInteger(this.bits, 0, low, dtype) : boundedInteger(this.bits, low, high, dtype)
  }

  /** `size` integers in [low, high) in one call of NumPy's, which for 8 and 16 bits shares the bits of a 32-bit draw. */
  integersArray(low: number, high: number, size: number, dtype: IntegerDtype = 'int64') {
    return boundedIntegers(this.bits, low, high, size, dtype)
  }

  /** `size` bytes in one call of NumPy's with a list of upper bounds, which are taken in turn. */
  bytesBelow(above: readonly number[], size: number): Uint8Array {
    return boundedBytes(this.bits, above, size)
  }

  /** An integer in [low, high) where the bounds may need all 64 bits (NumPy's int64 and uint64). */
  bigIntegers(low: bigint, high: bigint): bigint {
    const range = high - 1n - low
    if (range < 0n || range > 0xffffffffffffffffn)
      throw new InvalidBound(`integers needs low < high, at most 2^64 apart, got low=${low}, high=${high}`)
    return low + lemire64(this.bits, range)
  }

  /** An index below `count`: uniform, or with probabilities `p` (which sum to 1). */
  choice(count: number, p?: ArrayLike<number>): number {
    if (p === undefined) return this.integers(0, count)
    return searchSorted(cumulative(p, count), this.random())
  }

  /**
   * `size` indices below `count`. Without replacement they differ; `shuffle: false` then leaves their order unspecified but is faster.
   * Equal to `Generator.choice(count, size, replace, p, shuffle=…)`.
   */
  choices(count: number, size: number, { replace = true, p, shuffle = true }: ChoiceOptions = {}): Int32Array {
    const chosen = new Int32Array(size)
    if (replace) {
      const steps = p && cumulative(p, count)
      for (let i = 0; i < size; i++) chosen[i] = steps ? searchSorted(steps, this.random()) : this.integers(0, count)
      return chosen
    }
    if (size > count) throw new InvalidBound(`cannot take ${size} different indices out of ${count}; ask for fewer or pass replace: true`)
    if (p) weightedWithoutReplacement(this, p, count, chosen)
    else choiceWithoutReplacement(this.bits, count, chosen, shuffle)
    return chosen
  }

  /** Shuffles in place (Fisher and Yates, from the end). */
  shuffle(values: { [index: number]: unknown; length: number }): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = maskedInterval(this.bits, i)
      const value = values[i]
      values[i] = values[j]
      values[j] = value
    }
  }

  /** The integers below `count` in random order. */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i)
    this.shuffle(order)
    return order
  }

  /** Mean 0, standard deviation 1, by the ziggurat. */
  standardNormal(): number {
    const bits = this.bits
    for (;;) {
      bits.next64()
      const low = bits.low
      const high = bits.high
      const layer = low & 0xff
      // 52 bits above the layer's eight and the sign: 23 from the low word, 29 from the high one.
      const mantissa = ((high & 0x1fffffff) >>> 0) * 0x800000 + (low >>> 9)
      const magnitude = mantissa * NORMAL_W[layer]!
      const x = low & 0x100 ? -magnitude : magnitude
      if (mantissa < NORMAL_K[layer]!) return x
      if (layer === 0) return this.#normalTail(((low >>> 17) & 1) === 1)
      const edge = NORMAL_F[layer]!
      if ((NORMAL_F[layer - 1]! - edge) * bits.nextDouble() + edge < Math.exp(-0.5 * x * x)) return x
    }
  }

  /** Beyond the last layer: Marsaglia's exact method, with 1 − U so that log(0) cannot happen. */
  #normalTail(negative: boolean): number {
    for (;;) {
      const x = -NORMAL_TAIL_INVERSE * Math.log1p(-this.bits.nextDouble())
      const y = -Math.log1p(-this.bits.nextDouble())
      if (y + y > x * x) return negative ? -(NORMAL_TAIL + x) : NORMAL_TAIL + x
    }
  }

  normal(mean = 0, standardDeviation = 1): number {
    if (!(standardDeviation >= 0)) throw new InvalidBound(`normal needs a standard deviation >= 0, got ${standardDeviation}`)
    return mean + standardDeviation * this.standardNormal()
  }

  /** Mean 1, by the ziggurat. */
  standardExponential(): number {
    const bits = this.bits
    for (;;) {
      bits.next64()
      const low = bits.low
      const layer = (low >>> 3) & 0xff
      // 53 bits above: 21 from the low word, 32 from the high one.
      const mantissa = bits.high * 0x200000 + (low >>> 11)
      const x = mantissa * EXPONENTIAL_W[layer]!
      if (mantissa < EXPONENTIAL_K[layer]!) return x
      if (layer === 0) return EXPONENTIAL_TAIL - Math.log1p(-bits.nextDouble())
      const edge = EXPONENTIAL_F[layer]!
      if ((EXPONENTIAL_F[layer - 1]! - edge) * bits.nextDouble() + edge < Math.exp(-x)) return x
    }
  }

  exponential(scale = 1): number {
    if (!(scale >= 0)) throw new InvalidBound(`exponential needs a scale >= 0, got ${scale}`)
    return scale * this.standardExponential()
  }

  /** Trials until the first success of probability `p`, at least 1: by search for large p, otherwise from an exponential. */
  geometric(p: number): number {
    if (!(p > 0 && p <= 1)) throw new InvalidBound(`geometric needs a probability 0 < p <= 1, got ${p}`)
    if (p < 1 / 3) return Math.ceil(-this.standardExponential() / Math.log1p(-p))
    const draw = this.random()
    let trials = 1
    let term = p
    let sum = p
    while (draw > sum) {
      term *= 1 - p
      sum += term
      trials++
    }
    return trials
  }

  getState(): RandomState {
    const { entropy, spawnKey, childrenSpawned } = this.#seedSequence
    return { ...this.bits.getState(), seedSequence: { entropy: `0x${entropy.toString(16)}`, spawnKey: [...spawnKey], childrenSpawned } }
  }

  /** @throws EnvError (ENVS_INVALID_STATE) for anything that `getState` does not give. */
  setState(state: RandomState): void {
    const { entropy, spawnKey, childrenSpawned } = state?.seedSequence ?? {}
    if (typeof entropy !== 'string' || !Array.isArray(spawnKey)) {
      throw new EnvError('ENVS_INVALID_STATE', 'the state of a generator needs its seedSequence; pass what getState() gave')
    }
    if (!spawnKey.every((word) => Number.isSafeInteger(word) && word >= 0) || !Number.isSafeInteger(childrenSpawned ?? 0)) {
      throw new EnvError('ENVS_INVALID_STATE', `a spawnKey is a list of non-negative integers, got ${shown(spawnKey)}`)
    }
    const sequence = new SeedSequence(integerFromState(entropy, 'entropy'), { spawnKey, childrenSpawned })
    this.bits.setState(state)
    this.#seedSequence = sequence
  }

  /** A generator that goes on from a saved state. */
  static fromState(state: RandomState): RandomGenerator {
    const generator = new RandomGenerator(0)
    generator.setState(state)
    return generator
  }

  /** A second generator at the same point of the same stream. */
  clone(): RandomGenerator {
    return RandomGenerator.fromState(this.getState())
  }
}

export interface ChoiceOptions {
  replace?: boolean
  p?: ArrayLike<number>
  shuffle?: boolean
}

export type { IntegerDtype }
