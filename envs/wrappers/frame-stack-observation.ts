import type { Env, Info, ResetOptions, StepResult } from '../env.js'
import { InvalidKwargs } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { batchSpace, concatenate, createEmptyArray, createZeros, type Space } from '../spaces/index.js'
import { Wrapper } from '../wrapper.js'
import { integerOption } from './options.js'

export interface FrameStackOptions {
  stackSize: number
  /** What stands before the first observation: that one ('reset', unless told), zeros ('zero'), or an observation. */
  paddingType?: unknown
}

/**
 * The last observations together, oldest first.
 *
 *     const env = new wrappers.FrameStackObservation(make('CartPole-v1'), { stackSize: 4 })
 *     env.observationSpace.shape // [4, 4]
 */
export class FrameStackObservation<Obs = unknown, Act = unknown, InnerObs = unknown> extends Wrapper<Obs, Act, InnerObs, Act> {
  private queue: InnerObs[]
  readonly #size: number
  /** Null where the first observation is repeated. */
  readonly #padding: InnerObs | null

  /** @throws InvalidKwargs */
  constructor(env: Env<InnerObs, Act>, options: FrameStackOptions) {
    super(env, options)
    checkKwargs('FrameStackObservation', options, ['stackSize', 'paddingType'])
    this.#size = integerOption('FrameStackObservation', 'stackSize', options.stackSize, 1)
    const { paddingType = 'reset' } = options
    const space = env.observationSpace as Space
    const zeros = createZeros(space) as InnerObs
    if (paddingType === 'reset') this.#padding = null
    else if (paddingType === 'zero') this.#padding = zeros
    else if (space.contains(paddingType)) this.#padding = paddingType as InnerObs
    else
      throw new InvalidKwargs(
        `paddingType of FrameStackObservation is 'reset', 'zero' or an element of ${space}, got ${shown(paddingType)}`,
      )
    this.observationSpace = batchSpace(space, this.#size) as Space<Obs>
    this.queue = new Array<InnerObs>(this.#size).fill(this.#padding ?? zeros)
  }

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    const [observation, info] = this.env.reset(options)
    this.queue.fill(this.#padding ?? observation)
    this.queue[this.#size - 1] = observation
    return [this.#stacked(), info]
  }

  override step(action: Act): StepResult<Obs> {
    const [observation, reward, terminated, truncated, info] = this.env.step(action)
    this.queue.shift()
    this.queue.push(observation)
    return [this.#stacked(), reward, terminated, truncated, info]
  }

  #stacked(): Obs {
    const space = this.env.observationSpace as Space
    return concatenate(space, this.queue, createEmptyArray(space, this.#size)) as Obs
  }
}
