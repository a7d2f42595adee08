import type { Env, StepResult } from '../env.js'
import { checkKwargs } from '../kwargs.js'
import { Wrapper } from '../wrapper.js'
import { integerOption } from './options.js'

/**
 * Takes each action several times, or until the episode ends; the rewards are added, the last observation is given.
 *
 *     const env = new wrappers.RepeatAction(make('CartPole-v1'), { numRepeats: 4 })
 */
export class RepeatAction<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  readonly #numRepeats: number

  /** @throws InvalidKwargs */
  constructor(env: Env<Obs, Act>, options: { numRepeats: number }) {
    super(env, options)
    checkKwargs('RepeatAction', options, ['numRepeats'])
    this.#numRepeats = integerOption('RepeatAction', 'numRepeats', options.numRepeats, 1)
  }

  override step(action: Act): StepResult<Obs> {
    let result = this.env.step(action)
    let total = result[1]
    for (let i = 1; i < this.#numRepeats && !result[2] && !result[3]; i++) {
      result = this.env.step(action)
      total += result[1]
    }
    return [result[0], total, result[2], result[3], result[4]]
  }
}
