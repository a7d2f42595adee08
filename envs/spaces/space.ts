import { EnvError, InvalidKwargs } from '../errors.js'
import { npRandom, RandomGenerator, type RandomState, type Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { invalidState, isSavedObject, loadOrRestore } from '../state.js'
import type { Dtype } from './dtype.js'
import { type Jsonable, listFrom } from './jsonable.js'

/**
 * The set of valid actions or observations, and how to draw one. `T` is the type of an element, so the type of an environment's
 * action follows from its space; `Mask` and `Probability` are what `sample` takes to draw otherwise than usual.
 *
 * Elements that are arrays in NumPy are flat typed arrays here, row-major; `shape` has their sides.
 */
export abstract class Space<T = unknown, Mask = unknown, Probability = unknown> {
  /** Null where elements have no fixed shape: Text, and spaces made of others. */
  abstract readonly shape: readonly number[] | null
  abstract readonly dtype: Dtype | null
  #npRandom: RandomGenerator | null = null

  /**
   * Draws an element. The same seed gives the same elements as Gymnasium's space.
   *
   * @throws InvalidProbability for a mask or probabilities that cannot be sampled from, or both at once
   */
  abstract sample(options?: SampleOptions<Mask, Probability>): T

  /** Whether `x` is an element: right type, right length, within the bounds; NaN never is. */
  abstract contains(x: unknown): x is T

  abstract equals(other: unknown): boolean

  /** Plain JSON without loss (infinities are "inf" and "-inf"); `spaceFromJSON` reads it. */
  abstract toJSON(): SpaceJSON

  /**
   * Several elements as plain JSON, in the form of Gymnasium's `to_jsonable`: arrays as lists of lists, and in a space of others one entry
   * a part, with that part of all elements. A space of one's own whose elements are no JSON overrides both.
   *
   * @throws InvalidElement
   */
  toJsonable(samples: readonly T[]): Jsonable {
    return [...samples] as unknown as Jsonable[]
  }

  /** The elements that `toJsonable` wrote, here or in Python. Bounds are not checked: ask `contains`. @throws InvalidElement */
  fromJsonable(json: unknown): T[] {
    return [...listFrom(this, json)] as T[]
  }

  /** As Gymnasium prints it, such as `Discrete(2)`. */
  abstract toString(): string

  /** Whether an element can become one flat array of numbers, of a length that is the same for all elements (`flatten`). */
  get isNpFlattenable(): boolean {
    return false
  }

  /** The spaces that this one is made of, in the order in which they are seeded. */
  protected get parts(): readonly Space[] {
    return []
  }

  /** The same space, not seeded; its parts may be this one's own: `clone` sets them apart. A space of one's own overrides this to be batched. */
  protected copy(): Space<T, Mask, Probability> {
    throw new EnvError('ENVS_INVALID_SPACE', `${this} cannot be copied; override copy() to give the same space anew`)
  }

  /** The same space at the same point of its sampling stream, from where the two go on independently. */
  clone(): Space<T, Mask, Probability> {
    const twin = this.copy()
    twin.setState(this.getState())
    return twin
  }

  /**
   * The stream behind `sample`, made from fresh entropy where `seed` was never called. In a space of others it is the stream that
   * chooses (a length, a part); each part draws from its own.
   */
  get npRandom(): RandomGenerator {
    if (this.#npRandom === null) this.seedOwn()
    return this.#npRandom!
  }

  set npRandom(generator: RandomGenerator) {
    this.#npRandom = generator
  }

  /**
   * Starts the stream anew and gives back the seed: the one passed, or freshly drawn entropy. Spaces of others also seed their parts
   * and give back all seeds; they take a list or an object of seeds as well.
   *
   * @throws EnvError (ENVS_INVALID_SEED)
   */
  seed(seed?: NestedSeed | null): NestedSeed {
    return this.seedOwn(seed as Seed | null | undefined)
  }

  /** Seeds the own stream only. */
  protected seedOwn(seed?: Seed | null): Seed {
    const [generator, used] = npRandom(seed ?? undefined)
    this.#npRandom = generator
    return used
  }

  /** The point of the sampling stream, null where nothing was seeded or drawn yet; of a space of others, of all its parts. JSON-able. */
  getState(): SpaceState {
    const random = this.#npRandom?.getState() ?? null
    return this.parts.length === 0 ? random : { random, parts: this.parts.map((part) => part.getState()) }
  }

  /** Goes on sampling where `getState` was called. @throws EnvError (ENVS_INVALID_STATE); then nothing has changed */
  setState(state: SpaceState): void {
    const parts = this.parts
    if (parts.length === 0) {
      this.#setRandom(state as RandomState | null)
      return
    }
    if (!isSavedObject(state) || !('parts' in state) || !Array.isArray(state.parts) || state.parts.length !== parts.length) {
      throw invalidState(`the state of ${this} is { random, parts } with ${parts.length} parts, got ${shown(state)}`)
    }
    const before = this.getState() as { random: RandomState | null; parts: SpaceState[] }
    const load = ({ random, parts: states }: typeof before) => {
      parts.forEach((part, i) => void part.setState(states[i]!))
      this.#setRandom(random)
    }
    loadOrRestore(
      () => load(state),
      () => load(before),
    )
  }

  #setRandom(state: RandomState | null): void {
    if (state === null) this.#npRandom = null
    else if (this.#npRandom === null) this.#npRandom = RandomGenerator.fromState(state)
    else this.#npRandom.setState(state)
  }
}

/** A seed for a space, or seeds for its parts as the space of others is built. */
export type NestedSeed = Seed | readonly (NestedSeed | null | undefined)[] | { readonly [key: string]: NestedSeed | null | undefined }

/** What `getState` gives. */
export type SpaceState = RandomState | null | { random: RandomState | null; parts: SpaceState[] }

/** At most one of the two; null is as good as none. */
export interface SampleOptions<Mask = unknown, Probability = unknown> {
  /** What may be drawn; its form is the space's. */
  mask?: Mask | null
  /** How likely each choice is; its form is the space's. */
  probability?: Probability | null
}

/** The type of a space's elements: `ElementOf<Discrete>` is `number`. */
export type ElementOf<S> = S extends Space<infer T> ? T : never
/** What a space's `sample` takes as mask and as probability. */
export type MaskOf<S> = S extends Space<unknown, infer M> ? M : never
export type ProbabilityOf<S> = S extends Space<unknown, unknown, infer P> ? P : never

/** @throws InvalidKwargs where a space was expected and something else given */
export function checkSpace(type: string, name: string, space: unknown): asserts space is Space {
  if (space instanceof Space) return
  throw new InvalidKwargs(`${type} is made of spaces, got ${shown(space)} as ${name}; pass for example new Discrete(2)`)
}

/** A bound in JSON, where a number cannot be infinite. */
export type JSONNumber = number | 'inf' | '-inf'

export type SpaceJSON =
  | { type: 'Box'; low: JSONNumber[] | JSONNumber; high: JSONNumber[] | JSONNumber; shape: number[]; dtype: Dtype }
  | { type: 'Discrete'; n: number; start: number; dtype: Dtype }
  | { type: 'MultiDiscrete'; nvec: number[]; start: number[]; shape: number[]; dtype: Dtype }
  | { type: 'MultiBinary'; n: number | number[] }
  | { type: 'Text'; maxLength: number; minLength: number; charset: string }
  | { type: 'Tuple'; spaces: SpaceJSON[] }
  | { type: 'Dict'; spaces: [key: string, space: SpaceJSON][]; sortKeys: boolean }
  | { type: 'Sequence'; space: SpaceJSON; stack: boolean }
  | { type: 'Graph'; nodeSpace: SpaceJSON; edgeSpace: SpaceJSON | null }
  | { type: 'OneOf'; spaces: SpaceJSON[] }
