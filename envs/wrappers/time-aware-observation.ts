import type { Env, Info, ResetOptions, StepResult } from '../env.js'
import { InvalidKwargs } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { Box, Dict, flatten, flattenSpace, type Space, Tuple } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'

export interface TimeAwareOptions {
  /** Whether observation and time come as one flat array; true unless told. */
  flatten?: boolean
  /** Whether time goes from 0 to 1 instead of counting steps; false unless told. */
  normalizeTime?: boolean
  /** The key of the time in observations that are a Dict; 'time' unless told. */
  dictTimeKey?: string
}

/**
 * Adds the time of the episode to observations, so that the value of a state can depend on how much of the limit is left.
 *
 *     const env = new wrappers.TimeAwareObservation(make('CartPole-v1'), { normalizeTime: true, flatten: false })
 *     env.reset({ seed: 1 }) // [{ obs, time: [0] }, {}]
 */
export class TimeAwareObservation<Act = unknown> extends ObservationWrapper<unknown, Act, unknown> {
  private timesteps = 0
  readonly #maxTimesteps: number
  readonly #normalizes: boolean
  readonly #joined: Space
  readonly #flattens: boolean
  readonly #add: (observation: unknown, time: Float32Array | Int32Array) => unknown

  /** @throws InvalidKwargs without a time limit, or where the key is taken */
  constructor(env: Env<unknown, Act>, options: TimeAwareOptions = {}) {
    super(env, options)
    checkKwargs('TimeAwareObservation', options, ['flatten', 'normalizeTime', 'dictTimeKey'])
    const { flatten: flattens = true, normalizeTime = false, dictTimeKey = 'time' } = options
    const limit = env.spec?.maxEpisodeSteps ?? limitInside(env)
    if (limit === null)
      throw new InvalidKwargs(`TimeAwareObservation needs a time limit, and ${env} has none; put a TimeLimit around it first`)
    this.#maxTimesteps = limit
    this.#normalizes = normalizeTime
    this.#flattens = flattens
    const time = normalizeTime ? new Box(0, 1) : new Box(0, limit, { dtype: 'int32' })
    const space = env.observationSpace as Space
    if (space instanceof Dict) {
      if (space.keys.includes(dictTimeKey))
        throw new InvalidKwargs(`observations have the key ${shown(dictTimeKey)} already; pass another dictTimeKey`)
      this.#joined = new Dict([[dictTimeKey, time], ...space.entries()], { sortKeys: space.sortKeys })
      this.#add = (observation, now) => ({ [dictTimeKey]: now, ...(observation as object) })
    } else if (space instanceof Tuple) {
      this.#joined = new Tuple([...space.spaces, time])
      this.#add = (observation, now) => [...(observation as unknown[]), now]
    } else {
      this.#joined = new Dict({ obs: space, time })
      this.#add = (observation, now) => ({ obs: observation, time: now })
    }
    this.observationSpace = flattens ? flattenSpace(this.#joined) : this.#joined
  }

  override reset(options?: ResetOptions): [observation: unknown, info: Info] {
    this.timesteps = 0
    return super.reset(options)
  }

  override step(action: Act): StepResult<unknown> {
    this.timesteps++
    return super.step(action)
  }

  override observation(observation: unknown): unknown {
    const time = this.#normalizes ? Float32Array.of(this.timesteps / this.#maxTimesteps) : Int32Array.of(this.timesteps)
    const joined = this.#add(observation, time)
    return this.#flattens ? flatten(this.#joined, joined) : joined
  }
}

function limitInside(env: Env): number | null {
  return env.hasWrapperAttr('maxEpisodeSteps') ? (env.getWrapperAttr('maxEpisodeSteps') as number) : null
}
