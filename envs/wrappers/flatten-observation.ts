import type { Env } from '../env.js'
import { type DtypeArray, flatten, flattenSpace, type Space } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'

/**
 * Observations as one flat array, as `spaces.flatten` makes it (Discrete becomes a one-hot, a Dict its parts one after the other).
 *
 *     const env = new wrappers.FlattenObservation(make('Taxi-v4'))
 */
export class FlattenObservation<Act = unknown> extends ObservationWrapper<DtypeArray, Act, unknown> {
  /** @throws InvalidSpace for observations of no fixed size */
  constructor(env: Env<unknown, Act>) {
    super(env, {})
    this.observationSpace = flattenSpace(env.observationSpace as Space) as Space<DtypeArray>
  }

  override observation(observation: unknown): DtypeArray {
    return flatten(this.env.observationSpace as Space, observation) as DtypeArray
  }
}
