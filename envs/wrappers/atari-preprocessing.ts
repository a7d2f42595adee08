import type { Env, Info, ResetOptions, StepResult } from '../env.js'
import { InvalidKwargs } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { Box } from '../spaces/index.js'
import { Wrapper } from '../wrapper.js'
import { grayscaled } from './grayscale-observation.js'
import { imageSpace, integerOption } from './options.js'
import { resized } from './resize.js'

export interface AtariPreprocessingOptions {
  /** An episode begins with 1 to so many steps of action 0; none for 0; 30 unless told. */
  noopMax?: number
  /** 4 unless told. */
  frameSkip?: number
  /** A side, or [width, height]; 84 unless told. */
  screenSize?: number | readonly [number, number]
  /** Whether the loss of a life (`info.lives` falls) terminates; false unless told. */
  terminalOnLifeLoss?: boolean
  /** True unless told. */
  grayscaleObs?: boolean
  /** Whether grey pictures keep an axis of length 1. */
  grayscaleNewaxis?: boolean
  /** Whether pixels are float32 from 0 to 1. */
  scaleObs?: boolean
}

/**
 * The usual preprocessing of Atari games (Machado et al., 2018) for any environment whose observations are colour pictures: no-ops at the
 * start, frame skip with the greater of the last two pictures, grey, small. Gymnasium's asks the emulator for its screens and lives; this
 * one takes the observations and `info.lives`, so it also fits a game in TypeScript, or an Atari game in `PythonEnv` with `frameskip: 1`.
 *
 *     const env = new wrappers.AtariPreprocessing(
 *       new wrappers.AddRenderObservation(make('CartPole-v1', { renderMode: 'rgb_array' })),
 *       { noopMax: 3, screenSize: 64 },
 *     )
 */
export class AtariPreprocessing<Act = unknown> extends Wrapper<Uint8Array | Float32Array, Act, Uint8Array, Act> {
  private lives = 0
  readonly #options: Required<AtariPreprocessingOptions>
  readonly #from: { height: number; width: number }
  readonly #to: { height: number; width: number }

  /** @throws InvalidSpace for observations that are no colour pictures, InvalidKwargs */
  constructor(env: Env<Uint8Array, Act>, options: AtariPreprocessingOptions = {}) {
    super(env, options)
    const name = 'AtariPreprocessing'
    const defaults = {
      noopMax: 30,
      frameSkip: 4,
      screenSize: 84,
      terminalOnLifeLoss: false,
      grayscaleObs: true,
      grayscaleNewaxis: false,
      scaleObs: false,
    }
    checkKwargs(name, options, Object.keys(defaults))
    this.#options = { ...defaults, ...options }
    const { frameSkip, grayscaleNewaxis, grayscaleObs, noopMax, scaleObs, screenSize } = this.#options
    integerOption(name, 'noopMax', noopMax, 0)
    integerOption(name, 'frameSkip', frameSkip, 1)
    const sides = typeof screenSize === 'number' ? [screenSize, screenSize] : screenSize
    if (sides.length !== 2 || !sides.every((side) => Number.isInteger(side) && side > 0))
      throw new InvalidKwargs(`screenSize of ${name} is a positive integer or [width, height], got ${shown(screenSize)}`)
    const { shape } = imageSpace(name, env.observationSpace)
    if (shape[2] !== 3) throw new InvalidKwargs(`${name} needs colour pictures, got shape [${shape}]`)
    this.#from = { height: shape[0]!, width: shape[1]! }
    this.#to = { height: sides[1]!, width: sides[0]! }
    const channels = grayscaleObs ? (grayscaleNewaxis ? [1] : []) : [3]
    const outShape = [this.#to.height, this.#to.width, ...channels]
    this.observationSpace = (scaleObs ? new Box(0, 1, { shape: outShape }) : new Box(0, 255, { shape: outShape, dtype: 'uint8' })) as Env<
      Uint8Array | Float32Array
    >['observationSpace']
  }

  override reset(options?: ResetOptions): [observation: Uint8Array | Float32Array, info: Info] {
    let [picture, info] = this.env.reset(options)
    const { noopMax } = this.#options
    const noops = noopMax > 0 ? this.unwrapped.npRandom.integers(1, noopMax + 1) : 0
    for (let i = 0; i < noops; i++) {
      const result = this.env.step(0 as unknown as Act)
      picture = result[0]
      info = { ...info, ...result[4] }
      if (result[2] || result[3]) [picture, info] = this.env.reset(options)
    }
    this.lives = livesOf(info) ?? 0
    return [this.#small(this.#shade(picture)), info]
  }

  override step(action: Act): StepResult<Uint8Array | Float32Array> {
    const { frameSkip, terminalOnLifeLoss } = this.#options
    let total = 0
    let shade: Uint8Array | null = null
    for (let t = 0; ; t++) {
      const [picture, reward, ended, truncated, info] = this.env.step(action)
      total += reward
      const lives = livesOf(info) ?? this.lives
      const terminated = ended || (terminalOnLifeLoss && lives < this.lives)
      this.lives = lives
      const last = terminated || truncated || t === frameSkip - 1
      if (last || t === frameSkip - 2) shade = greater(this.#shade(picture), shade)
      if (last) return [this.#small(shade!), total, terminated, truncated, info]
    }
  }

  #shade(picture: Uint8Array): Uint8Array {
    return this.#options.grayscaleObs ? grayscaled(picture) : picture
  }

  #small(picture: Uint8Array): Uint8Array | Float32Array {
    const small = resized(picture, this.#from, this.#to, this.#options.grayscaleObs ? 1 : 3)
    return this.#options.scaleObs ? Float32Array.from(small, (value) => value / 255) : small
  }
}

function livesOf(info: Info): number | null {
  return typeof info.lives === 'number' ? info.lives : null
}

function greater(a: Uint8Array, b: Uint8Array | null): Uint8Array {
  return b === null ? a : a.map((value, i) => Math.max(value, b[i]!))
}
