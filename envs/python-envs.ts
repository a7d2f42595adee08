/** Environments that people ask for by name and that only Python has: what to say of them. `PythonEnv` runs them. */
import { type EnvId, formatEnvId } from './env-id.js'

/** Namespaces and names, and the Python module that registers them. */
const MODULES: readonly [pattern: RegExp, module: string][] = [
  [/^ALE\/|(NoFrameskip|Deterministic)-v\d$|-ram(-|$)/, 'ale_py'],
  [/^(phys2d|tabular)\/|^GymV2\d/, 'gymnasium'],
  [/^(Fetch|HandReach|HandManipulate|Adroit|AntMaze|PointMaze|FrankaKitchen)/, 'gymnasium_robotics'],
  [/^(MiniGrid|BabyAI)-/, 'minigrid'],
  [/^MiniWorld-/, 'miniworld'],
  [/^(highway|merge|roundabout|parking|intersection|racetrack|exit|two-way)(-|$)/, 'highway_env'],
  [/^Panda(Reach|Push|Slide|PickAndPlace|Stack|Flip)/, 'panda_gym'],
  [/^(dm_control|bsuite|DMLab|OpenSpiel)\//, 'shimmy'],
  [/^mo-/, 'mo_gymnasium'],
  [/^Meta-World\//, 'metaworld'],
  [/^SuperMarioBros/, 'gym_super_mario_bros'],
]

/** The whole error, or null for a name that no known package has. */
export function onlyInPython(id: EnvId): string | null {
  const name = formatEnvId(id)
  const module = MODULES.find(([pattern]) => pattern.test(name))?.[1]
  return module === undefined
    ? null
    : `${name} exists in Python only (package ${module.replaceAll('_', '-')}); run it there with ${pythonEnv(module, id)}`
}

/** How to run what Python still has, such as an older version. */
export function pythonEnv(module: string, id: EnvId): string {
  return `new PythonEnv('${module}:${formatEnvId(id)}')`
}
