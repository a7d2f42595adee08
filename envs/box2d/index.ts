/** The Box2D tasks of Gymnasium 1.4.0, on planck, under its ids. */
import type { Env } from '../env.js'
import { register } from '../registry.js'
import { BipedalWalkerEnv } from './bipedal-walker.js'
import { CarRacingEnv } from './car-racing.js'
import { LunarLanderEnv } from './lunar-lander.js'

const lunarLander = { entryPoint: LunarLanderEnv, maxEpisodeSteps: 1000, rewardThreshold: 200 }

register({ id: 'LunarLander-v3', ...lunarLander })
register({ id: 'LunarLanderContinuous-v3', ...lunarLander, kwargs: { continuous: true } })
register({ id: 'BipedalWalker-v3', entryPoint: BipedalWalkerEnv, maxEpisodeSteps: 1600, rewardThreshold: 300 })
register({
  id: 'BipedalWalkerHardcore-v3',
  entryPoint: BipedalWalkerEnv,
  kwargs: { hardcore: true },
  maxEpisodeSteps: 2000,
  rewardThreshold: 300,
})
register({ id: 'CarRacing-v3', entryPoint: CarRacingEnv, maxEpisodeSteps: 1000, rewardThreshold: 900 })

declare module '../make.js' {
  interface EnvTypes {
    'LunarLander-v3': Env<Float32Array, number>
    'LunarLanderContinuous-v3': Env<Float32Array, ArrayLike<number>>
    'CarRacing-v3': Env<Uint8Array, number | ArrayLike<number>>
    'BipedalWalker-v3': Env<Float32Array, ArrayLike<number>>
    'BipedalWalkerHardcore-v3': Env<Float32Array, ArrayLike<number>>
  }
}

export { BipedalWalkerEnv, type BipedalWalkerOptions } from './bipedal-walker.js'
export { CarRacingEnv, type CarRacingOptions } from './car-racing.js'
export { LunarLanderEnv, type LunarLanderOptions } from './lunar-lander.js'
