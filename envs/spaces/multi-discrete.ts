import { InvalidProbability, InvalidSpace } from '../errors.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { checkRange, weightedIndex } from './discrete.js'
import { type DtypeArrays, emptyArray, type IntegerDtype, isArrayFor } from './dtype.js'
import { type SampleOptions, Space, type SpaceJSON } from './space.js'

export interface MultiDiscreteOptions<D extends IntegerDtype> {
  /** The smallest value of each element; zeros unless told. */
  start?: ArrayLike<number>
  dtype?: D
  /** For more than one axis; defaults to the length of `nvec`. */
  shape?: readonly number[]
  seed?: Seed
}

/** Several discrete choices at once: element i is one of start[i], …, start[i] + nvec[i] − 1. */
export class MultiDiscrete<D extends IntegerDtype = 'int64'> extends Space<DtypeArrays[D]> {
  readonly shape: readonly number[]
  readonly dtype: D
  readonly nvec: DtypeArrays[D]
  readonly start: DtypeArrays[D]

  constructor(nvec: ArrayLike<number>, { start, dtype, shape, seed }: MultiDiscreteOptions<D> = {}) {
    super()
    if (typeof nvec !== 'object' || nvec === null) throw new InvalidSpace(`nvec of a MultiDiscrete is a list of counts, got ${shown(nvec)}`)
    this.dtype = dtype ?? ('int64' as D)
    this.shape = [...(shape ?? [nvec.length])]
    const size = this.shape.reduce((product, side) => product * side, 1)
    if (size !== nvec.length || (start && start.length !== size)) {
      throw new InvalidSpace(
        `a MultiDiscrete of shape [${this.shape}] needs ${size} counts and starts, got ${nvec.length} and ${start?.length ?? 'none'}`,
      )
    }
    this.nvec = emptyArray(this.dtype, size)
    this.start = emptyArray(this.dtype, size)
    for (let i = 0; i < size; i++) {
      checkRange('MultiDiscrete', nvec[i]!, start?.[i] ?? 0, this.dtype)
      this.nvec[i] = nvec[i]!
      this.start[i] = start?.[i] ?? 0
    }
    if (seed !== undefined) this.seed(seed)
  }

  /** @throws InvalidProbability when the masks or probabilities (an array for each element) cannot be sampled from */
  override sample({ mask, probability }: SampleOptions = {}): DtypeArrays[D] {
    const values = emptyArray(this.dtype, this.nvec.length)
    const weights = mask ?? probability
    if (weights === undefined) {
      for (let i = 0; i < values.length; i++) values[i] = Math.floor(this.npRandom.random() * this.nvec[i]!) + this.start[i]!
      return values
    }
    if (weights.length !== values.length)
      throw new InvalidProbability(`${values.length} elements need as many masks, got ${weights.length}`)
    for (let i = 0; i < values.length; i++) {
      const own = weights[i]
      if (typeof own !== 'object') throw new InvalidProbability(`element ${i} needs an array of ${this.nvec[i]} values, got ${String(own)}`)
      const options =
        mask === undefined ? { probability: own } : probability === undefined ? { mask: own } : { mask: own, probability: own }
      values[i] = weightedIndex(this.npRandom, this.nvec[i]!, options) + this.start[i]!
    }
    return values
  }

  override contains(x: unknown): x is DtypeArrays[D] {
    if (!isArrayFor(this.dtype, x) || x.length !== this.nvec.length) return false
    for (let i = 0; i < x.length; i++) if (!(x[i]! >= this.start[i]! && x[i]! < this.start[i]! + this.nvec[i]!)) return false
    return true
  }

  override equals(other: unknown): boolean {
    return other instanceof MultiDiscrete && JSON.stringify(other) === JSON.stringify(this)
  }

  override toJSON(): SpaceJSON {
    return { type: 'MultiDiscrete', nvec: [...this.nvec], start: [...this.start], shape: [...this.shape], dtype: this.dtype }
  }

  override toString(): string {
    const start = this.start.some((value) => value !== 0) ? `, start=[${this.start.join(' ')}]` : ''
    return `MultiDiscrete([${this.nvec.join(' ')}]${start})`
  }
}
