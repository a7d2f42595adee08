/** The toy text tasks, under Gymnasium's ids. */
import { register } from '../registry.js'
import { CliffWalkingEnv } from './cliff-walking.js'
import { FrozenLakeEnv } from './frozen-lake.js'
import { CliffWalkingNative, FrozenLakeNative, TaxiNative } from './native.js'
import { TaxiEnv } from './taxi.js'

const frozenLake = { entryPoint: FrozenLakeEnv, nativeEntryPoint: FrozenLakeNative }

register({ id: 'FrozenLake-v1', ...frozenLake, kwargs: { mapName: '4x4' }, maxEpisodeSteps: 100, rewardThreshold: 0.7 })
register({ id: 'FrozenLake8x8-v1', ...frozenLake, kwargs: { mapName: '8x8' }, maxEpisodeSteps: 200, rewardThreshold: 0.85 })
register({ id: 'CliffWalking-v1', entryPoint: CliffWalkingEnv, nativeEntryPoint: CliffWalkingNative })
register({ id: 'CliffWalkingSlippery-v1', entryPoint: CliffWalkingEnv, nativeEntryPoint: CliffWalkingNative, kwargs: { isSlippery: true } })
register({ id: 'Taxi-v4', entryPoint: TaxiEnv, nativeEntryPoint: TaxiNative, maxEpisodeSteps: 200, rewardThreshold: 8 })

export { CliffWalkingEnv, type CliffWalkingOptions } from './cliff-walking.js'
export { FrozenLakeEnv, type FrozenLakeOptions } from './frozen-lake.js'
export { generateRandomMap, type RandomMapOptions } from './frozen-lake-maps.js'
export { TaxiEnv, type TaxiOptions } from './taxi.js'
