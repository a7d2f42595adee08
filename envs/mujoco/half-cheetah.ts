import type { Info, StepResult } from '../env.js'
import { HALF_CHEETAH } from './models/half-cheetah.js'
import { MujocoEnv, put, unbounded } from './mujoco-env.js'
import { type CameraConfig, type MujocoOptions, settingsOf } from './options.js'
import { controlCost } from './sums.js'

const DEFAULTS = {
  frameSkip: 5,
  defaultCameraConfig: { distance: 4 } as CameraConfig | null,
  forwardRewardWeight: 1,
  ctrlCostWeight: 0.1,
  resetNoiseScale: 0.1,
  excludeCurrentPositionsFromObservation: true,
}

export type HalfCheetahOptions = MujocoOptions & Partial<typeof DEFAULTS>

/** HalfCheetah-v5: run forwards. Reward: the velocity along x less the cost of control; never terminates. */
export class HalfCheetahEnv extends MujocoEnv {
  override readonly observationSpace
  readonly #settings
  readonly #skipped: number

  /** @throws InvalidKwargs */
  constructor(options: HalfCheetahOptions = {}) {
    const settings = settingsOf('HalfCheetah', DEFAULTS, options)
    super(HALF_CHEETAH, settings)
    this.#settings = settings
    this.#skipped = settings.excludeCurrentPositionsFromObservation ? 1 : 0
    this.observationSpace = unbounded(this.initQpos.length + this.initQvel.length - this.#skipped)
  }

  protected override drawState(): [Float64Array, Float64Array] {
    const { resetNoiseScale } = this.#settings
    return [this.uniformAround(this.initQpos, resetNoiseScale), this.normalAround(this.initQvel, resetNoiseScale)]
  }

  protected override observe(): Float64Array {
    const { qpos, qvel } = this.simulation.arrays
    const observation = new Float64Array(qpos.length + qvel.length - this.#skipped)
    put(observation, put(observation, 0, qpos, this.#skipped), qvel)
    return observation
  }

  protected override resetInfo(): Info {
    return { xPosition: this.simulation.arrays.qpos[0] }
  }

  protected override advance(action: ArrayLike<number>): StepResult<Float64Array> {
    const before = this.simulation.arrays.qpos[0]!
    this.simulation.step(action, this.frameSkip)
    const xPosition = this.simulation.arrays.qpos[0]!
    const xVelocity = (xPosition - before) / this.dt
    const rewardForward = this.#settings.forwardRewardWeight * xVelocity
    const cost = controlCost(action, this.#settings.ctrlCostWeight)
    return [this.observe(), rewardForward - cost, false, false, { xPosition, xVelocity, rewardForward, rewardCtrl: -cost }]
  }
}
