import type { Info, StepResult } from '../env.js'
import { MujocoEnv, put, unbounded } from './mujoco-env.js'
import type { Range, Settings } from './options.js'
import { controlCost } from './sums.js'

export interface WalkerSettings {
  forwardRewardWeight: number
  ctrlCostWeight: number
  healthyReward: number
  terminateWhenUnhealthy: boolean
  healthyZRange: Range
  healthyAngleRange: Range
  resetNoiseScale: number
  excludeCurrentPositionsFromObservation: boolean
}

/** Velocities in observations are cut off there, m/s or rad/s. */
const VELOCITY_LIMIT = 10

const inside = (value: number, [low, high]: Range) => low < value && value < high

/** What the hopper and the walker share: positions are x, z, the torso's angle, joints; falling ends the episode. */
export abstract class PlanarWalker extends MujocoEnv {
  override readonly observationSpace
  readonly #settings: WalkerSettings
  readonly #skipped: number

  protected constructor(mjcf: string, settings: Settings<WalkerSettings>) {
    super(mjcf, settings)
    this.#settings = settings
    this.#skipped = settings.excludeCurrentPositionsFromObservation ? 1 : 0
    this.observationSpace = unbounded(this.initQpos.length + this.initQvel.length - this.#skipped)
  }

  /** Whether height and angle of the torso are in their ranges. */
  protected isHealthy(): boolean {
    const { qpos } = this.simulation.arrays
    return inside(qpos[1]!, this.#settings.healthyZRange) && inside(qpos[2]!, this.#settings.healthyAngleRange)
  }

  protected override drawState(): [Float64Array, Float64Array] {
    const { resetNoiseScale } = this.#settings
    return [this.uniformAround(this.initQpos, resetNoiseScale), this.uniformAround(this.initQvel, resetNoiseScale)]
  }

  protected override observe(): Float64Array {
    const { qpos, qvel } = this.simulation.arrays
    const observation = new Float64Array(qpos.length + qvel.length - this.#skipped)
    put(observation, put(observation, 0, qpos, this.#skipped), qvel, 0, VELOCITY_LIMIT)
    return observation
  }

  protected override resetInfo(): Info {
    const { qpos } = this.simulation.arrays
    return { xPosition: qpos[0], zDistanceFromOrigin: qpos[1]! - this.initQpos[1]! }
  }

  protected override advance(action: ArrayLike<number>): StepResult<Float64Array> {
    const { forwardRewardWeight, ctrlCostWeight, healthyReward, terminateWhenUnhealthy } = this.#settings
    const before = this.simulation.arrays.qpos[0]!
    this.simulation.step(action, this.frameSkip)
    const { qpos } = this.simulation.arrays
    const xPosition = qpos[0]!
    const xVelocity = (xPosition - before) / this.dt
    const healthy = this.isHealthy()
    const rewardForward = forwardRewardWeight * xVelocity
    const rewardSurvive = healthy ? healthyReward : 0
    const cost = controlCost(action, ctrlCostWeight)
    const info = {
      xPosition,
      zDistanceFromOrigin: qpos[1]! - this.initQpos[1]!,
      xVelocity,
      rewardForward,
      rewardCtrl: -cost,
      rewardSurvive,
    }
    return [this.observe(), rewardForward + rewardSurvive - cost, !healthy && terminateWhenUnhealthy, false, info]
  }
}
