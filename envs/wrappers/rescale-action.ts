import type { Env } from '../env.js'
import { InvalidBound } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import type { DtypeArray } from '../spaces/index.js'
import { ActionWrapper } from '../wrapper.js'
import { boxOf } from './options.js'
import { type Bound, rescaleBox } from './rescale.js'

/**
 * Takes actions between other bounds and stretches them to those of the environment.
 *
 *     const env = new wrappers.RescaleAction(make('Pendulum-v1'), { minAction: -1, maxAction: 1 })
 */
export class RescaleAction<Obs = unknown, Act extends ArrayLike<number> = DtypeArray> extends ActionWrapper<Obs, Act, Act> {
  readonly #stretch: (action: ArrayLike<number>) => ArrayLike<number>

  /** @throws InvalidSpace for an action space that is no Box, InvalidBound */
  constructor(env: Env<Obs, Act>, options: { minAction: Bound; maxAction: Bound }) {
    super(env, options)
    checkKwargs('RescaleAction', options, ['minAction', 'maxAction'])
    const box = boxOf('RescaleAction', 'action', env.actionSpace)
    const { space, backward } = rescaleBox('RescaleAction', box, options.minAction, options.maxAction)
    if (space.low.some((low, i) => low === space.high[i]))
      throw new InvalidBound(
        'RescaleAction needs every minAction below its maxAction: what is pressed into one point cannot be stretched again',
      )
    this.actionSpace = space as unknown as Env<Obs, Act>['actionSpace']
    this.#stretch = backward
  }

  override action(action: Act): Act {
    return this.#stretch(action) as Act
  }
}
