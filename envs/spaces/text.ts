import { InvalidProbability, InvalidSpace } from '../errors.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { listFrom, unread } from './jsonable.js'
import { type SampleOptions, Space, type SpaceJSON } from './space.js'
import { checkMask, checkProbabilities, type Mask, type Probabilities, weightsOf } from './weights.js'

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export interface TextOptions {
  /** The least number of characters; 1 unless told. */
  minLength?: number
  /** Letters and digits unless told. A string keeps its order, a set is sorted; the order decides what a draw gives. */
  charset?: string | ReadonlySet<string>
  seed?: Seed
}

/** The length, or null for any, and the weight of each character, or null for all alike. */
export type TextWeights<W> = readonly [length: number | null, weights: W | null]

/**
 * Strings of minLength to maxLength characters (code points) of a character set.
 *
 *     new Text(10, { charset: '01' }).sample({ mask: [3, [0, 1]] })     // '111'
 *
 * @throws InvalidSpace for lengths that are no integers with 0 <= minLength <= maxLength, or a character that is not one
 */
export class Text extends Space<string, TextWeights<Mask>, TextWeights<Probabilities>> {
  readonly shape = null
  readonly dtype = null
  readonly minLength: number
  readonly maxLength: number
  /** In the order of masks, probabilities and flattened indices. */
  readonly characterList: readonly string[]
  readonly #indices: ReadonlyMap<string, number>

  constructor(maxLength: number, { minLength = 1, charset = ALPHANUMERIC, seed }: TextOptions = {}) {
    super()
    if (!Number.isInteger(minLength) || !Number.isInteger(maxLength) || minLength < 0 || minLength > maxLength) {
      throw new InvalidSpace(
        `a Text needs integers with 0 <= minLength <= maxLength, got minLength=${shown(minLength)}, maxLength=${shown(maxLength)}`,
      )
    }
    if (typeof charset !== 'string' && !(charset instanceof Set)) {
      throw new InvalidSpace(`the charset of a Text is a string or a Set of characters, got ${shown(charset)}`)
    }
    const characters = typeof charset === 'string' ? [...new Set(charset)] : [...charset].sort(byCodePoint)
    const odd = characters.find((character) => typeof character !== 'string' || [...character].length !== 1)
    if (odd !== undefined) throw new InvalidSpace(`a charset holds single characters, got ${shown(odd)}`)
    this.minLength = minLength
    this.maxLength = maxLength
    this.characterList = characters
    this.#indices = new Map(characters.map((character, i) => [character, i]))
    if (seed !== undefined) this.seed(seed)
  }

  /** All characters, sorted. */
  get characters(): string {
    return [...this.characterList].sort(byCodePoint).join('')
  }

  /** The place of a character in `characterList`. @throws InvalidSpace where it is not in the set */
  characterIndex(character: string): number {
    const index = this.#indices.get(character)
    if (index === undefined) throw new InvalidSpace(`${shown(character)} is none of the characters of ${this}`)
    return index
  }

  /**
   * A length, then each character by itself. Where no character is allowed: the empty string, if that is in the space.
   *
   * @throws InvalidProbability for a length outside the space, or weights that cannot be sampled from
   */
  override sample(options?: SampleOptions<TextWeights<Mask>, TextWeights<Probabilities>>): string {
    const { mask, probability } = weightsOf(options)
    const count = this.characterList.length
    const [givenLength, weights] = this.#checked(mask ?? probability)
    let p: ArrayLike<number> = new Float64Array(count).fill(1 / count)
    if (weights !== null && mask !== null) {
      checkMask(weights, count)
      const sum = Array.from(weights).reduce((total, flag) => total + flag, 0)
      p = Float64Array.from(weights, (flag) => (sum > 0 ? flag / sum : 0))
    } else if (weights !== null) {
      checkProbabilities(weights, count)
      p = weights
    }
    const length = givenLength ?? this.npRandom.integers(this.minLength, this.maxLength + 1)
    if (Array.from(p).every((value) => value === 0)) {
      if (this.minLength === 0) return ''
      throw new InvalidProbability(`${this} has no empty string, but no character may be drawn; allow one`)
    }
    return Array.from(this.npRandom.choices(count, length, { p }), (index) => this.characterList[index]).join('')
  }

  #checked(given: TextWeights<ArrayLike<number>> | null): TextWeights<ArrayLike<number>> {
    if (given === null) return [null, null]
    if (!Array.isArray(given) || given.length !== 2)
      throw new InvalidProbability(`a Text is sampled by [length or null, weights or null], got ${shown(given)}`)
    const [length = null, weights = null] = given as TextWeights<ArrayLike<number>>
    if (length !== null && !(Number.isInteger(length) && length >= this.minLength && length <= this.maxLength)) {
      throw new InvalidProbability(`the length of a Text to draw is from ${this.minLength} to ${this.maxLength}, got ${shown(length)}`)
    }
    return [length, weights]
  }

  override get isNpFlattenable(): boolean {
    return true
  }

  override contains(x: unknown): x is string {
    if (typeof x !== 'string') return false
    let length = 0
    for (const character of x) {
      if (!this.#indices.has(character)) return false
      length++
    }
    return length >= this.minLength && length <= this.maxLength
  }

  /** Same lengths and same characters, in any order. */
  override equals(other: unknown): boolean {
    return (
      other instanceof Text &&
      other.minLength === this.minLength &&
      other.maxLength === this.maxLength &&
      other.characters === this.characters
    )
  }

  protected override copy(): Text {
    return new Text(this.maxLength, { minLength: this.minLength, charset: this.characterList.join('') })
  }

  override toJSON(): SpaceJSON {
    return { type: 'Text', maxLength: this.maxLength, minLength: this.minLength, charset: this.characterList.join('') }
  }

  override fromJsonable(json: unknown): string[] {
    return listFrom(this, json).map((item) => {
      if (typeof item !== 'string') throw unread(this, 'texts', item)
      return item
    })
  }

  override toString(): string {
    return `Text(${this.minLength}, ${this.maxLength}, charset=${this.characters})`
  }
}

function byCodePoint(a: string, b: string): number {
  return (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0)
}
