import type { Env } from '../env.js'
import { InvalidKwargs } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { Box, type DtypeArray } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'
import { boxOf } from './options.js'

/**
 * Another shape of as many numbers. Arrays are flat here, so only the space changes.
 *
 *     const env = new wrappers.ReshapeObservation(make('CartPole-v1'), { shape: [2, 2] })
 */
export class ReshapeObservation<Obs = DtypeArray, Act = unknown> extends ObservationWrapper<Obs, Act, Obs> {
  /** @throws InvalidSpace for an observation space that is no Box, InvalidKwargs for a shape of another size */
  constructor(env: Env<Obs, Act>, options: { shape: readonly number[] }) {
    super(env, options)
    checkKwargs('ReshapeObservation', options, ['shape'])
    const { dtype, high, low } = boxOf('ReshapeObservation', 'observation', env.observationSpace)
    const { shape } = options
    const fits = Array.isArray(shape) && shape.every((side) => Number.isInteger(side) && side > 0)
    if (!fits || shape.reduce((product, side) => product * side, 1) !== low.length)
      throw new InvalidKwargs(`shape of ReshapeObservation must be a list of ${low.length} numbers in all, got ${shown(shape)}`)
    this.observationSpace = new Box(low, high, { shape, dtype }) as unknown as Env<Obs>['observationSpace']
  }

  override observation(observation: Obs): Obs {
    return observation
  }
}
