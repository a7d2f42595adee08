import type { StepResult } from '../env.js'
import { INVERTED_PENDULUM } from './models/pendulums.js'
import { MujocoEnv, put, unbounded } from './mujoco-env.js'
import { type CameraConfig, type MujocoOptions, settingsOf } from './options.js'

const DEFAULTS = {
  frameSkip: 2,
  defaultCameraConfig: { trackbodyid: 0, distance: 2.04 } as CameraConfig | null,
  resetNoiseScale: 0.01,
}

export type InvertedPendulumOptions = MujocoOptions & Partial<typeof DEFAULTS>

/** The pole has fallen beyond that angle, rad. */
const FALLEN = 0.2

/** InvertedPendulum-v5: balance a pole on a cart. Reward 1 a step until the pole is tilted by more than 0.2 rad. */
export class InvertedPendulumEnv extends MujocoEnv {
  override readonly observationSpace = unbounded(4)
  readonly #resetNoiseScale: number

  /** @throws InvalidKwargs */
  constructor(options: InvertedPendulumOptions = {}) {
    const settings = settingsOf('InvertedPendulum', DEFAULTS, options)
    super(INVERTED_PENDULUM, settings)
    this.#resetNoiseScale = settings.resetNoiseScale
  }

  protected override drawState(): [Float64Array, Float64Array] {
    return [this.uniformAround(this.initQpos, this.#resetNoiseScale), this.uniformAround(this.initQvel, this.#resetNoiseScale)]
  }

  protected override observe(): Float64Array {
    const { qpos, qvel } = this.simulation.arrays
    const observation = new Float64Array(qpos.length + qvel.length)
    put(observation, put(observation, 0, qpos), qvel)
    return observation
  }

  protected override advance(action: ArrayLike<number>): StepResult<Float64Array> {
    this.simulation.step(action, this.frameSkip)
    const observation = this.observe()
    const terminated = !observation.every(Number.isFinite) || Math.abs(observation[1]!) > FALLEN
    const reward = terminated ? 0 : 1
    return [observation, reward, terminated, false, { rewardSurvive: reward }]
  }
}
