import { checkChoice } from '../actions.js'
import { checkResetOptions, type EnvMetadata, type Info, type ResetOptions, type StepResult } from '../env.js'
import { InvalidKwargs } from '../errors.js'
import { checkKwargs, finiteOption } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { shown } from '../shown.js'
import {
  acrobotActionSpace,
  acrobotObservationSpace,
  advanceAcrobot,
  observeAcrobot,
  RENDER_FPS,
  RESET_HIGH,
  RESET_LOW,
  STATE_SIZE,
} from './acrobot-dynamics.js'
import { acrobotDrawing } from './acrobot-render.js'
import { ClassicEnv } from './classic-env.js'
import { resetBounds } from './reset-bounds.js'

export interface AcrobotOptions {
  /** The equations of Sutton and Barto's book (the default) or of Sutton's paper of 1996. */
  bookOrNips?: 'book' | 'nips'
  /** A torque uniform in ± this is added to each action's; 0 unless told. */
  torqueNoiseMax?: number
  renderMode?: string | null
}

export const ACROBOT_METADATA = { renderModes: ['rgb_array'], renderFps: RENDER_FPS }
const ACTIONS = ['torque -1', 'no torque', 'torque +1']

/**
 * Acrobot: swing the tip of two links one link's length above the bar. Observation: cosine and sine of both angles, both velocities.
 * Reward −1 a step and 0 at the end. `make` adds the time limit.
 */
export class AcrobotEnv extends ClassicEnv<number> {
  override readonly actionSpace = acrobotActionSpace()
  override readonly observationSpace = acrobotObservationSpace()
  override metadata: EnvMetadata = { ...ACROBOT_METADATA, keysToAction: { ArrowLeft: 0, '': 1, ArrowRight: 2 } }
  protected override readonly stateSize = STATE_SIZE
  readonly #nips: boolean
  readonly #torqueNoise: number

  /** @throws InvalidKwargs for an option it does not have */
  constructor(options: AcrobotOptions = {}) {
    super()
    checkKwargs('Acrobot', options, ['bookOrNips', 'torqueNoiseMax', 'renderMode'])
    ;[this.#nips, this.#torqueNoise] = acrobotOptions(options)
    this.renderMode = options.renderMode ?? null
  }

  /** `options.low` and `options.high` set the interval of the reset state. @throws InvalidBound, InvalidKwargs */
  override reset(given: ResetOptions = {}): [Float32Array, Info] {
    checkResetOptions(given)
    this.seedRandom(given.seed)
    const [low, high] = resetBounds(given.options, RESET_LOW, RESET_HIGH)
    const state = new Float64Array(STATE_SIZE)
    // The state a reset draws is rounded to float32, unlike those that follow.
    for (let k = 0; k < STATE_SIZE; k++) state[k] = Math.fround(this.npRandom.uniform(low, high))
    this.state = state
    return [observeAcrobot(state), {}]
  }

  /** @throws InvalidAction, ResetNeeded */
  override step(action: number): StepResult<Float32Array> {
    checkChoice('Acrobot', ACTIONS, action)
    const state = this.started()
    const noise = this.#torqueNoise > 0 ? this.npRandom.uniform(-this.#torqueNoise, this.#torqueNoise) : 0
    const terminated = advanceAcrobot(state, action - 1 + noise, this.#nips)
    return [observeAcrobot(state), terminated ? 0 : -1, terminated, false, {}]
  }

  override drawing(): Drawing | null {
    return this.state && acrobotDrawing(this.state[0]!, this.state[1]!)
  }
}

/** @throws InvalidKwargs */
export function acrobotOptions({ bookOrNips = 'book', torqueNoiseMax = 0 }: AcrobotOptions): [nips: boolean, torqueNoise: number] {
  if (bookOrNips !== 'book' && bookOrNips !== 'nips') throw new InvalidKwargs(`bookOrNips is 'book' or 'nips', got ${shown(bookOrNips)}`)
  return [bookOrNips === 'nips', finiteOption('torqueNoiseMax', torqueNoiseMax)]
}
