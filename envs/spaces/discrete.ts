import { InvalidSpace } from '../errors.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { checkTarget, DTYPES, type DtypeArrays, type IntegerDtype, isIntegerDtype } from './dtype.js'
import { type Jsonable, listFrom, numberFrom } from './jsonable.js'
import { type SampleOptions, Space, type SpaceJSON } from './space.js'
import { type Mask, maskedIndex, type Probabilities, weightedIndex, weightsOf } from './weights.js'

export interface DiscreteOptions<D extends IntegerDtype = IntegerDtype> {
  /** The smallest element; 0 unless told. */
  start?: number
  /** Decides how many bits a draw takes; 'int64' unless told. */
  dtype?: D
  seed?: Seed
}

/**
 * The integers start, …, start + n − 1.
 *
 *     new Discrete(4).sample({ mask: [0, 1, 0, 1] })                   // 1 or 3; start where nothing is allowed
 *     new Discrete(2, { start: -1 }).sample({ probability: [0.9, 0.1] })
 *
 * @throws InvalidSpace when n is not a positive integer or the dtype cannot hold the elements
 */
export class Discrete<D extends IntegerDtype = 'int64'> extends Space<number, Mask, Probabilities> {
  readonly shape: readonly number[] = []
  /** NoInfer: a list of spaces, which has all dtypes, must not decide what this one has. */
  readonly dtype: NoInfer<D>
  readonly n: number
  readonly start: number

  constructor(n: number, { start = 0, dtype = 'int64' as D, seed }: DiscreteOptions<D> = {}) {
    super()
    checkRange('Discrete', n, start, dtype)
    this.n = n
    this.start = start
    this.dtype = dtype
    if (seed !== undefined) this.seed(seed)
  }

  /** Uniform, or by mask, or by probability. @throws InvalidProbability when both are given, or one of them cannot be sampled from */
  override sample(options?: SampleOptions<Mask, Probabilities>): number {
    const { mask, probability } = weightsOf(options)
    if (mask !== null) return this.start + maskedIndex(this.npRandom, this.n, mask)
    if (probability !== null) return this.start + weightedIndex(this.npRandom, this.n, probability)
    return this.start + this.npRandom.integers(this.n, undefined, this.dtype)
  }

  /** Draws an element into `out[offset]`. @throws InvalidKwargs for another array, or no room in it */
  sampleInto(out: DtypeArrays[D], offset = 0): void {
    checkTarget(this.dtype, out, offset, 1)
    out[offset] = this.start + this.npRandom.integers(this.n, undefined, this.dtype)
  }

  override get isNpFlattenable(): boolean {
    return true
  }

  override contains(x: unknown): x is number {
    return typeof x === 'number' && Number.isInteger(x) && x >= this.start && x < this.start + this.n
  }

  override equals(other: unknown): boolean {
    return other instanceof Discrete && other.n === this.n && other.start === this.start && other.dtype === this.dtype
  }

  protected override copy(): Discrete<D> {
    return new Discrete(this.n, { start: this.start, dtype: this.dtype })
  }

  override toJSON(): SpaceJSON {
    return { type: 'Discrete', n: this.n, start: this.start, dtype: this.dtype }
  }

  override toJsonable(samples: readonly number[]): Jsonable {
    return samples.map((sample) => numberFrom(this, sample))
  }

  override fromJsonable(json: unknown): number[] {
    return listFrom(this, json).map((item) => numberFrom(this, item))
  }

  override toString(): string {
    const start = this.start === 0 ? '' : `, start=${this.start}`
    const dtype = this.dtype === 'int64' ? '' : `, dtype=${this.dtype}`
    return `Discrete(${this.n}${start}${dtype})`
  }
}

/** @throws InvalidSpace */
export function checkRange(type: string, n: number, start: number, dtype: IntegerDtype): void {
  if (!Number.isInteger(n) || n <= 0) throw new InvalidSpace(`${type} needs a positive number of elements, got n=${shown(n)}`)
  if (!Number.isInteger(start)) throw new InvalidSpace(`${type} needs an integer start, got ${shown(start)}`)
  if (!isIntegerDtype(dtype)) throw new InvalidSpace(`${type} needs an integer dtype such as int64, got ${shown(dtype)}`)
  const { min, max } = DTYPES[dtype]
  if (n > max || start < min || start + n - 1 > max) {
    throw new InvalidSpace(`${type} of ${n} from ${start} to ${start + n - 1} does not fit ${dtype} as stored here (${min} to ${max})`)
  }
}
