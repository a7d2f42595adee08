import { InvalidSpace } from '../errors.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { checkTarget, isArrayFor } from './dtype.js'
import { arrayFromNested, type Jsonable, listFrom, nestedNumbers } from './jsonable.js'
import { pythonTuple } from './numpy-text.js'
import { checkShape, sizeOf } from './shape.js'
import { type SampleOptions, Space, type SpaceJSON } from './space.js'
import { checkMask, checkProbabilities, type Mask, type Probabilities, weightsOf } from './weights.js'

/**
 * Zeros and ones, each a fair coin.
 *
 *     new MultiBinary(5)                                                // five
 *     new MultiBinary([3, 2]).sample({ mask: [0, 1, 2, 2, 2, 2] })      // 0 and 1 are fixed, 2 is drawn
 *     new MultiBinary(2).sample({ probability: [0.1, 0.9] })            // of a 1
 *
 * @throws InvalidSpace when n is neither a positive integer nor a list of such
 */
export class MultiBinary extends Space<Int8Array, Mask, Probabilities> {
  readonly shape: readonly number[]
  readonly dtype = 'int8'
  /** As given: a number, or the sides. */
  readonly n: number | readonly number[]
  readonly #size: number

  constructor(n: number | readonly number[], { seed }: { seed?: Seed } = {}) {
    super()
    if (typeof n !== 'number' && !Array.isArray(n)) {
      throw new InvalidSpace(`a MultiBinary takes a count or a list of sides, got ${shown(n)}`)
    }
    this.shape = typeof n === 'number' ? [n] : [...n]
    checkShape('MultiBinary', this.shape, 1)
    this.n = typeof n === 'number' ? n : this.shape
    this.#size = sizeOf(this.shape)
    if (seed !== undefined) this.seed(seed)
  }

  /** @throws InvalidProbability for a mask or probabilities of another length or with other values; each has one value an element */
  override sample(options?: SampleOptions<Mask, Probabilities>): Int8Array {
    const { mask, probability } = weightsOf(options)
    if (probability !== null) {
      checkProbabilities(probability, this.#size)
      return Int8Array.from(probability, (p) => (this.npRandom.random() <= p ? 1 : 0))
    }
    if (mask !== null) checkMask(mask, this.#size, 2)
    const values = this.#draw()
    if (mask !== null) for (let i = 0; i < values.length; i++) if (mask[i] !== 2) values[i] = mask[i]!
    return values
  }

  /** Draws an element into `out[offset …]`. @throws InvalidKwargs for another array, or no room in it */
  sampleInto(out: Int8Array, offset = 0): void {
    checkTarget(this.dtype, out, offset, this.#size)
    out.set(this.#draw(), offset)
  }

  #draw(): Int8Array {
    return this.npRandom.integersArray(0, 2, this.#size, 'int8') as Int8Array
  }

  override get isNpFlattenable(): boolean {
    return true
  }

  override contains(x: unknown): x is Int8Array {
    // Like NumPy, any dtype will do as long as the values are 0 and 1.
    if (!isArrayFor('float64', x) || x.length !== this.#size) return false
    for (let i = 0; i < x.length; i++) if (x[i] !== 0 && x[i] !== 1) return false
    return true
  }

  override equals(other: unknown): boolean {
    return other instanceof MultiBinary && JSON.stringify(other.n) === JSON.stringify(this.n)
  }

  protected override copy(): MultiBinary {
    return new MultiBinary(this.n)
  }

  override toJSON(): SpaceJSON {
    return { type: 'MultiBinary', n: typeof this.n === 'number' ? this.n : [...this.n] }
  }

  override toJsonable(samples: readonly Int8Array[]): Jsonable {
    return samples.map((sample) => nestedNumbers(this, sample))
  }

  override fromJsonable(json: unknown): Int8Array[] {
    return listFrom(this, json).map((item) => arrayFromNested(this, item))
  }

  override toString(): string {
    return `MultiBinary(${typeof this.n === 'number' ? this.n : pythonTuple(this.n)})`
  }
}
