import { onlyNumber } from '../actions.js'
import { checkResetOptions, type EnvMetadata, type Info, type ResetOptions, type StepResult } from '../env.js'
import { InvalidBound } from '../errors.js'
import { checkKwargs, finiteOption } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { shown } from '../shown.js'
import { ClassicEnv } from './classic-env.js'
import {
  advancePendulum,
  clippedTorque,
  DEFAULT_GRAVITY,
  observePendulum,
  pendulumActionSpace,
  pendulumObservationSpace,
  RENDER_FPS,
  RESET_ANGLE,
  RESET_SPEED,
  STATE_SIZE,
} from './pendulum-dynamics.js'
import { pendulumDrawing } from './pendulum-render.js'

export interface PendulumOptions {
  /** Acceleration of gravity, m/s²; 10 unless told. */
  g?: number
  renderMode?: string | null
}

export const PENDULUM_METADATA = { renderModes: ['rgb_array'], renderFps: RENDER_FPS }

/**
 * Pendulum: swing it up and hold it with a torque in ±2 (a stronger one is cut). Observation: cos θ, sin θ, θ̇, θ = 0 upright.
 * Reward −(θ² + 0.1 θ̇² + 0.001 u²); never terminated. `make` adds the time limit.
 */
export class PendulumEnv extends ClassicEnv<ArrayLike<number>> {
  override readonly actionSpace = pendulumActionSpace()
  override readonly observationSpace = pendulumObservationSpace()
  override metadata: EnvMetadata = { ...PENDULUM_METADATA, keysToAction: { ArrowLeft: [2], '': [0], ArrowRight: [-2] } }
  protected override readonly stateSize = STATE_SIZE
  /** The last torque, for the drawing. */
  #torque: number | null = null
  readonly #gravity: number

  /** @throws InvalidKwargs for an option it does not have */
  constructor(options: PendulumOptions = {}) {
    super()
    checkKwargs('Pendulum', options, ['g', 'renderMode'])
    this.#gravity = finiteOption('g', options.g ?? DEFAULT_GRAVITY)
    this.renderMode = options.renderMode ?? null
  }

  /** `options.xInit` and `options.yInit` set how far the reset's angle and speed may lie from 0. @throws InvalidBound, InvalidKwargs */
  override reset(given: ResetOptions = {}): [Float32Array, Info] {
    checkResetOptions(given)
    this.seedRandom(given.seed)
    const [angle, speed] = resetSides(given.options)
    this.state = Float64Array.of(this.npRandom.uniform(-angle, angle), this.npRandom.uniform(-speed, speed))
    this.#torque = null
    return [observePendulum(this.state), {}]
  }

  /** @throws InvalidAction, ResetNeeded */
  override step(action: ArrayLike<number>): StepResult<Float32Array> {
    const torque = clippedTorque(onlyNumber('Pendulum', action))
    const state = this.started()
    this.#torque = torque
    const reward = advancePendulum(state, torque, this.#gravity)
    return [observePendulum(state), reward, false, false, {}]
  }

  override drawing(): Drawing | null {
    return this.state && pendulumDrawing(this.state[0]!, this.#torque)
  }
}

/** How far angle and speed may lie from 0 after a reset. @throws InvalidBound */
export function resetSides(options: Record<string, unknown> | undefined): [angle: number, speed: number] {
  const side = (name: 'xInit' | 'yInit', otherwise: number) => {
    const given = options?.[name]
    const value = given === undefined ? otherwise : Number(given)
    if (given === null || !(value >= 0)) throw new InvalidBound(`options.${name} must be a number of at least 0, got ${shown(given)}`)
    return value
  }
  return [side('xInit', RESET_ANGLE), side('yInit', RESET_SPEED)]
}
