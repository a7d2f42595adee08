import type { Env } from '../env.js'
import { checkKwargs } from '../kwargs.js'
import { emptyArray } from '../spaces/dtype.js'
import type { Box, DtypeArray } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'
import { Bins, type BinsOptions } from './bins.js'
import { boxOf } from './options.js'
import { clipped } from './transform-reward.js'

/** Taken from the upper bound, so that an observation on it falls into the last bin. */
const MARGIN = 1e-8

/**
 * Gives numbers of bins instead of continuous observations.
 *
 *     const env = new wrappers.DiscretizeObservation(make('MountainCar-v0'), { bins: 10 })
 *     env.reset({ seed: 42 }) // [45, {}]
 */
export class DiscretizeObservation<Act = unknown> extends ObservationWrapper<number | Int32Array, Act, DtypeArray> {
  readonly #bins: Bins
  readonly #box: Box
  readonly #high: Float64Array

  /** @throws InvalidSpace for an observation space that is no bounded Box, InvalidKwargs */
  constructor(env: Env<DtypeArray, Act>, options: BinsOptions) {
    super(env, options)
    checkKwargs('DiscretizeObservation', options, ['bins', 'multidiscrete'])
    this.#box = boxOf('DiscretizeObservation', 'observation', env.observationSpace)
    this.#bins = new Bins('DiscretizeObservation', this.#box, options)
    const round = this.#box.dtype === ('float32' as string) ? Math.fround : (x: number) => x
    this.#high = Float64Array.from(this.#box.high, (high) => round(high - round(MARGIN)))
    this.observationSpace = this.#bins.space as Env<number | Int32Array>['observationSpace']
  }

  override observation(observation: DtypeArray): number | Int32Array {
    const { low } = this.#box
    return this.#bins.join(this.#bins.edges.map((edges, i) => binOf(edges, clipped(observation[i]!, low[i]!, this.#high[i]!))))
  }

  /** The lower and upper edges of the bins that an observation stands for. */
  revertObservation(observation: number | ArrayLike<number>): [low: DtypeArray, high: DtypeArray] {
    const indices = this.#bins.split(observation)
    const edge = (beyond: 0 | 1) => {
      const values = emptyArray(this.#box.dtype, indices.length)
      for (const [i, index] of indices.entries()) values[i] = this.#bins.edges[i]![index + beyond]!
      return values
    }
    return [edge(0), edge(1)]
  }
}

/** How many inner edges are at or below a value. */
function binOf(edges: Float64Array, value: number): number {
  let bin = 0
  while (bin < edges.length - 2 && edges[bin + 1]! <= value) bin++
  return bin
}
