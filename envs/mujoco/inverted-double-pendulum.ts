import type { StepResult } from '../env.js'
import { INVERTED_DOUBLE_PENDULUM } from './models/pendulums.js'
import { MujocoEnv, put, unbounded } from './mujoco-env.js'
import { type CameraConfig, type MujocoOptions, settingsOf } from './options.js'

const DEFAULTS = {
  frameSkip: 5,
  defaultCameraConfig: { trackbodyid: 0, lookat: [0, 0, 0.3], distance: 3.5, elevation: -10 } as CameraConfig | null,
  healthyReward: 10,
  resetNoiseScale: 0.1,
}

export type InvertedDoublePendulumOptions = MujocoOptions & Partial<typeof DEFAULTS>

/** What is observed of velocities and of the force on the cart is cut off there. */
const LIMIT = 10

/** InvertedDoublePendulum-v5: balance two poles, one above the other. Reward 10 a step less penalties, until the tip is below 1 m. */
export class InvertedDoublePendulumEnv extends MujocoEnv {
  override readonly observationSpace = unbounded(9)
  readonly #settings

  /** @throws InvalidKwargs */
  constructor(options: InvertedDoublePendulumOptions = {}) {
    const settings = settingsOf('InvertedDoublePendulum', DEFAULTS, options)
    super(INVERTED_DOUBLE_PENDULUM, settings)
    this.#settings = settings
  }

  protected override drawState(): [Float64Array, Float64Array] {
    const { resetNoiseScale } = this.#settings
    return [this.uniformAround(this.initQpos, resetNoiseScale), this.normalAround(this.initQvel, resetNoiseScale)]
  }

  protected override observe(): Float64Array {
    const { qpos, qvel, qfrc_constraint: force } = this.simulation.arrays
    const observation = new Float64Array(9)
    observation[0] = qpos[0]!
    for (let k = 1; k <= 2; k++) {
      observation[k] = Math.sin(qpos[k]!)
      observation[2 + k] = Math.cos(qpos[k]!)
    }
    put(observation, 5, qvel, 0, LIMIT)
    observation[8] = Math.min(Math.max(force[0]!, -LIMIT), LIMIT)
    return observation
  }

  protected override advance(action: ArrayLike<number>): StepResult<Float64Array> {
    this.simulation.step(action, this.frameSkip)
    const { site_xpos: tip, qvel } = this.simulation.arrays
    const [x, y] = [tip[0]!, tip[2]!]
    const terminated = y <= 1
    const distance = 0.01 * x ** 2 + (y - 2) ** 2
    const velocity = 1e-3 * qvel[1]! ** 2 + 5e-3 * qvel[2]! ** 2
    const rewardSurvive = terminated ? 0 : this.#settings.healthyReward
    const info = { rewardSurvive, distancePenalty: -distance, velocityPenalty: -velocity }
    return [this.observe(), rewardSurvive - distance - velocity, terminated, false, info]
  }
}
