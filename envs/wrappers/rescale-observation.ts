import type { Env } from '../env.js'
import { checkKwargs } from '../kwargs.js'
import type { DtypeArray } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'
import { boxOf } from './options.js'
import { type Bound, rescaleBox } from './rescale.js'

/**
 * Stretches observations to other bounds.
 *
 *     const env = new wrappers.RescaleObservation(make('MountainCar-v0'), { minObs: 0, maxObs: 1 })
 */
export class RescaleObservation<Obs extends ArrayLike<number> = DtypeArray, Act = unknown> extends ObservationWrapper<Obs, Act, Obs> {
  readonly #stretch: (observation: ArrayLike<number>) => ArrayLike<number>

  /** @throws InvalidSpace for an observation space that is no Box, InvalidBound */
  constructor(env: Env<Obs, Act>, options: { minObs: Bound; maxObs: Bound }) {
    super(env, options)
    checkKwargs('RescaleObservation', options, ['minObs', 'maxObs'])
    const box = boxOf('RescaleObservation', 'observation', env.observationSpace)
    const { space, forward } = rescaleBox('RescaleObservation', box, options.minObs, options.maxObs)
    this.observationSpace = space as unknown as Env<Obs, Act>['observationSpace']
    this.#stretch = forward
  }

  override observation(observation: Obs): Obs {
    return this.#stretch(observation) as Obs
  }
}
