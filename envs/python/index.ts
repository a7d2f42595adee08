/** Environments that run in Python. */
import type { DtypeArray } from '../spaces/index.js'
import type { PythonEnvOptions, PythonVectorEnvOptions } from './options.js'
import { PythonSingleEnv } from './single-env.js'
import { PythonVectorEnv } from './vector-env.js'

export type { PythonEnvOptions, PythonVectorEnvOptions } from './options.js'
export { PythonSingleEnv } from './single-env.js'
export { PythonVectorEnv } from './vector-env.js'

/** What `PythonEnv(…)` and `new PythonEnv(…)` give: an Env, or with `numEnvs` a VectorEnv. */
interface PythonEnvMaker {
  <Obs extends DtypeArray = Float32Array>(id: string, options: PythonVectorEnvOptions): PythonVectorEnv<Obs>
  <Obs = unknown, Act = unknown>(id: string, options?: PythonEnvOptions): PythonSingleEnv<Obs, Act>
  new <Obs extends DtypeArray = Float32Array>(id: string, options: PythonVectorEnvOptions): PythonVectorEnv<Obs>
  new <Obs = unknown, Act = unknown>(id: string, options?: PythonEnvOptions): PythonSingleEnv<Obs, Act>
}

/**
 * Any Python Gymnasium environment, in a process of its own over a pipe. `id` is what `gymnasium.make` takes: the module that registers
 * the environment, a colon, its name.
 *
 *     const env = new PythonEnv('minigrid:MiniGrid-Empty-5x5-v0', { renderMode: 'rgb_array', python: '.venv/bin/python' })
 *     const [observation, info] = env.reset({ seed: 1 })
 *     env.close()                                                                  // ends the process; so does the end of this one
 *     const envs = new PythonEnv('gymnasium:CartPole-v1', { numEnvs: 8, vectorizationMode: 'async' })
 *
 * Spaces become ours, the same seed gives the trajectory that Python has, infos keep Python's names. Integers of 64 bits must fit 32, as
 * everywhere here. What Python prints goes to standard error. Needs Node on a POSIX system, and in Python gymnasium and numpy.
 *
 * @throws InvalidKwargs, PythonMissing, PythonFailed (with Python's traceback), PythonTimeout, PythonDied
 */
export const PythonEnv = function makePythonEnv(id: string, options: PythonEnvOptions | PythonVectorEnvOptions = {}) {
  return 'numEnvs' in options ? new PythonVectorEnv(id, options) : new PythonSingleEnv(id, options)
} as unknown as PythonEnvMaker
