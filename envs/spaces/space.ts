import type { RandomGenerator, RandomState, Seed } from '../seeding.js'
import { npRandom } from '../seeding.js'
import type { Dtype } from './dtype.js'

/**
 * The set of valid actions or observations, and how to draw one. `T` is the type of an element, so the type of an environment's
 * action follows from its space.
 */
export abstract class Space<T> {
  abstract readonly shape: readonly number[]
  abstract readonly dtype: Dtype
  #npRandom: RandomGenerator | null = null

  /** Draws an element. The same seed gives the same elements as Gymnasium's space. */
  abstract sample(options?: SampleOptions): T

  /** Whether `x` is an element: right type, right length, within the bounds; NaN never is. */
  abstract contains(x: unknown): x is T

  abstract equals(other: unknown): boolean

  /** Plain JSON without loss (infinities are "inf" and "-inf"); `spaceFromJSON` reads it. */
  abstract toJSON(): SpaceJSON

  /** As Gymnasium prints it, such as `Discrete(2)`. */
  abstract toString(): string

  /** The stream behind `sample`, made from fresh entropy where `seed` was never called. */
  get npRandom(): RandomGenerator {
    if (this.#npRandom === null) this.seed()
    return this.#npRandom!
  }

  set npRandom(generator: RandomGenerator) {
    this.#npRandom = generator
  }

  /** Starts the stream anew and gives back the seed: the one passed, or freshly drawn entropy. */
  seed(seed?: Seed): Seed {
    const [generator, used] = npRandom(seed)
    this.#npRandom = generator
    return used
  }

  /** The point of the sampling stream, null where nothing was seeded or drawn yet. JSON-able. */
  getState(): RandomState | null {
    return this.#npRandom?.getState() ?? null
  }

  setState(state: RandomState | null): void {
    if (state === null) this.#npRandom = null
    else this.npRandom.setState(state)
  }
}

export interface SampleOptions {
  /** Discrete: 1 where an element may be drawn, 0 where not; with none allowed, `start` is given back. */
  mask?: ArrayLike<number> | readonly ArrayLike<number>[]
  /** Discrete: the probability of each element. */
  probability?: ArrayLike<number> | readonly ArrayLike<number>[]
}

/** A bound in JSON, where a number cannot be infinite. */
export type JSONNumber = number | 'inf' | '-inf'

export type SpaceJSON =
  | { type: 'Box'; low: JSONNumber[] | JSONNumber; high: JSONNumber[] | JSONNumber; shape: number[]; dtype: Dtype }
  | { type: 'Discrete'; n: number; start: number; dtype: Dtype }
  | { type: 'MultiDiscrete'; nvec: number[]; start: number[]; shape: number[]; dtype: Dtype }
