import { make, makeVec, spec, type VectorEnv } from '../../envs/index.js'
import type { Seed } from '../../envs/seeding.js'
import { Box, type Space } from '../../envs/spaces/index.js'
import { LearningError } from '../errors.js'

/**
 * `numEnvs` environments side by side, each with its own random stream (environment i: seed + i): the native kernel where there is one.
 * Episodes restart in the step they end in, the final observation is kept in `infos.finalObs`.
 */
export function makeEnvironments(environmentId: string, numEnvs: number): VectorEnv {
  const vectorizationMode = spec(environmentId).nativeEntryPoint ? 'native' : 'sync'
  return makeVec(environmentId, { numEnvs, vectorizationMode, autoresetMode: 'same-step' })
}

export interface EnvironmentSpaces {
  readonly observationSpace: Box
  readonly actionSpace: Space<unknown>
}

/** @throws LearningError `RL_SPACE` where observations are no vector of numbers; EnvError for an unknown id */
export function environmentSpaces(environmentId: string): EnvironmentSpaces {
  const env = make(environmentId)
  try {
    const { observationSpace, actionSpace } = env
    if (observationSpace instanceof Box) return { observationSpace, actionSpace }
    throw new LearningError('RL_SPACE', `networks take Box observations; ${environmentId} has ${observationSpace}`)
  } finally {
    env.close()
  }
}

/** Environment i of a run is seeded with seed + i. */
export function environmentSeed(seed: Seed, index: number): Seed {
  return typeof seed === 'bigint' ? seed + BigInt(index) : seed + index
}
