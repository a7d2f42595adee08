import { make, makeVec, registry, spec, type VectorEnv } from '../../envs/index.js'
import { Box, type Space } from '../../envs/spaces/index.js'
import { LearningError } from '../errors.js'

/** An environment as a run names it: its full id, its spaces, and where to find it. */
export interface Environment {
  readonly id: string
  readonly observationSpace: Box
  readonly actionSpace: Space<unknown>
  /** What is registered under the id, as text: a worker that has something else there must not train on it. */
  readonly source: string
}

const sourceOf = (id: string) => {
  const { entryPoint, nativeEntryPoint } = spec(id)
  return `${entryPoint}\n${nativeEntryPoint}`
}

/**
 * `numEnvs` environments side by side, each with its own random stream (environment i: seed + i): the native kernel where there is one.
 * Episodes restart in the step they end in, the final observation is kept in `infos.finalObs`.
 */
export function makeEnvironments(environmentId: string, numEnvs: number): VectorEnv {
  const vectorizationMode = spec(environmentId).nativeEntryPoint ? 'native' : 'sync'
  return makeVec(environmentId, { numEnvs, vectorizationMode, autoresetMode: 'same-step' })
}

/**
 * Looks an environment up; an id without a version becomes that of the latest.
 * @throws LearningError `RL_SPACE` where observations are no vector of numbers; EnvError for an unknown id
 */
export function environment(id: string): Environment {
  const env = make(id)
  try {
    const { observationSpace, actionSpace } = env
    const full = env.spec?.id ?? id
    if (observationSpace instanceof Box) return { id: full, observationSpace, actionSpace, source: sourceOf(full) }
    throw new LearningError('RL_SPACE', `networks take Box observations; ${full} has ${observationSpace}`)
  } finally {
    env.close()
  }
}

/**
 * Makes sure that this thread knows the environment that the driver means: imports the module that registers it.
 * @throws LearningError `RL_OPTION` where it is registered on the driver only, or otherwise
 */
export async function importEnvironment({ id, source }: Pick<Environment, 'id' | 'source'>, module: string | null): Promise<void> {
  if (module !== null) await import(module)
  if (registry.has(id) && sourceOf(id) === source) return
  const found = registry.has(id) ? 'another one is registered under this id there' : 'it is not registered there'
  const way = "put register() into a module of its own and pass { module: new URL('./my-env.js', import.meta.url) }"
  throw new LearningError(
    'RL_OPTION',
    `${id} cannot be stepped by worker threads: ${found}${module ? ` after importing ${module}` : ''}; ${way}`,
  )
}
