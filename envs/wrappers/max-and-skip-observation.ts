import type { Env, StepResult } from '../env.js'
import { InvalidSpace } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { emptyArray } from '../spaces/dtype.js'
import type { DtypeArray } from '../spaces/index.js'
import { sizeOf } from '../spaces/shape.js'
import { numbersFromState } from '../state.js'
import { Wrapper } from '../wrapper.js'
import { integerOption } from './options.js'

/**
 * Takes each action `skip` times, adds the rewards and gives the greater of the last two observations, number by number (games that
 * draw a sprite only every other frame). Where the episode ends before, what was there from the step before stays.
 *
 *     const env = new wrappers.MaxAndSkipObservation(make('CartPole-v1'), { skip: 4 })
 */
export class MaxAndSkipObservation<Obs extends DtypeArray = DtypeArray, Act = unknown> extends Wrapper<Obs, Act> {
  readonly #skip: number
  readonly #last: readonly [Obs, Obs]

  /** @throws InvalidKwargs, InvalidSpace for observations that are no arrays of numbers */
  constructor(env: Env<Obs, Act>, options: { skip?: number } = {}) {
    super(env, options)
    checkKwargs('MaxAndSkipObservation', options, ['skip'])
    this.#skip = integerOption('MaxAndSkipObservation', 'skip', options.skip ?? 4, 2)
    const { dtype, shape } = env.observationSpace
    if (dtype === null || shape === null || shape.length === 0)
      throw new InvalidSpace(`MaxAndSkipObservation needs observations that are arrays of numbers, got ${env.observationSpace}`)
    const size = sizeOf(shape)
    this.#last = [emptyArray(dtype, size) as Obs, emptyArray(dtype, size) as Obs]
  }

  override step(action: Act): StepResult<Obs> {
    let total = 0
    let result: StepResult<Obs>
    let i = 0
    do {
      result = this.env.step(action)
      if (i >= this.#skip - 2) this.#last[i - (this.#skip - 2)]!.set(result[0])
      total += result[1]
      i++
    } while (i < this.#skip && !result[2] && !result[3])
    const [first, second] = this.#last
    const greatest = first.slice() as Obs
    for (let k = 0; k < greatest.length; k++) greatest[k] = Math.max(first[k]!, second[k]!)
    return [greatest, total, result[2], result[3], result[4]]
  }

  protected override saveOwn(): Record<string, unknown> {
    return { first: Array.from(this.#last[0]), second: Array.from(this.#last[1]) }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    const read = (name: string) => numbersFromState(own, name, this.#last[0].length)
    const [first, second] = [read('first'), read('second')]
    this.#last[0].set(first)
    this.#last[1].set(second)
  }
}
