/** Seeds for the parts of a space that is made of others, as Gymnasium draws them from one. */
import { EnvError } from '../errors.js'
import type { RandomGenerator, Seed } from '../seeding.js'
import { shown } from '../shown.js'
import type { NestedSeed, Space } from './space.js'

const MOST = 2 ** 31 - 1

export const isSeed = (seed: unknown): seed is Seed => typeof seed === 'number' || typeof seed === 'bigint'

/** One seed for each part. */
export function drawSeeds(random: RandomGenerator, count: number): number[] {
  return Array.from({ length: count }, () => random.integers(MOST))
}

/** Seeds each part with its own of the list; null or undefined is fresh entropy. @throws EnvError (ENVS_INVALID_SEED) */
export function seedParts(space: Space, parts: readonly Space[], seeds: readonly (NestedSeed | null | undefined)[] | null): NestedSeed[] {
  if (seeds !== null && seeds.length !== parts.length) throw invalidSeed(space, `a list of ${parts.length} seeds`, seeds)
  return parts.map((part, i) => part.seed(seeds?.[i]))
}

export function invalidSeed(space: Space, expected: string, given: unknown): EnvError {
  const what = Array.isArray(given) ? `a list of ${given.length}` : shown(given)
  return new EnvError('ENVS_INVALID_SEED', `${space} is seeded by a seed, by nothing, or by ${expected}, got ${what}`)
}

/**
 * Seeds a space whose own stream chooses (a part, a length), and its parts. A list has the own seed first. From one seed, the parts'
 * are drawn, and then the own stream starts again from that seed.
 */
export function seedChooser(
  space: Space,
  parts: readonly Space[],
  seed: NestedSeed | null | undefined,
  seedOwn: (seed?: Seed | null) => Seed,
): NestedSeed[] {
  if (seed === null || seed === undefined) return [seedOwn(), ...seedParts(space, parts, null)]
  if (isSeed(seed)) {
    seedOwn(seed)
    const seeds = drawSeeds(space.npRandom, parts.length)
    return [seedOwn(seed), ...seedParts(space, parts, seeds)]
  }
  if (!Array.isArray(seed) || seed.length !== parts.length + 1)
    throw invalidSeed(space, `a list of ${parts.length + 1} seeds, its own first`, seed)
  return [seedOwn(seed[0]), ...seedParts(space, parts, seed.slice(1))]
}
