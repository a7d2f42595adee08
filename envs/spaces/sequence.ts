import { InvalidProbability } from '../errors.js'
import type { RandomGenerator } from '../seeding.js'
import { shown } from '../shown.js'
import { type Batched, batchSpace } from './batch.js'
import { iterate, stacked } from './concatenate.js'
import { type Jsonable, listFrom } from './jsonable.js'
import { seedChooser } from './nested-seed.js'
import {
  checkSpace,
  type ElementOf,
  type MaskOf,
  type NestedSeed,
  type ProbabilityOf,
  type SampleOptions,
  Space,
  type SpaceJSON,
} from './space.js'
import { weightsOf } from './weights.js'

/** Chance that a sequence ends after each element, where no length is asked for. */
const END = 0.25

/** A length, lengths to choose from evenly, or null for a random one; and the weights of the elements. */
export type SequenceWeights<W> = readonly [length: number | ArrayLike<number> | null, weights: W | null]

/** A list of elements, or with `stack` one batch of them. */
export type SequenceElement<S extends Space, Stack extends boolean> = Stack extends true ? ElementOf<Batched<S>> : ElementOf<S>[]

/**
 * Any number of elements of one space.
 *
 *     new Sequence(new Box(0, 1)).sample()                              // [Float32Array, Float32Array, …]
 *     new Sequence(new Box(0, 1), { stack: true }).sample()             // one Float32Array of all, row after row
 *     new Sequence(new Discrete(3)).sample({ mask: [2, [0, 1, 1]] })    // two of 1 and 2
 *
 * @throws InvalidKwargs when `space` is none
 */
export class Sequence<S extends Space = Space, Stack extends boolean = false> extends Space<
  SequenceElement<S, Stack>,
  SequenceWeights<MaskOf<S>>,
  SequenceWeights<ProbabilityOf<S>>
> {
  readonly shape = null
  readonly dtype = null
  readonly featureSpace: S
  readonly stack: Stack
  /** Of one element; what a stacked sequence is iterated by. */
  readonly stackedFeatureSpace: Batched<S> | null

  constructor(space: S, { stack = false as Stack, seed }: { stack?: Stack; seed?: NestedSeed } = {}) {
    super()
    checkSpace('Sequence', 'the space of its elements', space)
    this.featureSpace = space
    this.stack = stack
    this.stackedFeatureSpace = stack ? batchSpace(space, 1) : null
    if (seed !== undefined) this.seed(seed)
  }

  protected override get parts(): readonly Space[] {
    return [this.featureSpace]
  }

  /** A list has the own seed, which draws lengths, and that of the elements' space. Gives back both. @throws EnvError (ENVS_INVALID_SEED) */
  override seed(seed?: NestedSeed | null): NestedSeed[] {
    return seedChooser(this, this.parts, seed, (own) => this.seedOwn(own))
  }

  /** @throws InvalidProbability for a length that is no non-negative integer, or weights that the elements' space cannot sample from */
  override sample(options?: SampleOptions<SequenceWeights<MaskOf<S>>, SequenceWeights<ProbabilityOf<S>>>): SequenceElement<S, Stack> {
    const { mask, probability } = weightsOf(options)
    const given = mask ?? probability
    if (given !== null && (!Array.isArray(given) || given.length !== 2)) {
      throw new InvalidProbability(`a Sequence is sampled by [length or null, weights or null], got ${shown(given)}`)
    }
    const [length = null, weights = null] = given ?? []
    const own = weights === null ? undefined : mask !== null ? { mask: weights } : { probability: weights }
    const items = Array.from({ length: drawLength(this.npRandom, length) }, () => this.featureSpace.sample(own))
    return (this.stack ? stacked(this.featureSpace, items) : items) as SequenceElement<S, Stack>
  }

  override contains(x: unknown): x is SequenceElement<S, Stack> {
    if (this.stackedFeatureSpace === null) return Array.isArray(x) && x.every((item) => this.featureSpace.contains(item))
    try {
      for (const item of iterate(this.stackedFeatureSpace, x)) if (!this.featureSpace.contains(item)) return false
      return true
    } catch {
      return false
    }
  }

  override equals(other: unknown): boolean {
    return other instanceof Sequence && other.stack === this.stack && this.featureSpace.equals(other.featureSpace)
  }

  protected override copy(): Sequence<S, Stack> {
    return new Sequence<S, Stack>(this.featureSpace.clone() as unknown as S, { stack: this.stack })
  }

  override toJSON(): SpaceJSON {
    return { type: 'Sequence', space: this.featureSpace.toJSON(), stack: this.stack }
  }

  override toJsonable(samples: readonly SequenceElement<S, Stack>[]): Jsonable {
    const stacked: Space | null = this.stackedFeatureSpace
    if (stacked !== null) return stacked.toJsonable(samples)
    return samples.map((sample) => this.featureSpace.toJsonable(listFrom(this, sample)))
  }

  override fromJsonable(json: unknown): SequenceElement<S, Stack>[] {
    const stacked: Space | null = this.stackedFeatureSpace
    if (stacked !== null) return stacked.fromJsonable(json) as SequenceElement<S, Stack>[]
    return listFrom(this, json).map((item) => this.featureSpace.fromJsonable(item) as SequenceElement<S, Stack>)
  }

  override toString(): string {
    return `Sequence(${this.featureSpace}, stack=${this.stack ? 'True' : 'False'})`
  }
}

function drawLength(random: RandomGenerator, length: unknown): number {
  if (length === null) return random.geometric(END)
  const isLength = (value: unknown) => Number.isInteger(value) && (value as number) >= 0
  if (isLength(length)) return length as number
  const list = Array.isArray(length) || ArrayBuffer.isView(length) ? Array.from(length as ArrayLike<unknown>) : []
  if (list.length === 0 || !list.every(isLength)) {
    throw new InvalidProbability(`the length of a Sequence to draw is a non-negative integer or a list of such, got ${shown(length)}`)
  }
  return list[random.choice(list.length)] as number
}
