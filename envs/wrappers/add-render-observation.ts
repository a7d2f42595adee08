import type { Env, RGBFrame } from '../env.js'
import { InvalidKwargs, UnsupportedMode } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { Box, Dict, type Space } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'
import { rgbFrame } from './frames.js'

export interface AddRenderOptions {
  /** Whether the picture replaces the observation; true unless told. */
  renderOnly?: boolean
  /** Key of the picture; 'pixels' unless told. */
  renderKey?: string
  /** Key of the observation, where that is no Dict itself; 'state' unless told. */
  obsKey?: string
}

/**
 * The rendered picture as the observation, or beside it. Resets the environment once, to know the picture's size.
 *
 *     const env = new wrappers.AddRenderObservation(make('CartPole-v1', { renderMode: 'rgb_array' }))
 *     env.observationSpace.shape // [400, 600, 3]
 */
export class AddRenderObservation<Act = unknown> extends ObservationWrapper<unknown, Act, unknown> {
  readonly #add: (observation: unknown, pixels: Uint8Array) => unknown

  /** @throws UnsupportedMode unless the environment renders as 'rgb_array', InvalidKwargs where a key is taken */
  constructor(env: Env<unknown, Act>, options: AddRenderOptions = {}) {
    super(env, options)
    checkKwargs('AddRenderObservation', options, ['renderOnly', 'renderKey', 'obsKey'])
    if (env.renderMode !== 'rgb_array')
      throw new UnsupportedMode(`AddRenderObservation needs an environment made with renderMode 'rgb_array', got ${shown(env.renderMode)}`)
    const { renderOnly = true, renderKey = 'pixels', obsKey = 'state' } = options
    env.reset()
    const { height, width } = this.#frame()
    const pixels = new Box(0, 255, { shape: [height, width, 3], dtype: 'uint8' })
    const space = env.observationSpace as Space
    if (renderOnly) {
      this.observationSpace = pixels
      this.#add = (_, data) => data
    } else if (space instanceof Dict) {
      if (space.keys.includes(renderKey))
        throw new InvalidKwargs(`observations have the key ${shown(renderKey)} already; pass another renderKey`)
      this.observationSpace = new Dict([[renderKey, pixels], ...space.entries()], { sortKeys: space.sortKeys })
      this.#add = (observation, data) => ({ [renderKey]: data, ...(observation as object) })
    } else {
      this.observationSpace = new Dict({ [obsKey]: space, [renderKey]: pixels })
      this.#add = (observation, data) => ({ [obsKey]: observation, [renderKey]: data })
    }
  }

  #frame(): RGBFrame {
    return rgbFrame('AddRenderObservation', this.env.render())
  }

  override observation(observation: unknown): unknown {
    return this.#add(observation, this.#frame().data.slice())
  }
}
