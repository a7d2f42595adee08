import type { StepResult } from '../env.js'
import { REACHER } from './models/reacher.js'
import { MujocoEnv, unbounded } from './mujoco-env.js'
import { type CameraConfig, type MujocoOptions, settingsOf } from './options.js'
import { controlCost } from './sums.js'

const DEFAULTS = {
  frameSkip: 2,
  defaultCameraConfig: { trackbodyid: 0, lookat: [0, 0, 0], distance: 1, elevation: -60 } as CameraConfig | null,
  rewardDistWeight: 1,
  rewardControlWeight: 1,
}

export type ReacherOptions = MujocoOptions & Partial<typeof DEFAULTS>

/** Targets lie within so many metres of the arm's root. */
const REACH = 0.2

/** Reacher-v5: touch a target with the tip of an arm of two links. Reward: minus the distance and the cost of control; never terminates. */
export class ReacherEnv extends MujocoEnv {
  override readonly observationSpace = unbounded(10)
  readonly #settings
  readonly #fingertip: number
  readonly #target: number

  /** @throws InvalidKwargs */
  constructor(options: ReacherOptions = {}) {
    const settings = settingsOf('Reacher', DEFAULTS, options)
    super(REACHER, settings)
    this.#settings = settings
    this.#fingertip = 3 * this.simulation.bodyId('fingertip')
    this.#target = 3 * this.simulation.bodyId('target')
  }

  protected override drawState(): [Float64Array, Float64Array] {
    const qpos = this.uniformAround(this.initQpos, 0.1)
    let [x, y] = [REACH, REACH]
    while (!(Math.sqrt(x * x + y * y) < REACH)) {
      x = this.npRandom.uniform(-REACH, REACH)
      y = this.npRandom.uniform(-REACH, REACH)
    }
    qpos.set([x, y], qpos.length - 2)
    const qvel = this.uniformAround(this.initQvel, 0.005)
    qvel.fill(0, -2)
    return [qpos, qvel]
  }

  /** From the target to the fingertip. */
  #gap(): [number, number, number] {
    const { xpos } = this.simulation.arrays
    const along = (k: number) => xpos[this.#fingertip + k]! - xpos[this.#target + k]!
    return [along(0), along(1), along(2)]
  }

  protected override observe([x, y] = this.#gap()): Float64Array {
    const { qpos, qvel } = this.simulation.arrays
    const [a, b] = [qpos[0]!, qpos[1]!]
    return Float64Array.of(Math.cos(a), Math.cos(b), Math.sin(a), Math.sin(b), qpos[2]!, qpos[3]!, qvel[0]!, qvel[1]!, x, y)
  }

  protected override advance(action: ArrayLike<number>): StepResult<Float64Array> {
    this.simulation.step(action, this.frameSkip)
    const gap = this.#gap()
    const rewardDist = -length(gap) * this.#settings.rewardDistWeight
    const rewardCtrl = -controlCost(action, this.#settings.rewardControlWeight)
    return [this.observe(gap), rewardDist + rewardCtrl, false, false, { rewardDist, rewardCtrl }]
  }
}

function length([x, y, z]: [number, number, number]): number {
  return Math.sqrt(x * x + y * y + z * z)
}
