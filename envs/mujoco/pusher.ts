import type { StepResult } from '../env.js'
import { PUSHER } from './models/pusher.js'
import { MujocoEnv, unbounded } from './mujoco-env.js'
import { type CameraConfig, type MujocoOptions, settingsOf } from './options.js'
import { controlCost } from './sums.js'

const DEFAULTS = {
  frameSkip: 5,
  defaultCameraConfig: { trackbodyid: -1, lookat: [0.3, 0, -0.2], distance: 2.5, elevation: -35 } as CameraConfig | null,
  rewardNearWeight: 0.5,
  rewardDistWeight: 1,
  rewardControlWeight: 0.1,
}

export type PusherOptions = MujocoOptions & Partial<typeof DEFAULTS>

/** Joints of the arm; the object's and the goal's slides come after them. */
const ARM = 7
/** The object starts farther from the goal than that, m. */
const NEAREST = 0.17

/** Pusher-v5: push a cylinder to a goal. Reward: minus the distances from arm to object and object to goal and the cost of control. */
export class PusherEnv extends MujocoEnv {
  override readonly observationSpace = unbounded(23)
  readonly #settings
  readonly #tips: number
  readonly #object: number
  readonly #goal: number

  /** @throws InvalidKwargs */
  constructor(options: PusherOptions = {}) {
    const settings = settingsOf('Pusher', DEFAULTS, options)
    super(PUSHER, settings)
    this.#settings = settings
    this.#tips = 3 * this.simulation.bodyId('tips_arm')
    this.#object = 3 * this.simulation.bodyId('object')
    this.#goal = 3 * this.simulation.bodyId('goal')
  }

  protected override drawState(): [Float64Array, Float64Array] {
    const qpos = this.initQpos.slice()
    let [y, x] = [0, 0]
    while (!(Math.sqrt(y * y + x * x) > NEAREST)) {
      y = this.npRandom.uniform(-0.3, 0)
      x = this.npRandom.uniform(-0.2, 0.2)
    }
    qpos.set([y, x, 0, 0], qpos.length - 4)
    const qvel = this.uniformAround(this.initQvel, 0.005)
    qvel.fill(0, -4)
    return [qpos, qvel]
  }

  protected override observe(): Float64Array {
    const { qpos, qvel, xpos } = this.simulation.arrays
    const observation = new Float64Array(2 * ARM + 9)
    for (let i = 0; i < ARM; i++) {
      observation[i] = qpos[i]!
      observation[ARM + i] = qvel[i]!
    }
    for (let k = 0; k < 3; k++) {
      observation[2 * ARM + k] = xpos[this.#tips + k]!
      observation[2 * ARM + 3 + k] = xpos[this.#object + k]!
      observation[2 * ARM + 6 + k] = xpos[this.#goal + k]!
    }
    return observation
  }

  #distance(from: number, to: number): number {
    const { xpos } = this.simulation.arrays
    const [x, y, z] = [xpos[from]! - xpos[to]!, xpos[from + 1]! - xpos[to + 1]!, xpos[from + 2]! - xpos[to + 2]!]
    return Math.sqrt(x * x + y * y + z * z)
  }

  protected override advance(action: ArrayLike<number>): StepResult<Float64Array> {
    this.simulation.step(action, this.frameSkip)
    const rewardNear = -this.#distance(this.#object, this.#tips) * this.#settings.rewardNearWeight
    const rewardDist = -this.#distance(this.#object, this.#goal) * this.#settings.rewardDistWeight
    const rewardCtrl = -controlCost(action, this.#settings.rewardControlWeight)
    return [this.observe(), rewardDist + rewardCtrl + rewardNear, false, false, { rewardDist, rewardCtrl, rewardNear }]
  }
}
