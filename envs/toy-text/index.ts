/** The toy text tasks, under Gymnasium's ids. */
import { register } from '../registry.js'
import type { DtypeArray } from '../spaces/index.js'
import type { VectorEnv, VectorEnvKwargs } from '../vector/vector-env.js'
import { BlackjackEnv } from './blackjack.js'
import { CliffWalkingEnv } from './cliff-walking.js'
import { FrozenLakeEnv } from './frozen-lake.js'
import { BlackjackNative, CliffWalkingNative, FrozenLakeNative, TaxiNative } from './native.js'
import { TaxiEnv } from './taxi.js'

/** The registry's type is that of float32 observations; `makeVec` tells its callers otherwise. */
const native =
  (Native: new (kwargs: VectorEnvKwargs) => VectorEnv<Int32Array>) =>
  (kwargs: VectorEnvKwargs): VectorEnv =>
    new Native(kwargs) as VectorEnv<DtypeArray> as VectorEnv

const frozenLake = { entryPoint: FrozenLakeEnv, nativeEntryPoint: native(FrozenLakeNative) }

register({ id: 'FrozenLake-v1', ...frozenLake, kwargs: { mapName: '4x4' }, maxEpisodeSteps: 100, rewardThreshold: 0.7 })
register({ id: 'FrozenLake8x8-v1', ...frozenLake, kwargs: { mapName: '8x8' }, maxEpisodeSteps: 200, rewardThreshold: 0.85 })
register({ id: 'CliffWalking-v1', entryPoint: CliffWalkingEnv, nativeEntryPoint: native(CliffWalkingNative) })
register({
  id: 'CliffWalkingSlippery-v1',
  entryPoint: CliffWalkingEnv,
  nativeEntryPoint: native(CliffWalkingNative),
  kwargs: { isSlippery: true },
})
register({ id: 'Blackjack-v1', entryPoint: BlackjackEnv, nativeEntryPoint: native(BlackjackNative), kwargs: { sab: true, natural: false } })
register({ id: 'Taxi-v4', entryPoint: TaxiEnv, nativeEntryPoint: native(TaxiNative), maxEpisodeSteps: 200, rewardThreshold: 8 })

export { BlackjackEnv, type BlackjackObservation, type BlackjackOptions } from './blackjack.js'
export { CliffWalkingEnv, type CliffWalkingOptions } from './cliff-walking.js'
export { FrozenLakeEnv, type FrozenLakeOptions } from './frozen-lake.js'
export { generateRandomMap, type RandomMapOptions } from './frozen-lake-maps.js'
export { TaxiEnv, type TaxiOptions } from './taxi.js'
