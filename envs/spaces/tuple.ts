import { InvalidKwargs, InvalidProbability } from '../errors.js'
import { shown } from '../shown.js'
import { listOf } from './element.js'
import { countOf, type Jsonable, listFrom } from './jsonable.js'
import { drawSeeds, invalidSeed, isSeed, seedParts } from './nested-seed.js'
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

export type TupleElement<S extends readonly Space[]> = { -readonly [K in keyof S]: ElementOf<S[K]> }
/** A mask for each part, or null. */
export type TupleMask<S extends readonly Space[]> = { readonly [K in keyof S]: MaskOf<S[K]> | null }
export type TupleProbability<S extends readonly Space[]> = { readonly [K in keyof S]: ProbabilityOf<S[K]> | null }

/**
 * An element of each of several spaces, in a list.
 *
 *     new Tuple([new Discrete(2), new Box(-1, 1, { shape: [3] })]).sample()     // [number, Float32Array]
 *
 * @throws InvalidKwargs for parts that are no spaces
 */
export class Tuple<const S extends readonly Space[] = readonly Space[]> extends Space<TupleElement<S>, TupleMask<S>, TupleProbability<S>> {
  readonly shape = null
  readonly dtype = null
  readonly spaces: S

  constructor(spaces: S, { seed }: { seed?: NestedSeed } = {}) {
    super()
    checkParts('Tuple', spaces)
    this.spaces = Object.freeze([...spaces]) as unknown as S
    if (seed !== undefined) this.seed(seed)
  }

  protected override get parts(): readonly Space[] {
    return this.spaces
  }

  override get isNpFlattenable(): boolean {
    return this.spaces.every((part) => part.isNpFlattenable)
  }

  /** From one seed, one is drawn for each part; a list has theirs. Gives back the parts' seeds. @throws EnvError (ENVS_INVALID_SEED) */
  override seed(seed?: NestedSeed | null): NestedSeed[] {
    if (seed === null || seed === undefined) return seedParts(this, this.spaces, null)
    if (isSeed(seed)) {
      this.seedOwn(seed)
      return seedParts(this, this.spaces, drawSeeds(this.npRandom, this.spaces.length))
    }
    if (!Array.isArray(seed)) throw invalidSeed(this, `a list of ${this.spaces.length} seeds`, seed)
    return seedParts(this, this.spaces, seed)
  }

  /** @throws InvalidProbability for masks or probabilities that are no list with one a part, or that a part cannot sample from */
  override sample(options?: SampleOptions<TupleMask<S>, TupleProbability<S>>): TupleElement<S> {
    const choose = partOptions(this, this.spaces.length, options)
    return this.spaces.map((part, i) => part.sample(choose(i))) as unknown as TupleElement<S>
  }

  override contains(x: unknown): x is TupleElement<S> {
    const list: unknown = ArrayBuffer.isView(x) ? Array.from(x as Int32Array) : x
    return Array.isArray(list) && list.length === this.spaces.length && this.spaces.every((part, i) => part.contains(list[i]))
  }

  override equals(other: unknown): boolean {
    return other instanceof Tuple && sameParts(this.spaces, other.spaces)
  }

  protected override copy(): Tuple<S> {
    return new Tuple(this.spaces.map((part) => part.clone()) as unknown as S)
  }

  override toJSON(): SpaceJSON {
    return { type: 'Tuple', spaces: this.spaces.map((part) => part.toJSON()) }
  }

  override toJsonable(samples: readonly TupleElement<S>[]): Jsonable {
    const lists = samples.map((sample) => listOf(this, sample, this.spaces.length))
    return this.spaces.map((part, i) => part.toJsonable(lists.map((list) => list[i])))
  }

  override fromJsonable(json: unknown): TupleElement<S>[] {
    const parts = listFrom(this, json, this.spaces.length).map((part, i) => this.spaces[i]!.fromJsonable(part))
    const count = countOf(this, parts)
    return Array.from({ length: count }, (_, n) => parts.map((part) => part[n]) as unknown as TupleElement<S>)
  }

  override toString(): string {
    return `Tuple(${this.spaces.join(', ')})`
  }
}

/** @throws InvalidKwargs */
export function checkParts(type: string, spaces: unknown): void {
  if (!Array.isArray(spaces)) throw new InvalidKwargs(`${type} takes a list of spaces, got ${shown(spaces)}`)
  spaces.forEach((part, i) => void checkSpace(type, `part ${i}`, part))
}

export function sameParts(a: readonly Space[], b: readonly Space[]): boolean {
  return a.length === b.length && a.every((part, i) => part.equals(b[i]))
}

/** What each of `count` parts is to be sampled with. @throws InvalidProbability */
export function partOptions(
  space: Space,
  count: number,
  options: SampleOptions<unknown> | undefined,
): (i: number) => SampleOptions<unknown> | undefined {
  const { mask, probability } = weightsOf(options)
  const lists = mask ?? probability
  if (lists === null) return () => undefined
  if (!Array.isArray(lists) || lists.length !== count) {
    const given = Array.isArray(lists) ? `a list of ${lists.length}` : shown(lists)
    throw new InvalidProbability(`${space} takes a list of ${count} masks or probabilities, null where a part has none; got ${given}`)
  }
  return mask !== null ? (i) => ({ mask: lists[i] }) : (i) => ({ probability: lists[i] })
}
