/** The classic control tasks, under Gymnasium's ids. */
import { register } from '../registry.js'
import { AcrobotEnv } from './acrobot.js'
import { CartPoleEnv } from './cartpole.js'
import { CartPoleNative, CartPoleVectorEnv } from './cartpole-vector.js'
import { ContinuousMountainCarEnv } from './continuous-mountain-car.js'
import { MountainCarEnv } from './mountain-car.js'
import { AcrobotNative, ContinuousMountainCarNative, MountainCarNative, PendulumNative } from './native.js'
import { PendulumEnv } from './pendulum.js'

const cartPole = { entryPoint: CartPoleEnv, vectorEntryPoint: CartPoleVectorEnv, nativeEntryPoint: CartPoleNative }

register({ id: 'CartPole-v0', ...cartPole, maxEpisodeSteps: 200, rewardThreshold: 195 })
register({ id: 'CartPole-v1', ...cartPole, maxEpisodeSteps: 500, rewardThreshold: 475 })
register({
  id: 'MountainCar-v0',
  entryPoint: MountainCarEnv,
  nativeEntryPoint: MountainCarNative,
  maxEpisodeSteps: 200,
  rewardThreshold: -110,
})
register({
  id: 'MountainCarContinuous-v0',
  entryPoint: ContinuousMountainCarEnv,
  nativeEntryPoint: ContinuousMountainCarNative,
  maxEpisodeSteps: 999,
  rewardThreshold: 90,
})
register({ id: 'Pendulum-v1', entryPoint: PendulumEnv, nativeEntryPoint: PendulumNative, maxEpisodeSteps: 200 })
register({ id: 'Acrobot-v1', entryPoint: AcrobotEnv, nativeEntryPoint: AcrobotNative, maxEpisodeSteps: 500, rewardThreshold: -100 })

export { AcrobotEnv, type AcrobotOptions } from './acrobot.js'
export { CartPoleEnv, type CartPoleOptions } from './cartpole.js'
export { CartPoleNative, CartPoleVectorEnv } from './cartpole-vector.js'
export { ContinuousMountainCarEnv } from './continuous-mountain-car.js'
export { MountainCarEnv, type MountainCarOptions } from './mountain-car.js'
export { PendulumEnv, type PendulumOptions } from './pendulum.js'
