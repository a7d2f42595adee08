import type { Env } from '../env.js'
import { InvalidSpace } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { Box } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'
import { imageSpace } from './options.js'

/**
 * Colour pictures in grey: 0.2125 red + 0.7154 green + 0.0721 blue, cut to whole numbers.
 *
 *     const env = new wrappers.GrayscaleObservation(
 *       new wrappers.AddRenderObservation(make('CartPole-v1', { renderMode: 'rgb_array' })),
 *       { keepDim: true },
 *     )
 */
export class GrayscaleObservation<Act = unknown> extends ObservationWrapper<Uint8Array, Act, Uint8Array> {
  /** @param options.keepDim keeps the last axis, of length 1 @throws InvalidSpace for observations that are no colour pictures */
  constructor(env: Env<Uint8Array, Act>, options: { keepDim?: boolean } = {}) {
    super(env, options)
    checkKwargs('GrayscaleObservation', options, ['keepDim'])
    const { shape } = imageSpace('GrayscaleObservation', env.observationSpace)
    if (shape[2] !== 3) throw new InvalidSpace(`GrayscaleObservation needs pictures with 3 channels, got shape [${shape}]`)
    const sides = shape.slice(0, 2)
    this.observationSpace = new Box(0, 255, { shape: options.keepDim ? [...sides, 1] : sides, dtype: 'uint8' })
  }

  override observation(observation: Uint8Array): Uint8Array {
    return grayscaled(observation)
  }
}

export function grayscaled(rgb: Uint8Array): Uint8Array {
  const gray = new Uint8Array(rgb.length / 3)
  for (let i = 0; i < gray.length; i++) gray[i] = rgb[3 * i]! * 0.2125 + rgb[3 * i + 1]! * 0.7154 + rgb[3 * i + 2]! * 0.0721
  return gray
}
