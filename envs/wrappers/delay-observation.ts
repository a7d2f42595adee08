import type { Env, Info, ResetOptions } from '../env.js'
import { checkKwargs } from '../kwargs.js'
import { createZeros, type Space } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'
import { integerOption } from './options.js'

/**
 * Observations arrive some steps late; before the first, zeros.
 *
 *     const env = new wrappers.DelayObservation(make('CartPole-v1'), { delay: 2 })
 */
export class DelayObservation<Obs = unknown, Act = unknown> extends ObservationWrapper<Obs, Act, Obs> {
  private queue: Obs[] = []
  readonly #delay: number

  /** @throws InvalidKwargs */
  constructor(env: Env<Obs, Act>, options: { delay: number }) {
    super(env, options)
    checkKwargs('DelayObservation', options, ['delay'])
    this.#delay = integerOption('DelayObservation', 'delay', options.delay, 0)
  }

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    this.queue = []
    return super.reset(options)
  }

  override observation(observation: Obs): Obs {
    this.queue.push(observation)
    return this.queue.length > this.#delay ? this.queue.shift()! : (createZeros(this.observationSpace as Space) as Obs)
  }
}
