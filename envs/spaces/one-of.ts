import { InvalidKwargs } from '../errors.js'
import { Dict } from './dict.js'
import { listOf } from './element.js'
import { type Jsonable, listFrom, unread } from './jsonable.js'
import { seedChooser } from './nested-seed.js'
import { Sequence } from './sequence.js'
import { type ElementOf, type NestedSeed, type SampleOptions, Space, type SpaceJSON } from './space.js'
import { checkParts, partOptions, sameParts, Tuple, type TupleMask, type TupleProbability } from './tuple.js'

/** The place of one of the spaces, and an element of it. */
export type OneOfElement<S extends readonly Space[]> = [index: number, element: ElementOf<S[number]>]

/**
 * An element of one of several spaces, and of which.
 *
 *     new OneOf([new Discrete(2), new Box(-1, 1, { shape: [2] })]).sample()     // [0, 1] or [1, Float32Array]
 *
 * @throws InvalidKwargs for no parts, or parts that are no spaces
 */
export class OneOf<const S extends readonly Space[] = readonly Space[]> extends Space<OneOfElement<S>, TupleMask<S>, TupleProbability<S>> {
  readonly shape = null
  readonly dtype = null
  readonly spaces: S

  constructor(spaces: S, { seed }: { seed?: NestedSeed } = {}) {
    super()
    checkParts('OneOf', spaces)
    if (spaces.length === 0) throw new InvalidKwargs('a OneOf needs at least one space, got an empty list')
    this.spaces = Object.freeze([...spaces]) as unknown as S
    if (seed !== undefined) this.seed(seed)
  }

  protected override get parts(): readonly Space[] {
    return this.spaces
  }

  override get isNpFlattenable(): boolean {
    return this.spaces.every((part) => part.isNpFlattenable)
  }

  /** A list has the own seed, which chooses the part, before the parts'. Gives back all of them. @throws EnvError (ENVS_INVALID_SEED) */
  override seed(seed?: NestedSeed | null): NestedSeed[] {
    return seedChooser(this, this.spaces, seed, (own) => this.seedOwn(own))
  }

  /** The part is chosen evenly, then sampled with its own mask or probabilities. @throws InvalidProbability */
  override sample(options?: SampleOptions<TupleMask<S>, TupleProbability<S>>): OneOfElement<S> {
    const choose = partOptions(this, this.spaces.length, options)
    const index = this.npRandom.integers(this.spaces.length)
    return [index, this.spaces[index]!.sample(choose(index)) as ElementOf<S[number]>]
  }

  override contains(x: unknown): x is OneOfElement<S> {
    return Array.isArray(x) && x.length === 2 && Number.isInteger(x[0]) && (this.spaces[x[0]]?.contains(x[1]) ?? false)
  }

  override equals(other: unknown): boolean {
    return other instanceof OneOf && sameParts(this.spaces, other.spaces)
  }

  protected override copy(): OneOf<S> {
    return new OneOf(this.spaces.map((part) => part.clone()) as unknown as S)
  }

  override toJSON(): SpaceJSON {
    return { type: 'OneOf', spaces: this.spaces.map((part) => part.toJSON()) }
  }

  override toJsonable(samples: readonly OneOfElement<S>[]): Jsonable {
    return samples.map((sample) => {
      const [index, element] = listOf(this, sample, 2)
      const part = this.#part(index)
      const json = part.toJsonable([element])
      return [index as number, isWrittenByParts(part) ? json : (json as Jsonable[])[0]!]
    })
  }

  override fromJsonable(json: unknown): OneOfElement<S>[] {
    return listFrom(this, json).map((item) => {
      const [index, json] = listFrom(this, item, 2)
      const part = this.#part(index)
      const [element] = part.fromJsonable(isWrittenByParts(part) ? json : [json])
      return [index as number, element as ElementOf<S[number]>]
    })
  }

  /** @throws InvalidElement */
  #part(index: unknown): Space {
    const part = typeof index === 'number' ? this.spaces[index] : undefined
    if (part === undefined) throw unread(this, `the place of one of ${this.spaces.length} spaces`, index)
    return part
  }

  override toString(): string {
    return `OneOf(${this.spaces.join(', ')})`
  }
}

/** Whether JSON of elements has an entry a part and not an entry an element; Gymnasium loses such an element of a OneOf. */
function isWrittenByParts(space: Space): boolean {
  if (space instanceof Sequence) return space.stackedFeatureSpace !== null && isWrittenByParts(space.stackedFeatureSpace)
  return space instanceof Tuple || space instanceof Dict
}
