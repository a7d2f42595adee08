import type { Info, StepResult } from '../env.js'
import { HumanoidBase } from './humanoid-base.js'
import { HUMANOID_STANDUP } from './models/humanoid.js'
import { type CameraConfig, type MujocoOptions, type Range, settingsOf } from './options.js'
import { sumOfSquares } from './sums.js'

const DEFAULTS = {
  frameSkip: 5,
  defaultCameraConfig: { trackbodyid: 1, distance: 4, lookat: [0, 0, 0.8925], elevation: -20 } as CameraConfig | null,
  uphCostWeight: 1,
  ctrlCostWeight: 0.1,
  impactCostWeight: 0.5e-6,
  impactCostRange: [-Infinity, 10] as Range,
  resetNoiseScale: 1e-2,
  excludeCurrentPositionsFromObservation: true,
  includeCinertInObservation: true,
  includeCvelInObservation: true,
  includeQfrcActuatorInObservation: true,
  includeCfrcExtInObservation: true,
}

export type HumanoidStandupOptions = MujocoOptions & Partial<typeof DEFAULTS>

/** HumanoidStandup-v5: get up from the ground. Reward: the height, and 1 a step, less the costs of control and impact; never terminates. */
export class HumanoidStandupEnv extends HumanoidBase {
  readonly #settings
  readonly #timestep: number

  /** `uphCostWeight` is accepted and, as in Gymnasium, has no effect. @throws InvalidKwargs */
  constructor(options: HumanoidStandupOptions = {}) {
    const settings = settingsOf('HumanoidStandup', DEFAULTS, options)
    super(HUMANOID_STANDUP, settings)
    this.#settings = settings
    this.#timestep = this.simulation.model.opt.timestep
  }

  #place(): Info {
    const { qpos } = this.simulation.arrays
    return Object.assign(this.tendons(), { xPosition: qpos[0], yPosition: qpos[1], zDistanceFromOrigin: qpos[2]! - this.initQpos[2]! })
  }

  protected override resetInfo(): Info {
    return this.#place()
  }

  protected override advance(action: ArrayLike<number>): StepResult<Float64Array> {
    const settings = this.#settings
    this.simulation.step(action, this.frameSkip)
    const { qpos, ctrl, cfrc_ext: forces } = this.simulation.arrays
    const rewardLinup = qpos[2]! / this.#timestep
    const cost = settings.ctrlCostWeight * sumOfSquares(ctrl)
    const [least, most] = settings.impactCostRange
    const impact = Math.min(Math.max(settings.impactCostWeight * sumOfSquares(forces), least), most)
    // Not spread: V8 takes 10 µs for that.
    const info = Object.assign(this.#place(), { rewardLinup, rewardQuadctrl: -cost, rewardImpact: -impact })
    return [this.observe(), rewardLinup - cost - impact + 1, false, false, info]
  }
}
