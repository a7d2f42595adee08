import { onlyNumber } from '../actions.js'
import { checkResetOptions, type EnvMetadata, type Info, type ResetOptions, type StepResult } from '../env.js'
import { checkKwargs, finiteOption } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { shown } from '../shown.js'
import { invalidState } from '../state.js'
import { ClassicEnv } from './classic-env.js'
import type { MountainCarOptions } from './mountain-car.js'
import {
  advanceContinuousMountainCar,
  CONTINUOUS_GOAL,
  continuousMountainCarActionSpace,
  continuousMountainCarReward,
  mountainCarObservationSpace,
  RESET_HIGH,
  RESET_LOW,
  STATE_SIZE,
} from './mountain-car-dynamics.js'
import { MOUNTAIN_CAR_METADATA, mountainCarDrawing } from './mountain-car-render.js'
import { resetBounds } from './reset-bounds.js'

/**
 * MountainCar with a push of any strength in [−1, 1]; a stronger one is cut to that, but paid for in full, as in Gymnasium. Reward 100 at
 * position 0.45 and −0.1 u² a step. The state is float32 after the first step of an episode, which is Gymnasium's doing.
 */
export class ContinuousMountainCarEnv extends ClassicEnv<ArrayLike<number>> {
  override readonly actionSpace = continuousMountainCarActionSpace()
  override readonly observationSpace = mountainCarObservationSpace()
  override metadata: EnvMetadata = { ...MOUNTAIN_CAR_METADATA, keysToAction: { ArrowLeft: [-1], '': [0], ArrowRight: [1] } }
  protected override readonly stateSize = STATE_SIZE
  #first = true
  readonly #goalVelocity: number

  /** @throws InvalidKwargs for an option it does not have */
  constructor(options: MountainCarOptions = {}) {
    super()
    checkKwargs('MountainCarContinuous', options, ['goalVelocity', 'renderMode'])
    this.#goalVelocity = finiteOption('goalVelocity', options.goalVelocity ?? 0)
    this.renderMode = options.renderMode ?? null
  }

  /** `options.low` and `options.high` set the interval of the reset position. @throws InvalidBound, InvalidKwargs */
  override reset(given: ResetOptions = {}): [Float32Array, Info] {
    checkResetOptions(given)
    this.seedRandom(given.seed)
    const [low, high] = resetBounds(given.options, RESET_LOW, RESET_HIGH)
    this.state = Float64Array.of(this.npRandom.uniform(low, high), 0)
    this.#first = true
    return [Float32Array.from(this.state), {}]
  }

  /** @throws InvalidAction, ResetNeeded */
  override step(action: ArrayLike<number>): StepResult<Float32Array> {
    const push = onlyNumber('MountainCarContinuous', action)
    const state = this.started()
    const terminated = advanceContinuousMountainCar(state, push, this.#first, this.#goalVelocity)
    this.#first = false
    return [Float32Array.of(state[0]!, state[1]!), continuousMountainCarReward(push, terminated), terminated, false, {}]
  }

  override drawing(): Drawing | null {
    return this.state && mountainCarDrawing(this.state[0]!, CONTINUOUS_GOAL)
  }

  protected override saveOwn(): Record<string, unknown> {
    return { ...super.saveOwn(), first: this.#first }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    if (typeof own.first !== 'boolean') throw invalidState(`first of MountainCarContinuous is true or false, got ${shown(own.first)}`)
    super.loadOwn(own)
    this.#first = own.first
  }
}
