import { InvalidKwargs, InvalidProbability } from '../errors.js'
import { shown } from '../shown.js'
import { objectOf } from './element.js'
import { countOf, type Jsonable, unread } from './jsonable.js'
import { drawSeeds, invalidSeed, isSeed, seedParts } from './nested-seed.js'
import { pythonString } from './numpy-text.js'
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

type Spaces = Readonly<Record<string, Space>>
export type DictElement<S extends Spaces> = { -readonly [K in keyof S]: ElementOf<S[K]> }
/** A mask for each part, or null. */
export type DictMask<S extends Spaces> = { readonly [K in keyof S]: MaskOf<S[K]> | null }
export type DictProbability<S extends Spaces> = { readonly [K in keyof S]: ProbabilityOf<S[K]> | null }

export interface DictOptions {
  /** Whether the keys of an object are sorted, as they are unless told otherwise; a list of pairs keeps its order. The order decides what a seed gives. */
  sortKeys?: boolean
  seed?: NestedSeed
}

/**
 * An element of each of several spaces, by name.
 *
 *     const space = new Dict({ position: new Box(-1, 1, { shape: [2] }), lamp: new Discrete(3) })
 *     space.sample()                                                    // { lamp: number, position: Float32Array }
 *
 * @throws InvalidKwargs for parts that are no spaces, or a key given twice
 */
export class Dict<S extends Spaces = Spaces> extends Space<DictElement<S>, DictMask<S>, DictProbability<S>> {
  readonly shape = null
  readonly dtype = null
  readonly spaces: S
  readonly sortKeys: boolean
  /** The names, in the order of seeds, draws and flattened numbers. */
  readonly keys: readonly string[]
  readonly #parts: readonly Space[]

  constructor(spaces: S | readonly (readonly [key: string, space: Space])[], { sortKeys = true, seed }: DictOptions = {}) {
    super()
    this.sortKeys = sortKeys
    const pairs = readPairs(spaces, sortKeys)
    this.keys = Object.freeze(pairs.map(([key]) => key))
    this.#parts = pairs.map(([, part]) => part)
    this.spaces = Object.freeze(Object.fromEntries(pairs)) as S
    if (seed !== undefined) this.seed(seed)
  }

  protected override get parts(): readonly Space[] {
    return this.#parts
  }

  override get isNpFlattenable(): boolean {
    return this.#parts.every((part) => part.isNpFlattenable)
  }

  /** The Dict of what `change` makes of each part; an order that was given is kept only where `sortKeys` is false, as in Gymnasium. */
  map(change: (part: Space, key: string) => Space): Dict {
    const pairs = this.entries().map(([key, part]) => [key, change(part, key)] as const)
    return new Dict(this.sortKeys ? pairs.sort(byKey) : pairs, { sortKeys: this.sortKeys })
  }

  /** The parts with their names, in order. */
  entries(): [key: string, space: Space][] {
    return this.keys.map((key, i) => [key, this.#parts[i]!])
  }

  /** From one seed, one is drawn for each part; an object has theirs. Gives back the parts' seeds. @throws EnvError (ENVS_INVALID_SEED) */
  override seed(seed?: NestedSeed | null): Record<string, NestedSeed> {
    const named = (seeds: NestedSeed[]) => Object.fromEntries(this.keys.map((key, i) => [key, seeds[i]!]))
    if (seed === null || seed === undefined) return named(seedParts(this, this.#parts, null))
    if (isSeed(seed)) {
      this.seedOwn(seed)
      return named(seedParts(this, this.#parts, drawSeeds(this.npRandom, this.#parts.length)))
    }
    if (Array.isArray(seed) || typeof seed !== 'object' || !this.#hasKeys(seed)) {
      throw invalidSeed(this, `an object with the keys ${this.keys.join(', ')}`, seed)
    }
    const seeds = seed as Readonly<Record<string, NestedSeed | null | undefined>>
    return named(
      seedParts(
        this,
        this.#parts,
        this.keys.map((key) => seeds[key]),
      ),
    )
  }

  /** @throws InvalidProbability for masks or probabilities that are no object with these keys, or that a part cannot sample from */
  override sample(options?: SampleOptions<DictMask<S>, DictProbability<S>>): DictElement<S> {
    const { mask, probability } = weightsOf(options)
    const weights: unknown = mask ?? probability
    if (weights !== null && !this.#hasKeys(weights)) {
      const given = typeof weights === 'object' ? `the keys ${Object.keys(weights!).join(', ')}` : shown(weights)
      throw new InvalidProbability(`masks or probabilities of a Dict have its keys ${this.keys.join(', ')}, got ${given}`)
    }
    const element: Record<string, unknown> = {}
    this.keys.forEach((key, i) => {
      const own = (weights as Record<string, unknown> | null)?.[key]
      element[key] = this.#parts[i]!.sample(weights === null ? undefined : mask !== null ? { mask: own } : { probability: own })
    })
    return element as DictElement<S>
  }

  #hasKeys(x: unknown): x is Record<string, unknown> {
    if (typeof x !== 'object' || x === null) return false
    return Object.keys(x).length === this.keys.length && this.keys.every((key) => Object.hasOwn(x, key))
  }

  override contains(x: unknown): x is DictElement<S> {
    return this.#hasKeys(x) && this.keys.every((key, i) => this.#parts[i]!.contains(x[key]))
  }

  /** Same keys, in any order, with equal spaces. */
  override equals(other: unknown): boolean {
    return other instanceof Dict && this.#hasKeys(other.spaces) && this.keys.every((key, i) => this.#parts[i]!.equals(other.spaces[key]))
  }

  protected override copy(): Dict<S> {
    return new Dict<S>(
      this.entries().map(([key, part]) => [key, part.clone()] as const),
      { sortKeys: this.sortKeys },
    )
  }

  override toJSON(): SpaceJSON {
    return { type: 'Dict', spaces: this.entries().map(([key, part]) => [key, part.toJSON()]), sortKeys: this.sortKeys }
  }

  override toJsonable(samples: readonly DictElement<S>[]): Jsonable {
    const objects = samples.map((sample) => objectOf(this, sample))
    return Object.fromEntries(this.entries().map(([key, part]) => [key, part.toJsonable(objects.map((object) => object[key]))]))
  }

  override fromJsonable(json: unknown): DictElement<S>[] {
    if (!this.#hasKeys(json)) throw unread(this, `the keys ${this.keys.join(', ')}`, json)
    const parts = this.entries().map(([key, part]) => part.fromJsonable(json[key]))
    const element = (n: number) => Object.fromEntries(this.keys.map((key, i) => [key, parts[i]![n]])) as DictElement<S>
    return Array.from({ length: countOf(this, parts) }, (_, n) => element(n))
  }

  override toString(): string {
    return `Dict(${this.entries()
      .map(([key, part]) => `${pythonString(key)}: ${part}`)
      .join(', ')})`
  }
}

function readPairs(spaces: unknown, sortKeys: boolean): (readonly [string, Space])[] {
  if (typeof spaces !== 'object' || spaces === null) {
    throw new InvalidKwargs(`a Dict takes an object of spaces or a list of [key, space], got ${shown(spaces)}`)
  }
  const given: unknown[] = Array.isArray(spaces) ? spaces : Object.entries(spaces)
  const seen = new Set<string>()
  const pairs = given.map((pair, i) => {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') {
      throw new InvalidKwargs(`a Dict takes an object of spaces or a list of [key, space], got ${shown(pair)} at index ${i}`)
    }
    const [key, part] = pair
    // Assigning to this name sets an object's prototype.
    if (seen.has(key) || key === '__proto__')
      throw new InvalidKwargs(`a Dict cannot have the key ${shown(key)}${seen.has(key) ? ' twice' : ''}`)
    seen.add(key)
    checkSpace('Dict', shown(key), part)
    return [key, part] as const
  })
  return Array.isArray(spaces) || !sortKeys ? pairs : pairs.sort(byKey)
}

/** Python's order of strings; JavaScript's own goes by UTF-16 units. */
function byKey([a]: readonly [string, Space], [b]: readonly [string, Space]): number {
  const [left, right] = [Array.from(a), Array.from(b)]
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] !== right[i]) return left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!
  }
  return left.length - right.length
}
