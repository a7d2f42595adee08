import type { Env } from '../env.js'
import { InvalidKwargs, InvalidSpace } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { Dict, type Space, Tuple } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'

/**
 * Only some parts of observations that are a Dict or a Tuple.
 *
 *     const env = new wrappers.FilterObservation(
 *       new wrappers.AddRenderObservation(make('CartPole-v1', { renderMode: 'rgb_array' }), { renderOnly: false }),
 *       { filterKeys: ['state'] },
 *     )
 */
export class FilterObservation<Act = unknown> extends ObservationWrapper<unknown, Act, unknown> {
  readonly #keys: readonly (string | number)[]
  readonly #list: boolean

  /** @throws InvalidSpace for observations that are neither, InvalidKwargs for keys that are not there */
  constructor(env: Env<unknown, Act>, options: { filterKeys: readonly (string | number)[] }) {
    super(env, options)
    checkKwargs('FilterObservation', options, ['filterKeys'])
    const { filterKeys } = options
    if (!Array.isArray(filterKeys) || filterKeys.length === 0 || new Set(filterKeys).size !== filterKeys.length)
      throw new InvalidKwargs(`filterKeys of FilterObservation is a list of different keys, got ${shown(filterKeys)}`)
    this.#keys = filterKeys
    const space = env.observationSpace as Space
    this.#list = space instanceof Tuple
    if (space instanceof Dict) {
      refuseOthers(filterKeys, space.keys)
      const kept = filterKeys.map((key: string) => [key, space.spaces[key]!] as const)
      this.observationSpace = new Dict(
        kept.sort(([a], [b]) => space.keys.indexOf(a) - space.keys.indexOf(b)),
        { sortKeys: space.sortKeys },
      )
    } else if (space instanceof Tuple) {
      refuseOthers(
        filterKeys,
        space.spaces.map((_: Space, i: number) => i),
      )
      this.observationSpace = new Tuple(filterKeys.map((key: number) => space.spaces[key]!))
    } else throw new InvalidSpace(`FilterObservation needs observations that are a Dict or a Tuple, got ${space}`)
  }

  override observation(observation: unknown): unknown {
    const parts = observation as Record<string | number, unknown>
    return this.#list ? this.#keys.map((key) => parts[key]) : Object.fromEntries(this.#keys.map((key) => [key, parts[key]]))
  }
}

function refuseOthers(keys: readonly unknown[], known: readonly unknown[]): void {
  const missing = keys.find((key) => !known.includes(key))
  if (missing !== undefined)
    throw new InvalidKwargs(`FilterObservation keeps parts that are there, ${shown([...known])}; got ${shown(missing)}`)
}
