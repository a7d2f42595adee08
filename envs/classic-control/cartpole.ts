import { checkResetOptions, Env, type EnvMetadata, type Info, type RenderFrame, type ResetOptions, type StepResult } from '../env.js'
import { InvalidAction, ResetNeeded } from '../errors.js'
import { checkFlags, checkKwargs } from '../kwargs.js'
import { warn } from '../logger.js'
import type { Drawing } from '../rendering/canvas.js'
import { shown } from '../shown.js'
import { invalidState, numbersFromState } from '../state.js'
import {
  advanceCartPole,
  cartPoleActionSpace,
  cartPoleObservationSpace,
  RENDER_FPS,
  RESET_HIGH,
  RESET_LOW,
  STATE_SIZE,
} from './cartpole-dynamics.js'
import { drawingOf, renderCartPole } from './cartpole-render.js'
import { resetBounds } from './reset-bounds.js'

export interface CartPoleOptions {
  /** Reward 0 for each step and −1 for the fall, as in Sutton and Barto's book, instead of 1 a step. */
  suttonBartoReward?: boolean
  renderMode?: string | null
}

export const CART_POLE_METADATA: EnvMetadata = { renderModes: ['rgb_array', 'ansi'], renderFps: RENDER_FPS }

/**
 * CartPole: keep a pole upright by pushing its cart left (0) or right (1). Observation: position, velocity, angle, angular velocity.
 * Reward 1 a step, the fall included; terminated at |x| > 2.4 m or beyond 12°. `make` adds the time limit.
 */
export class CartPoleEnv extends Env<Float32Array, number> {
  override readonly actionSpace = cartPoleActionSpace()
  override readonly observationSpace = cartPoleObservationSpace()
  override metadata = CART_POLE_METADATA
  /** x, ẋ, θ, θ̇ in double precision; null before the first reset. */
  state: Float64Array | null = null
  private stepsBeyondTerminated: number | null = null
  readonly #suttonBartoReward: boolean

  /** @throws InvalidKwargs for an option it does not have */
  constructor(options: CartPoleOptions = {}) {
    super()
    checkKwargs('CartPole', options, ['suttonBartoReward', 'renderMode'])
    const { suttonBartoReward = false } = options
    checkFlags('CartPole', { suttonBartoReward })
    this.#suttonBartoReward = suttonBartoReward
    this.renderMode = options.renderMode ?? null
  }

  /** `options.low` and `options.high` set the interval of the reset state. @throws InvalidBound, InvalidKwargs */
  override reset(given: ResetOptions = {}): [Float32Array, Info] {
    checkResetOptions(given)
    const { seed, options } = given
    this.seedRandom(seed)
    const [low, high] = resetBounds(options, RESET_LOW, RESET_HIGH)
    const state = new Float64Array(STATE_SIZE)
    for (let k = 0; k < STATE_SIZE; k++) state[k] = this.npRandom.uniform(low, high)
    this.state = state
    this.stepsBeyondTerminated = null
    return [Float32Array.from(state), {}]
  }

  /** @throws InvalidAction, ResetNeeded */
  override step(action: number): StepResult<Float32Array> {
    if (action !== 0 && action !== 1) throw new InvalidAction(`CartPole's actions are 0 (left) and 1 (right), got ${shown(action)}`)
    const state = this.state
    if (state === null) throw new ResetNeeded('cannot step before reset; call env.reset() first')
    const terminated = advanceCartPole(state, 1, 0, action)
    const observation = new Float32Array(STATE_SIZE)
    for (let k = 0; k < STATE_SIZE; k++) observation[k] = state[k]!
    return [observation, this.#reward(terminated), terminated, false, {}]
  }

  #reward(terminated: boolean): number {
    if (!terminated) return this.#suttonBartoReward ? 0 : 1
    if (this.stepsBeyondTerminated === null) {
      this.stepsBeyondTerminated = 0
      return this.#suttonBartoReward ? -1 : 1
    }
    if (this.stepsBeyondTerminated++ === 0)
      warn('step() after the episode has terminated: what happens now means nothing; call reset() first')
    return this.#suttonBartoReward ? -1 : 0
  }

  override render(): RenderFrame | null {
    if (this.renderMode === null || this.state === null) return null
    return renderCartPole(this.renderMode, this.state[0]!, this.state[2]!)
  }

  override drawing(): Drawing | null {
    return this.state === null ? null : drawingOf(this.state[0]!, this.state[2]!)
  }

  protected override saveOwn(): Record<string, unknown> {
    return { state: this.state && Array.from(this.state), stepsBeyondTerminated: this.stepsBeyondTerminated }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    const beyond = own.stepsBeyondTerminated
    if (beyond !== null && typeof beyond !== 'number') {
      throw invalidState(`stepsBeyondTerminated of CartPole is a number or null, got ${shown(beyond)}`)
    }
    this.state = own.state === null ? null : Float64Array.from(numbersFromState(own, 'state', STATE_SIZE))
    this.stepsBeyondTerminated = beyond
  }
}
