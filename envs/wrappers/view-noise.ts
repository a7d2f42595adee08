/** Noise over rendered pictures, drawn from the environment's own random stream: two wrappers that differ in where it lies. */
import type { Env, RenderFrame, RGBFrame } from '../env.js'
import { InvalidBound, InvalidProbability, UnsupportedMode } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import type { RandomGenerator } from '../seeding.js'
import { shown } from '../shown.js'
import { Wrapper } from '../wrapper.js'
import { rgbFrame } from './frames.js'
import { integerOption } from './options.js'

/** Below what the parts of a grey value are drawn: the luminance of red, green and blue, cut to whole numbers. */
const GRAY_PARTS = [76, 149, 29]

abstract class ViewNoise<Obs, Act> extends Wrapper<Obs, Act> {
  readonly #grayscale: boolean

  constructor(env: Env<Obs, Act>, options: { isNoiseGrayscale?: boolean }) {
    super(env, options)
    if (env.renderMode !== 'rgb_array')
      throw new UnsupportedMode(
        `${this.constructor.name} needs an environment made with renderMode 'rgb_array', got ${shown(env.renderMode)}`,
      )
    this.#grayscale = options.isNoiseGrayscale ?? false
  }

  /** Draws the noise of a whole picture, 3 bytes a pixel. */
  protected noise({ width, height }: RGBFrame): Uint8Array {
    const size = 3 * width * height
    if (!this.#grayscale) return this.npRandom.integersArray(0, 255, size, 'uint8') as Uint8Array
    const parts = this.npRandom.bytesBelow(GRAY_PARTS, size)
    for (let i = 0; i < size; i += 3) parts.fill(parts[i]! + parts[i + 1]! + parts[i + 2]!, i, i + 3)
    return parts
  }

  protected picture(): RGBFrame {
    return rgbFrame(this.constructor.name, this.env.render())
  }
}

function blended(frame: RGBFrame, noise: Uint8Array, covered: (pixel: number) => boolean): RGBFrame {
  const data = frame.data.slice()
  for (let pixel = 0; pixel < data.length / 3; pixel++) {
    if (covered(pixel)) data.set(noise.subarray(3 * pixel, 3 * pixel + 3), 3 * pixel)
  }
  return { width: frame.width, height: frame.height, data }
}

export interface AddWhiteNoiseOptions {
  /** Within [0, 1). */
  probabilityOfNoisePerPixel: number
  isNoiseGrayscale?: boolean
}

/**
 * Replaces pixels of the rendered picture by noise, each with a probability.
 *
 *     const env = new wrappers.AddWhiteNoise(make('CartPole-v1', { renderMode: 'rgb_array' }), { probabilityOfNoisePerPixel: 0.3 })
 */
export class AddWhiteNoise<Obs = unknown, Act = unknown> extends ViewNoise<Obs, Act> {
  readonly #probability: number

  /** @throws InvalidProbability, UnsupportedMode unless the environment renders as 'rgb_array' */
  constructor(env: Env<Obs, Act>, options: AddWhiteNoiseOptions) {
    super(env, options)
    checkKwargs('AddWhiteNoise', options, ['probabilityOfNoisePerPixel', 'isNoiseGrayscale'])
    const probability = options.probabilityOfNoisePerPixel
    if (!(probability >= 0 && probability < 1))
      throw new InvalidProbability(`probabilityOfNoisePerPixel of AddWhiteNoise must be in [0, 1), got ${shown(probability)}`)
    this.#probability = probability
  }

  override render(): RenderFrame | null {
    const frame = this.picture()
    const noise = this.noise(frame)
    const random = this.npRandom
    return blended(frame, noise, () => random.random() < this.#probability)
  }
}

export interface ObstructViewOptions {
  /** The share of the picture that is covered, about, within [0, 1). */
  obstructedPixelsRatio: number
  /** The side of a patch in pixels. */
  obstructionWidth: number
  isNoiseGrayscale?: boolean
}

/**
 * Covers the rendered picture with square patches of noise.
 *
 *     const env = new wrappers.ObstructView(make('CartPole-v1', { renderMode: 'rgb_array' }), {
 *       obstructedPixelsRatio: 0.5,
 *       obstructionWidth: 50,
 *     })
 */
export class ObstructView<Obs = unknown, Act = unknown> extends ViewNoise<Obs, Act> {
  readonly #width: number
  readonly #centersRatio: number

  /** @throws InvalidBound, InvalidKwargs, UnsupportedMode unless the environment renders as 'rgb_array' */
  constructor(env: Env<Obs, Act>, options: ObstructViewOptions) {
    super(env, options)
    checkKwargs('ObstructView', options, ['obstructedPixelsRatio', 'obstructionWidth', 'isNoiseGrayscale'])
    const ratio = options.obstructedPixelsRatio
    if (!(ratio >= 0 && ratio < 1)) throw new InvalidBound(`obstructedPixelsRatio of ObstructView must be in [0, 1), got ${shown(ratio)}`)
    this.#width = integerOption('ObstructView', 'obstructionWidth', options.obstructionWidth, 1)
    this.#centersRatio = ratio / this.#width ** 2
  }

  override render(): RenderFrame | null {
    const frame = this.picture()
    const covered = this.#patches(frame, this.npRandom)
    return blended(frame, this.noise(frame), (pixel) => covered[pixel] === 1)
  }

  #patches({ width, height }: RGBFrame, random: RandomGenerator): Uint8Array {
    const covered = new Uint8Array(width * height)
    const before = this.#width >> 1
    const after = this.#width - before
    const count = Math.trunc(covered.length * this.#centersRatio)
    const centers = count > 0 ? random.integersArray(0, covered.length, count) : []
    for (const center of centers) {
      const [row, column] = [Math.floor(center / width), center % width]
      const [left, right] = [Math.max(column - before, 0), Math.min(column + after, width)]
      for (let y = Math.max(row - before, 0); y < Math.min(row + after, height); y++) covered.fill(1, y * width + left, y * width + right)
    }
    return covered
  }
}
