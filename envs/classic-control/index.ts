/** The classic control tasks, under Gymnasium's ids. */
import { register } from '../registry.js'
import { CartPoleEnv } from './cartpole.js'
import { CartPoleNative, CartPoleVectorEnv } from './cartpole-vector.js'

const cartPole = { entryPoint: CartPoleEnv, vectorEntryPoint: CartPoleVectorEnv, nativeEntryPoint: CartPoleNative }

register({ id: 'CartPole-v0', ...cartPole, maxEpisodeSteps: 200, rewardThreshold: 195 })
register({ id: 'CartPole-v1', ...cartPole, maxEpisodeSteps: 500, rewardThreshold: 475 })

export { CartPoleEnv, type CartPoleOptions } from './cartpole.js'
export { CartPoleNative, CartPoleVectorEnv } from './cartpole-vector.js'
