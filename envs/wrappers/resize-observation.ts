import type { Env } from '../env.js'
import { InvalidKwargs } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { Box } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'
import { imageSpace } from './options.js'
import { resized } from './resize.js'

/**
 * Pictures in another size.
 *
 *     const env = new wrappers.ResizeObservation(
 *       new wrappers.AddRenderObservation(make('CartPole-v1', { renderMode: 'rgb_array' })),
 *       { shape: [40, 60] },
 *     )
 */
export class ResizeObservation<Act = unknown> extends ObservationWrapper<Uint8Array, Act, Uint8Array> {
  readonly #from: readonly number[]
  readonly #to: readonly number[]

  /** @param options.shape [height, width] @throws InvalidSpace for observations that are no pictures, InvalidKwargs */
  constructor(env: Env<Uint8Array, Act>, options: { shape: readonly [number, number] }) {
    super(env, options)
    checkKwargs('ResizeObservation', options, ['shape'])
    const { shape } = options
    if (!Array.isArray(shape) || shape.length !== 2 || !shape.every((side) => Number.isInteger(side) && side > 0))
      throw new InvalidKwargs(`shape of ResizeObservation is [height, width], got ${shown(shape)}`)
    this.#from = imageSpace('ResizeObservation', env.observationSpace).shape
    this.#to = shape
    this.observationSpace = new Box(0, 255, { shape: [...shape, ...this.#from.slice(2)], dtype: 'uint8' })
  }

  override observation(observation: Uint8Array): Uint8Array {
    const [height, width, channels = 1] = this.#from
    const [toHeight, toWidth] = this.#to
    return resized(observation, { height: height!, width: width! }, { height: toHeight!, width: toWidth! }, channels)
  }
}
