import { InvalidProbability, InvalidSpace } from '../errors.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { checkTarget, DTYPES, type Dtype, type DtypeArrays, emptyArray, isArrayFor, isDtype } from './dtype.js'
import { arrayFromNested, type Jsonable, listFrom, nestedNumbers } from './jsonable.js'
import { pythonTuple, shortText } from './numpy-text.js'
import { checkShape, type NestedNumbers, sizeOf, unnested } from './shape.js'
import { type JSONNumber, type SampleOptions, Space, type SpaceJSON } from './space.js'

export interface BoxOptions<D extends Dtype> {
  /** Defaults to that of the bounds, or [1] where both are numbers. */
  shape?: readonly number[]
  /** Defaults to 'float32'. */
  dtype?: D
  seed?: Seed
}

/**
 * A box in ℝⁿ: each coordinate between its own bounds, which may be infinite. Elements are flat typed arrays in row-major order.
 *
 *     new Box(-1, 1, { shape: [3] })                          // three float32 in [-1, 1]
 *     new Box([0, -Infinity], [5, Infinity])                  // bounds of their own, shape [2]; nested lists for more axes
 *     new Box(0, 255, { shape: [84, 84, 3], dtype: 'uint8' })
 *
 * @throws InvalidSpace for NaN, a low above its high, bounds outside the dtype, lengths that do not fit the shape
 */
export class Box<D extends Dtype = 'float32'> extends Space<DtypeArrays[D], null, null> {
  readonly shape: readonly number[]
  /** NoInfer: a list of spaces, which has all dtypes, must not decide what this one has. */
  readonly dtype: NoInfer<D>
  readonly low: DtypeArrays[D]
  readonly high: DtypeArrays[D]
  /** 1 where the bound is finite; an integer dtype cannot hold an infinite bound itself. */
  readonly boundedBelow: Uint8Array
  readonly boundedAbove: Uint8Array
  readonly #size: number
  /** Coordinates in the order in which NumPy draws them: unbounded, bounded below, bounded above, bounded. */
  readonly #drawOrder: Int32Array

  constructor(low: number | NestedNumbers, high: number | NestedNumbers, options: BoxOptions<D> = {}) {
    super()
    if (typeof options !== 'object' || options === null)
      throw new InvalidSpace(`the options of a Box are { shape, dtype, seed }, got ${shown(options)}`)
    const { shape, dtype, seed } = options
    const below = readBound('low', low)
    const above = readBound('high', high)
    this.dtype = dtype ?? ('float32' as D)
    if (!isDtype(this.dtype)) throw new InvalidSpace(`Box knows the dtypes ${Object.keys(DTYPES).join(', ')}, got ${shown(dtype)}`)
    const ownShape = shape ?? below.shape ?? above.shape ?? [1]
    checkShape('Box', ownShape)
    this.shape = [...ownShape]
    this.#size = sizeOf(this.shape)
    this.boundedBelow = new Uint8Array(this.#size)
    this.boundedAbove = new Uint8Array(this.#size)
    this.low = this.#bounds('low', below, this.boundedBelow)
    this.high = this.#bounds('high', above, this.boundedAbove)
    for (let i = 0; i < this.#size; i++) {
      if (this.low[i]! > this.high[i]!)
        throw new InvalidSpace(`Box needs low <= high, got low=${this.low[i]} and high=${this.high[i]} at index ${i}`)
    }
    this.#drawOrder = Int32Array.from({ length: this.#size }, (_, i) => i).sort((a, b) => this.#kind(a) - this.#kind(b) || a - b)
    if (seed !== undefined) this.seed(seed)
  }

  #bounds(name: 'low' | 'high', { value: given, shape }: Bound, bounded: Uint8Array): DtypeArrays[D] {
    const { kind, min, max } = DTYPES[this.dtype]
    const side = name === 'low' ? -Infinity : Infinity
    const values = emptyArray(this.dtype, this.#size)
    if (typeof given !== 'number' && given.length !== this.#size) {
      throw new InvalidSpace(`a Box of shape [${this.shape}] needs ${this.#size} values in ${name}, got ${given.length}`)
    }
    if (shape && shape.length > 1 && shape.join() !== this.shape.join())
      throw new InvalidSpace(`${name} of a Box of shape [${this.shape}] has the shape [${shape}]`)
    for (let i = 0; i < this.#size; i++) {
      const value = typeof given === 'number' ? given : given[i]!
      if (typeof value !== 'number') throw new InvalidSpace(`${name} must hold numbers, got ${shown(value)} at index ${i}`)
      if (value === side) {
        if (kind === 'unsigned' || kind === 'bool')
          throw new InvalidSpace(`a Box of ${this.dtype} cannot be unbounded, got ${name}=${value}`)
        values[i] = kind === 'float' ? side : name === 'low' ? min : max
        continue
      }
      if (!(value >= min && value <= max) || (kind !== 'float' && !Number.isInteger(value))) {
        throw new InvalidSpace(`${name}=${value} at index ${i} is not a value of ${this.dtype} (${min} to ${max}, or unbounded)`)
      }
      values[i] = value
      bounded[i] = 1
    }
    return values
  }

  #kind(i: number): number {
    return 2 * this.boundedAbove[i]! + this.boundedBelow[i]!
  }

  /** Whether every coordinate is bounded in that manner. */
  isBounded(manner: 'both' | 'below' | 'above' = 'both'): boolean {
    const below = this.boundedBelow.every((bounded) => bounded === 1)
    const above = this.boundedAbove.every((bounded) => bounded === 1)
    return manner === 'both' ? below && above : manner === 'below' ? below : above
  }

  /**
   * Each coordinate on its own: uniform in [a, b], shifted exponential where one side is open, normal where both are.
   *
   * @throws InvalidProbability when given a mask or probabilities, which a Box does not have
   */
  override sample(options?: SampleOptions<null, null>): DtypeArrays[D] {
    if ((options?.mask ?? null) !== null || (options?.probability ?? null) !== null) {
      throw new InvalidProbability('a Box is sampled without mask or probability; leave them out')
    }
    const values = emptyArray(this.dtype, this.#size)
    this.#draw(values, 0)
    return values
  }

  /** Draws an element into `out[offset …]`, without making anything new. @throws InvalidKwargs for another array, or no room in it */
  sampleInto(out: DtypeArrays[D], offset = 0): void {
    checkTarget(this.dtype, out, offset, this.#size)
    this.#draw(out, offset)
  }

  #draw(values: DtypeArrays[D], offset: number): void {
    const { kind, min, max } = DTYPES[this.dtype]
    const random = this.npRandom
    const isFloat = kind === 'float'
    // An integer's interval [a, b] is the reals [a, b + 1) rounded down.
    const above = isFloat ? 0 : 1
    for (let k = 0; k < this.#size; k++) {
      const i = this.#drawOrder[k]!
      const low = this.low[i]!
      const high = this.high[i]! + above
      let value: number
      switch (this.#kind(i)) {
        case 0:
          value = random.standardNormal()
          break
        case 1:
          value = random.standardExponential() + low
          break
        case 2:
          value = -random.standardExponential() + high
          break
        default:
          value = random.uniform(low, high)
      }
      values[offset + i] = isFloat ? value : Math.min(Math.max(Math.floor(value), min), max)
    }
  }

  override get isNpFlattenable(): boolean {
    return true
  }

  override contains(x: unknown): x is DtypeArrays[D] {
    if (!isArrayFor(this.dtype, x) || x.length !== this.#size) return false
    for (let i = 0; i < this.#size; i++) if (!(x[i]! >= this.low[i]! && x[i]! <= this.high[i]!)) return false
    return true
  }

  /** Same shape, same dtype, and bounds equal to within NumPy's `allclose`. */
  override equals(other: unknown): boolean {
    if (!(other instanceof Box) || other.dtype !== this.dtype || other.shape.join() !== this.shape.join()) return false
    const close = (a: ArrayLike<number>, b: ArrayLike<number>) => {
      for (let i = 0; i < this.#size; i++) if (!(a[i] === b[i] || Math.abs(a[i]! - b[i]!) <= 1e-8 + 1e-5 * Math.abs(b[i]!))) return false
      return true
    }
    return close(this.low, other.low) && close(this.high, other.high)
  }

  protected override copy(): Box<D> {
    return new Box(openBound(this, 'low'), openBound(this, 'high'), { shape: this.shape, dtype: this.dtype })
  }

  override toJSON(): SpaceJSON {
    const values = (bound: ArrayLike<number>, bounded: Uint8Array, open: JSONNumber): JSONNumber[] | JSONNumber => {
      const list = Array.from(bound, (value, i) => (bounded[i] ? value : open))
      return list.length > 1 && list.every((value) => value === list[0]) ? list[0]! : list
    }
    return {
      type: 'Box',
      low: values(this.low, this.boundedBelow, '-inf'),
      high: values(this.high, this.boundedAbove, 'inf'),
      shape: [...this.shape],
      dtype: this.dtype,
    }
  }

  override toJsonable(samples: readonly DtypeArrays[D][]): Jsonable {
    return samples.map((sample) => nestedNumbers(this, sample))
  }

  override fromJsonable(json: unknown): DtypeArrays[D][] {
    return listFrom(this, json).map((item) => arrayFromNested(this, item))
  }

  override toString(): string {
    // NumPy shows the limits of int64 where a side is open; they don't fit what is stored here.
    const text = (side: 'low' | 'high', bounded: Uint8Array, limit: string) =>
      this.dtype === 'int64' && bounded.length > 0 && !bounded.includes(1) ? limit : shortText(this[side], this.shape, this.dtype)
    const low = text('low', this.boundedBelow, '-9223372036854775808')
    const high = text('high', this.boundedAbove, '9223372036854775807')
    return `Box(${low}, ${high}, ${pythonTuple(this.shape)}, ${this.dtype})`
  }
}

/** The bounds of one side as they were given, infinite where open: an integer dtype stores its own limit there. */
export function openBound(box: Box<Dtype>, side: 'low' | 'high'): Float64Array {
  const bounded = side === 'low' ? box.boundedBelow : box.boundedAbove
  const open = side === 'low' ? -Infinity : Infinity
  return Float64Array.from(box[side], (value, i) => (bounded[i] ? value : open))
}

interface Bound {
  value: number | ArrayLike<number>
  shape?: number[]
}

/** @throws InvalidSpace */
function readBound(name: 'low' | 'high', bound: number | NestedNumbers): Bound {
  if (typeof bound === 'number') return { value: bound }
  if (typeof bound !== 'object' || bound === null || !('length' in bound)) {
    throw new InvalidSpace(`${name} must be a number or an array of numbers, got ${shown(bound)}`)
  }
  const { flat, shape } = unnested(name, bound)
  return { value: flat, shape }
}
