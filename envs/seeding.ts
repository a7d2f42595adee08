/**
 * Seeding as Gymnasium does it: an environment's generator is NumPy's PCG64 behind a SeedSequence, so the same seed gives the same
 * reset states and samples as in Python.
 */
import { RandomGenerator } from './random/generator.js'
import { checkSeed, type Seed, SeedSequence } from './random/seed-sequence.js'

export { type ChoiceOptions, RandomGenerator, type RandomState } from './random/generator.js'
export { PCG64, type PCG64State } from './random/pcg64.js'
export { type Seed, SeedSequence } from './random/seed-sequence.js'

/**
 * A generator and the seed it came from: the one given, or 128 freshly drawn bits.
 *
 * @throws EnvError (ENVS_INVALID_SEED) when the seed is not a non-negative integer
 */
export function npRandom(seed?: Seed): [generator: RandomGenerator, seed: Seed] {
  const sequence = new SeedSequence(seed)
  return [new RandomGenerator(sequence), seed ?? sequence.entropy]
}

/**
 * seed + index, exactly: a bigint where a number could not hold the sum.
 *
 * @throws EnvError (ENVS_INVALID_SEED) naming the seed as it was given
 */
export function seedPlus(seed: Seed, index: number): Seed {
  checkSeed(seed)
  if (typeof seed === 'bigint') return seed + BigInt(index)
  // Rounding cannot bring a sum that is too large back to 2^53 − 1 or below.
  return seed + index <= Number.MAX_SAFE_INTEGER ? seed + index : BigInt(seed) + BigInt(index)
}

/**
 * An independent stream that belongs to a seed by name, such as `childRandom(1, 'shuffle')`: the name's code points are the spawn key,
 * so `numpy.random.SeedSequence(1, spawn_key=[ord(c) for c in 'shuffle'])` is the same stream in Python.
 */
export function childRandom(seed: Seed, name: string): RandomGenerator {
  return new RandomGenerator(new SeedSequence(seed, { spawnKey: Array.from(name, (character) => character.codePointAt(0)!) }))
}
