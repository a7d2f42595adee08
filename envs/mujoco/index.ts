/** The MuJoCo tasks of Gymnasium 1.4.0, version 5, under its ids. */
import type { Env } from '../env.js'
import { register } from '../registry.js'
import { AntEnv } from './ant.js'
import { HalfCheetahEnv } from './half-cheetah.js'
import { HopperEnv } from './hopper.js'
import { HumanoidEnv } from './humanoid.js'
import { HumanoidStandupEnv } from './humanoid-standup.js'
import { InvertedDoublePendulumEnv } from './inverted-double-pendulum.js'
import { InvertedPendulumEnv } from './inverted-pendulum.js'
import { PusherEnv } from './pusher.js'
import { ReacherEnv } from './reacher.js'
import { SwimmerEnv } from './swimmer.js'
import { Walker2dEnv } from './walker2d.js'

const LONG = { maxEpisodeSteps: 1000 }

register({ id: 'Reacher-v5', entryPoint: ReacherEnv, maxEpisodeSteps: 50, rewardThreshold: -3.75 })
register({ id: 'Pusher-v5', entryPoint: PusherEnv, maxEpisodeSteps: 100, rewardThreshold: 0 })
register({ id: 'InvertedPendulum-v5', entryPoint: InvertedPendulumEnv, ...LONG, rewardThreshold: 950 })
register({ id: 'InvertedDoublePendulum-v5', entryPoint: InvertedDoublePendulumEnv, ...LONG, rewardThreshold: 9100 })
register({ id: 'HalfCheetah-v5', entryPoint: HalfCheetahEnv, ...LONG, rewardThreshold: 4800 })
register({ id: 'Hopper-v5', entryPoint: HopperEnv, ...LONG, rewardThreshold: 3800 })
register({ id: 'Swimmer-v5', entryPoint: SwimmerEnv, ...LONG, rewardThreshold: 360 })
register({ id: 'Walker2d-v5', entryPoint: Walker2dEnv, ...LONG })
register({ id: 'Ant-v5', entryPoint: AntEnv, ...LONG, rewardThreshold: 6000 })
register({ id: 'Humanoid-v5', entryPoint: HumanoidEnv, ...LONG })
register({ id: 'HumanoidStandup-v5', entryPoint: HumanoidStandupEnv, ...LONG })

type Robot = Env<Float64Array, ArrayLike<number>>

declare module '../make.js' {
  interface EnvTypes {
    'Reacher-v5': Robot
    'Pusher-v5': Robot
    'InvertedPendulum-v5': Robot
    'InvertedDoublePendulum-v5': Robot
    'HalfCheetah-v5': Robot
    'Hopper-v5': Robot
    'Swimmer-v5': Robot
    'Walker2d-v5': Robot
    'Ant-v5': Robot
    'Humanoid-v5': Robot
    'HumanoidStandup-v5': Robot
  }
}

export { AntEnv, type AntOptions } from './ant.js'
export { HalfCheetahEnv, type HalfCheetahOptions } from './half-cheetah.js'
export { HopperEnv, type HopperOptions } from './hopper.js'
export { HumanoidEnv, type HumanoidOptions } from './humanoid.js'
export { HumanoidStandupEnv, type HumanoidStandupOptions } from './humanoid-standup.js'
export { InvertedDoublePendulumEnv, type InvertedDoublePendulumOptions } from './inverted-double-pendulum.js'
export { InvertedPendulumEnv, type InvertedPendulumOptions } from './inverted-pendulum.js'
export { loadMujoco } from './load.js'
export { MujocoEnv } from './mujoco-env.js'
export type { CameraConfig, MujocoOptions } from './options.js'
export { PusherEnv, type PusherOptions } from './pusher.js'
export { ReacherEnv, type ReacherOptions } from './reacher.js'
export { SwimmerEnv, type SwimmerOptions } from './swimmer.js'
export { Walker2dEnv, type Walker2dOptions } from './walker2d.js'
