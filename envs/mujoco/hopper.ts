import { HOPPER } from './models/hopper.js'
import { type CameraConfig, type MujocoOptions, type Range, settingsOf } from './options.js'
import { PlanarWalker } from './planar-walker.js'

const DEFAULTS = {
  frameSkip: 4,
  defaultCameraConfig: { trackbodyid: 2, distance: 3, lookat: [0, 0, 1.15], elevation: -20 } as CameraConfig | null,
  forwardRewardWeight: 1,
  ctrlCostWeight: 1e-3,
  healthyReward: 1,
  terminateWhenUnhealthy: true,
  /** Of every position and velocity but the first two positions. */
  healthyStateRange: [-100, 100] as Range,
  healthyZRange: [0.7, Infinity] as Range,
  healthyAngleRange: [-0.2, 0.2] as Range,
  resetNoiseScale: 5e-3,
  excludeCurrentPositionsFromObservation: true,
}

export type HopperOptions = MujocoOptions & Partial<typeof DEFAULTS>

/** Hopper-v5: hop forwards on one leg. Reward: 1 a step while healthy, and the velocity, less the cost of control. */
export class HopperEnv extends PlanarWalker {
  readonly #healthyStateRange: Range

  /** @throws InvalidKwargs */
  constructor(options: HopperOptions = {}) {
    const settings = settingsOf('Hopper', DEFAULTS, options)
    super(HOPPER, settings)
    this.#healthyStateRange = settings.healthyStateRange
  }

  protected override isHealthy(): boolean {
    const { qpos, qvel } = this.simulation.arrays
    const [low, high] = this.#healthyStateRange
    for (let i = 2; i < qpos.length; i++) if (!(low < qpos[i]! && qpos[i]! < high)) return false
    for (let i = 0; i < qvel.length; i++) if (!(low < qvel[i]! && qvel[i]! < high)) return false
    return super.isHealthy()
  }
}
