/** A bounded Box cut into equal bins along each coordinate, numbered together (the last coordinate fastest) or each on its own. */
import { InvalidKwargs, InvalidSpace } from '../errors.js'
import { shown } from '../shown.js'
import { type Box, Discrete, MultiDiscrete, type Space } from '../spaces/index.js'

export interface BinsOptions {
  /** How many bins: for every coordinate, or one number for each. */
  bins: number | readonly number[]
  /** A bin of each coordinate (MultiDiscrete) instead of one number for all (Discrete). */
  multidiscrete?: boolean
}

export class Bins {
  readonly space: Space<unknown>
  readonly counts: readonly number[]
  /** bins + 1 edges of each coordinate, in the precision of the box. */
  readonly edges: readonly Float64Array[]
  readonly #together: boolean

  /** @throws InvalidSpace for infinite bounds, InvalidKwargs */
  constructor(wrapper: string, box: Box, { bins, multidiscrete = false }: BinsOptions) {
    if (!box.isBounded()) throw new InvalidSpace(`${wrapper} needs finite bounds, got ${box}`)
    const size = box.low.length
    const counts = typeof bins === 'number' ? new Array<number>(size).fill(bins) : Array.from(bins ?? [])
    if (counts.length !== size || !counts.every((count) => Number.isInteger(count) && count > 0))
      throw new InvalidKwargs(`bins of ${wrapper} is a positive integer or ${size} of them, got ${shown(bins)}`)
    this.counts = counts
    const single = box.dtype === ('float32' as string)
    this.edges = counts.map((count, i) => linspace(box.low[i]!, box.high[i]!, count, single ? Math.fround : (x) => x))
    this.#together = !multidiscrete
    this.space = multidiscrete ? new MultiDiscrete(counts) : new Discrete(counts.reduce((product, count) => product * count, 1))
  }

  /** An element of the space from a bin of each coordinate. */
  join(indices: ArrayLike<number>): number | Int32Array {
    if (!this.#together) return Int32Array.from(indices)
    return this.counts.reduce((number, count, i) => number * count + indices[i]!, 0)
  }

  /** The bin of each coordinate from an element of the space. */
  split(element: number | ArrayLike<number>): Int32Array {
    const indices = new Int32Array(this.counts.length)
    let rest = typeof element === 'number' ? element : 0
    for (let i = indices.length - 1; i >= 0; i--) {
      const count = this.counts[i]!
      indices[i] = typeof element === 'number' ? ((rest % count) + count) % count : element[i]!
      rest = Math.floor(rest / count)
    }
    return indices
  }
}

/** NumPy's linspace with count + 1 points: the last is the bound itself. */
function linspace(low: number, high: number, count: number, round: (x: number) => number): Float64Array {
  const step = round(round(high - low) / count)
  return Float64Array.from({ length: count + 1 }, (_, i) => (i === count ? high : round(round(i * step) + low)))
}
