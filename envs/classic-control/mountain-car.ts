import { checkChoice } from '../actions.js'
import { checkResetOptions, type EnvMetadata, type Info, type ResetOptions, type StepResult } from '../env.js'
import { checkKwargs, finiteOption } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { ClassicEnv } from './classic-env.js'
import {
  advanceMountainCar,
  GOAL,
  mountainCarActionSpace,
  mountainCarObservationSpace,
  RESET_HIGH,
  RESET_LOW,
  STATE_SIZE,
} from './mountain-car-dynamics.js'
import { MOUNTAIN_CAR_METADATA, mountainCarDrawing } from './mountain-car-render.js'
import { resetBounds } from './reset-bounds.js'

export interface MountainCarOptions {
  /** How fast the car must be at the goal; 0 unless told. */
  goalVelocity?: number
  renderMode?: string | null
}

const ACTIONS = ['push left', 'no push', 'push right']

/**
 * MountainCar: swing up and out of a valley. Observation: position and velocity. Reward −1 a step; terminated at position 0.5.
 * `make` adds the time limit.
 */
export class MountainCarEnv extends ClassicEnv<number> {
  override readonly actionSpace = mountainCarActionSpace()
  override readonly observationSpace = mountainCarObservationSpace()
  override metadata: EnvMetadata = { ...MOUNTAIN_CAR_METADATA, keysToAction: { ArrowLeft: 0, '': 1, ArrowRight: 2 } }
  protected override readonly stateSize = STATE_SIZE
  readonly #goalVelocity: number

  /** @throws InvalidKwargs for an option it does not have */
  constructor(options: MountainCarOptions = {}) {
    super()
    checkKwargs('MountainCar', options, ['goalVelocity', 'renderMode'])
    this.#goalVelocity = finiteOption('goalVelocity', options.goalVelocity ?? 0)
    this.renderMode = options.renderMode ?? null
  }

  /** `options.low` and `options.high` set the interval of the reset position. @throws InvalidBound, InvalidKwargs */
  override reset(given: ResetOptions = {}): [Float32Array, Info] {
    checkResetOptions(given)
    this.seedRandom(given.seed)
    const [low, high] = resetBounds(given.options, RESET_LOW, RESET_HIGH)
    this.state = Float64Array.of(this.npRandom.uniform(low, high), 0)
    return [Float32Array.from(this.state), {}]
  }

  /** @throws InvalidAction, ResetNeeded */
  override step(action: number): StepResult<Float32Array> {
    checkChoice('MountainCar', ACTIONS, action)
    const state = this.started()
    const terminated = advanceMountainCar(state, action, this.#goalVelocity)
    return [Float32Array.of(state[0]!, state[1]!), -1, terminated, false, {}]
  }

  override drawing(): Drawing | null {
    return this.state && mountainCarDrawing(this.state[0]!, GOAL)
  }
}
