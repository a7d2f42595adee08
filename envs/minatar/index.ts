/** The five MinAtar games, under the ids that the package registers in Gymnasium: -v0 with all six actions, -v1 with those that matter. */
import { register } from '../registry.js'
import type { DtypeArray } from '../spaces/index.js'
import type { VectorEnv, VectorEnvKwargs } from '../vector/vector-env.js'
import { MinAtarEnv, type MinAtarOptions } from './minatar.js'
import { MinAtarNative } from './minatar-vector.js'
import { GAMES } from './rules.js'

for (const rules of GAMES) {
  const entryPoint = (options: MinAtarOptions) => new MinAtarEnv(rules, options)
  const nativeEntryPoint = (kwargs: VectorEnvKwargs): VectorEnv => new MinAtarNative(rules, kwargs) as VectorEnv<DtypeArray> as VectorEnv
  for (const [version, useMinimalActionSet] of [
    [0, false],
    [1, true],
  ] as const) {
    register({ id: `MinAtar/${rules.name}-v${version}`, entryPoint, nativeEntryPoint, kwargs: { useMinimalActionSet } })
  }
}

export { MinAtarEnv, type MinAtarOptions } from './minatar.js'
export { MinAtarNative } from './minatar-vector.js'
