import type { Info, StepResult } from '../env.js'
import { ANT } from './models/ant.js'
import { MujocoEnv, put, unbounded } from './mujoco-env.js'
import { type CameraConfig, type MujocoOptions, type Range, settingsOf } from './options.js'
import { controlCost, sumOfSquares } from './sums.js'

const DEFAULTS = {
  frameSkip: 5,
  defaultCameraConfig: { distance: 4 } as CameraConfig | null,
  forwardRewardWeight: 1,
  ctrlCostWeight: 0.5,
  contactCostWeight: 5e-4,
  healthyReward: 1,
  /** The body whose velocity is rewarded, by number or name. */
  mainBody: 1 as number | string,
  terminateWhenUnhealthy: true,
  healthyZRange: [0.2, 1] as Range,
  contactForceRange: [-1, 1] as Range,
  resetNoiseScale: 0.1,
  excludeCurrentPositionsFromObservation: true,
  includeCfrcExtInObservation: true,
}

export type AntOptions = MujocoOptions & Partial<typeof DEFAULTS>

/** Numbers a body in cfrc_ext; the world's come first and are not observed. */
const PER_BODY = 6

/** Ant-v5: run along x on four legs. Reward: 1 a step while healthy, and the velocity, less the costs of control and of contact. */
export class AntEnv extends MujocoEnv {
  override readonly observationSpace
  readonly #settings
  readonly #skipped: number
  readonly #mainBody: number

  /** @throws InvalidKwargs */
  constructor(options: AntOptions = {}) {
    const settings = settingsOf('Ant', DEFAULTS, options)
    super(ANT, settings)
    this.#settings = settings
    this.#skipped = settings.excludeCurrentPositionsFromObservation ? 2 : 0
    this.#mainBody = typeof settings.mainBody === 'string' ? this.simulation.bodyId(settings.mainBody) : settings.mainBody
    this.observationSpace = unbounded(this.#size())
  }

  #size(): number {
    const forces = this.#settings.includeCfrcExtInObservation ? this.simulation.arrays.cfrc_ext.length - PER_BODY : 0
    return this.initQpos.length + this.initQvel.length - this.#skipped + forces
  }

  protected override drawState(): [Float64Array, Float64Array] {
    const { resetNoiseScale } = this.#settings
    return [this.uniformAround(this.initQpos, resetNoiseScale), this.normalAround(this.initQvel, resetNoiseScale)]
  }

  #contactForces(): Float64Array {
    const [low, high] = this.#settings.contactForceRange
    return this.simulation.arrays.cfrc_ext.map((force) => Math.min(Math.max(force, low), high))
  }

  protected override observe(forces = this.#contactForces()): Float64Array {
    const { qpos, qvel } = this.simulation.arrays
    const observation = new Float64Array(this.#size())
    const at = put(observation, put(observation, 0, qpos, this.#skipped), qvel)
    if (this.#settings.includeCfrcExtInObservation) put(observation, at, forces, PER_BODY)
    return observation
  }

  #isHealthy(): boolean {
    const { qpos, qvel } = this.simulation.arrays
    const [low, high] = this.#settings.healthyZRange
    return qpos.every(Number.isFinite) && qvel.every(Number.isFinite) && low <= qpos[2]! && qpos[2]! <= high
  }

  #place(): Info {
    const { qpos } = this.simulation.arrays
    return { xPosition: qpos[0], yPosition: qpos[1], distanceFromOrigin: Math.hypot(qpos[0]!, qpos[1]!) }
  }

  protected override resetInfo(): Info {
    return this.#place()
  }

  protected override advance(action: ArrayLike<number>): StepResult<Float64Array> {
    const { forwardRewardWeight, ctrlCostWeight, contactCostWeight, healthyReward, terminateWhenUnhealthy } = this.#settings
    const at = 3 * this.#mainBody
    const { xpos } = this.simulation.arrays
    const [x, y] = [xpos[at]!, xpos[at + 1]!]
    this.simulation.step(action, this.frameSkip)
    const after = this.simulation.arrays.xpos
    const xVelocity = (after[at]! - x) / this.dt
    const yVelocity = (after[at + 1]! - y) / this.dt
    const forces = this.#contactForces()
    const healthy = this.#isHealthy()
    const rewardForward = xVelocity * forwardRewardWeight
    const rewardSurvive = healthy ? healthyReward : 0
    const cost = controlCost(action, ctrlCostWeight)
    const contactCost = contactCostWeight * sumOfSquares(forces)
    // Not spread: V8 takes 10 µs for that.
    const info = Object.assign(this.#place(), {
      xVelocity,
      yVelocity,
      rewardForward,
      rewardCtrl: -cost,
      rewardContact: -contactCost,
      rewardSurvive,
    })
    const reward = rewardForward + rewardSurvive - (cost + contactCost)
    return [this.observe(forces), reward, !healthy && terminateWhenUnhealthy, false, info]
  }
}
