import { InvalidProbability, InvalidSpace } from '../errors.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { checkRange, Discrete } from './discrete.js'
import { checkTarget, type DtypeArrays, emptyArray, type IntegerDtype, isArrayFor, isIntegerDtype } from './dtype.js'
import { arrayFromNested, type Jsonable, listFrom, nestedNumbers } from './jsonable.js'
import { numpyText } from './numpy-text.js'
import { checkShape, type NestedNumbers, sizeOf, unnested } from './shape.js'
import { type SampleOptions, Space, type SpaceJSON } from './space.js'
import { maskedIndex, normalizedIndex, weightsOf } from './weights.js'

export interface MultiDiscreteOptions<D extends IntegerDtype> {
  /** The smallest value of each element; zeros unless told. */
  start?: NestedNumbers
  dtype?: D
  /** Where `nvec` is a flat list; otherwise its nesting is the shape. */
  shape?: readonly number[]
  seed?: Seed
}

/** An array of weights for each element, nested as the shape is. */
export type NestedWeights = readonly (ArrayLike<number> | NestedWeights)[]

/**
 * Several discrete choices at once: element i is one of start[i], …, start[i] + nvec[i] − 1.
 *
 *     new MultiDiscrete([3, 2]).sample({ mask: [[0, 1, 1], [1, 0]] })
 *     new MultiDiscrete([[2, 3], [4, 5]])                               // shape [2, 2]
 *
 * @throws InvalidSpace for counts that are not positive integers, starts of another shape, a dtype that cannot hold the elements
 */
export class MultiDiscrete<D extends IntegerDtype = 'int64'> extends Space<DtypeArrays[D], NestedWeights, NestedWeights> {
  readonly shape: readonly number[]
  /** NoInfer: a list of spaces, which has all dtypes, must not decide what this one has. */
  readonly dtype: NoInfer<D>
  readonly nvec: DtypeArrays[D]
  readonly start: DtypeArrays[D]

  constructor(nvec: NestedNumbers, { start, dtype, shape, seed }: MultiDiscreteOptions<D> = {}) {
    super()
    if (typeof nvec !== 'object' || nvec === null) throw new InvalidSpace(`nvec of a MultiDiscrete is a list of counts, got ${shown(nvec)}`)
    this.dtype = dtype ?? ('int64' as D)
    if (!isIntegerDtype(this.dtype)) throw new InvalidSpace(`MultiDiscrete needs an integer dtype such as int64, got ${shown(dtype)}`)
    const counts = unnested('nvec', nvec)
    const starts = start === undefined ? null : unnested('start', start)
    const ownShape = shape ?? counts.shape
    checkShape('MultiDiscrete', ownShape)
    this.shape = [...ownShape]
    const size = sizeOf(this.shape)
    const fits = ({ flat, shape: nesting }: typeof counts) =>
      flat.length === size && (nesting.length === 1 || nesting.join() === this.shape.join())
    if (!fits(counts) || (starts && !fits(starts))) {
      throw new InvalidSpace(
        `a MultiDiscrete of shape [${this.shape}] needs ${size} counts and starts of that shape, got [${counts.shape}] and ${starts ? `[${starts.shape}]` : 'none'}`,
      )
    }
    this.nvec = emptyArray(this.dtype, size)
    this.start = emptyArray(this.dtype, size)
    for (let i = 0; i < size; i++) {
      const first = starts?.flat[i] ?? 0
      checkRange('MultiDiscrete', counts.flat[i]!, first, this.dtype)
      this.nvec[i] = counts.flat[i]!
      this.start[i] = first
    }
    if (seed !== undefined) this.seed(seed)
  }

  /** @throws InvalidProbability when the masks or probabilities (an array for each element, nested as the shape) cannot be sampled from */
  override sample(options?: SampleOptions<NestedWeights, NestedWeights>): DtypeArrays[D] {
    const { mask, probability } = weightsOf(options)
    const values = emptyArray(this.dtype, this.nvec.length)
    if (mask === null && probability === null) this.#draw(values, 0)
    else {
      const draw = mask === null ? normalizedIndex : maskedIndex
      const weights = this.#leaves(mask ?? probability, 0)
      for (let i = 0; i < values.length; i++) values[i] = draw(this.npRandom, this.nvec[i]!, weights[i]) + this.start[i]!
    }
    return values
  }

  /** Draws an element into `out[offset …]`, without making anything new. @throws InvalidKwargs for another array, or no room in it */
  sampleInto(out: DtypeArrays[D], offset = 0): void {
    checkTarget(this.dtype, out, offset, this.nvec.length)
    this.#draw(out, offset)
  }

  #draw(values: DtypeArrays[D], offset: number): void {
    const random = this.npRandom
    for (let i = 0; i < this.nvec.length; i++) values[offset + i] = Math.floor(random.random() * this.nvec[i]!) + this.start[i]!
  }

  /** The weights of all elements in row-major order. */
  #leaves(weights: unknown, axis: number): unknown[] {
    const side = this.shape[axis]
    if (side === undefined) return [weights]
    if (!Array.isArray(weights) || weights.length !== side) {
      const given = Array.isArray(weights) ? `a list of ${weights.length}` : shown(weights)
      throw new InvalidProbability(
        `the masks or probabilities of ${this} are nested lists of shape [${this.shape}], one array an element; got ${given} on axis ${axis}`,
      )
    }
    return weights.flatMap((part) => this.#leaves(part, axis + 1))
  }

  override get isNpFlattenable(): boolean {
    return true
  }

  override contains(x: unknown): x is DtypeArrays[D] {
    if (!isArrayFor(this.dtype, x) || x.length !== this.nvec.length) return false
    for (let i = 0; i < x.length; i++) if (!(x[i]! >= this.start[i]! && x[i]! < this.start[i]! + this.nvec[i]!)) return false
    return true
  }

  /** The choice at `index` of the first axis, at this space's point of the stream. @throws InvalidSpace where there is none */
  at(index: number): Discrete<D> | MultiDiscrete<D> {
    const [sides, ...rest] = this.shape
    if (sides === undefined || !Number.isInteger(index) || index < 0 || index >= sides)
      throw new InvalidSpace(`${this} has no part ${shown(index)}`)
    const size = sizeOf(rest)
    const own = { dtype: this.dtype, shape: rest }
    const part =
      rest.length === 0
        ? new Discrete(this.nvec[index]!, { start: this.start[index]!, dtype: this.dtype })
        : new MultiDiscrete(this.nvec.slice(index * size, (index + 1) * size), {
            ...own,
            start: this.start.slice(index * size, (index + 1) * size),
          })
    part.npRandom = this.npRandom.clone()
    return part
  }

  override equals(other: unknown): boolean {
    return other instanceof MultiDiscrete && JSON.stringify(other) === JSON.stringify(this)
  }

  protected override copy(): MultiDiscrete<D> {
    return new MultiDiscrete(this.nvec, { start: this.start, shape: this.shape, dtype: this.dtype })
  }

  override toJSON(): SpaceJSON {
    return { type: 'MultiDiscrete', nvec: [...this.nvec], start: [...this.start], shape: [...this.shape], dtype: this.dtype }
  }

  override toJsonable(samples: readonly DtypeArrays[D][]): Jsonable {
    return samples.map((sample) => nestedNumbers(this, sample))
  }

  override fromJsonable(json: unknown): DtypeArrays[D][] {
    return listFrom(this, json).map((item) => arrayFromNested(this, item))
  }

  override toString(): string {
    const text = (values: ArrayLike<number>) => numpyText(values, this.shape, this.dtype)
    const start = this.start.some((value) => value !== 0) ? `, start=${text(this.start)}` : ''
    return `MultiDiscrete(${text(this.nvec)}${start})`
  }
}
