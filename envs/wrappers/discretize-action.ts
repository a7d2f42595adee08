import type { Env } from '../env.js'
import { checkKwargs } from '../kwargs.js'
import { emptyArray } from '../spaces/dtype.js'
import type { DtypeArray } from '../spaces/index.js'
import { ActionWrapper } from '../wrapper.js'
import { Bins, type BinsOptions } from './bins.js'
import { boxOf } from './options.js'

/**
 * Takes numbers of bins and gives the environment their centers.
 *
 *     const env = new wrappers.DiscretizeAction(make('Pendulum-v1'), { bins: 10 })
 *     env.reset({ seed: 1 })
 *     env.step(3) // the center of the fourth tenth of [-2, 2]
 */
export class DiscretizeAction<Obs = unknown> extends ActionWrapper<Obs, number | Int32Array, DtypeArray> {
  readonly #bins: Bins
  readonly #centers: readonly Float64Array[]

  /** @throws InvalidSpace for an action space that is no bounded Box, InvalidKwargs */
  constructor(env: Env<Obs, DtypeArray>, options: BinsOptions) {
    super(env, options)
    checkKwargs('DiscretizeAction', options, ['bins', 'multidiscrete'])
    const box = boxOf('DiscretizeAction', 'action', env.actionSpace)
    this.#bins = new Bins('DiscretizeAction', box, options)
    const round = box.dtype === ('float32' as string) ? Math.fround : (x: number) => x
    this.#centers = this.#bins.edges.map((edges) => edges.subarray(1).map((upper, i) => 0.5 * round(edges[i]! + upper)))
    this.actionSpace = this.#bins.space as Env<Obs, number | Int32Array>['actionSpace']
  }

  override action(action: number | Int32Array): DtypeArray {
    const centers = emptyArray(this.env.actionSpace.dtype!, this.#centers.length)
    for (const [i, bin] of this.#bins.split(action).entries()) {
      const own = this.#centers[i]!
      centers[i] = own[Math.min(Math.max(bin, 0), own.length - 1)]!
    }
    return centers
  }

  /** The bin whose center is nearest to an action of the environment. */
  revertAction(action: ArrayLike<number>): number | Int32Array {
    return this.#bins.join(this.#centers.map((centers, i) => nearest(centers, action[i]!)))
  }
}

function nearest(centers: Float64Array, value: number): number {
  let best = 0
  for (let k = 1; k < centers.length; k++) if (Math.abs(centers[k]! - value) < Math.abs(centers[best]! - value)) best = k
  return best
}
