import { WALKER2D } from './models/walker2d.js'
import { type CameraConfig, type MujocoOptions, type Range, settingsOf } from './options.js'
import { PlanarWalker } from './planar-walker.js'

const DEFAULTS = {
  frameSkip: 4,
  defaultCameraConfig: { trackbodyid: 2, distance: 4, lookat: [0, 0, 1.15], elevation: -20 } as CameraConfig | null,
  forwardRewardWeight: 1,
  ctrlCostWeight: 1e-3,
  healthyReward: 1,
  terminateWhenUnhealthy: true,
  healthyZRange: [0.8, 2] as Range,
  healthyAngleRange: [-1, 1] as Range,
  resetNoiseScale: 5e-3,
  excludeCurrentPositionsFromObservation: true,
}

export type Walker2dOptions = MujocoOptions & Partial<typeof DEFAULTS>

/** Walker2d-v5: walk forwards on two legs. Reward: 1 a step while healthy, and the velocity, less the cost of control. */
export class Walker2dEnv extends PlanarWalker {
  /** @throws InvalidKwargs */
  constructor(options: Walker2dOptions = {}) {
    super(WALKER2D, settingsOf('Walker2d', DEFAULTS, options))
  }
}
