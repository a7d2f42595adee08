import { iterate } from '../../spaces/index.js'
import type { VectorEnv } from '../../vector/vector-env.js'
import type { ObservationTarget, VectorActions, VectorInfos, VectorResetOptions, VectorStep } from '../../vector/vector-types.js'
import { VectorWrapper } from '../../vector/vector-wrapper.js'

/**
 * Gives infos as a list, one object for each environment with what that has, instead of an object of arrays and masks.
 *
 *     const envs = new wrappers.vector.DictInfoToList(makeVec('FrozenLake-v1', { numEnvs: 2 }))
 *     envs.reset({ seed: 1 })[1] // [{ prob: 1 }, { prob: 1 }]
 */
export class DictInfoToList<Obs = Float32Array> extends VectorWrapper<Obs> {
  readonly #final: ((batch: unknown) => unknown[]) | null

  constructor(env: VectorEnv<Obs>) {
    super(env)
    this.#final = env.autoresetMode === 'same-step' ? (batch) => [...iterate(env.observationSpace, batch)] : null
  }

  override reset(options?: VectorResetOptions<Obs>): [observations: Obs, infos: VectorInfos<Obs>] {
    const [observations, infos] = super.reset(options)
    return [observations, this.#listed(infos)]
  }

  override step(actions: VectorActions, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    const [observations, rewards, terminated, truncated, infos] = super.step(actions, target)
    return [observations, rewards, terminated, truncated, this.#listed(infos)]
  }

  // A list, which the type of infos does not say.
  #listed(infos: VectorInfos<Obs>): VectorInfos<Obs> {
    return this.#split(infos) as unknown as VectorInfos<Obs>
  }

  #split(infos: Record<string, unknown>): Record<string, unknown>[] {
    const list: Record<string, unknown>[] = Array.from({ length: this.numEnvs }, () => ({}))
    for (const [key, value] of Object.entries(infos)) {
      if (key.startsWith('_')) continue
      const mask = infos[`_${key}`] as ArrayLike<number> | undefined
      const values = this.#valuesOf(key, value)
      for (let i = 0; i < this.numEnvs; i++) if (!mask || mask[i] === 1) list[i]![key] = values[i]
    }
    return list
  }

  #valuesOf(key: string, value: unknown): ArrayLike<unknown> {
    if (key === 'finalObs' && this.#final) return structuredClone(this.#final(value))
    const isList = Array.isArray(value) || ArrayBuffer.isView(value)
    return isList ? (value as ArrayLike<unknown>) : this.#split(value as Record<string, unknown>)
  }
}
