import type { Env, Info, ResetOptions } from '../env.js'
import { InvalidKwargs, InvalidProbability } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { ActionWrapper } from '../wrapper.js'

export interface StickyActionOptions {
  /** Within [0, 1). */
  repeatActionProbability: number
  /** For how many steps an action sticks: a number, or the least and the most; 1 unless told. */
  repeatActionDuration?: number | readonly [number, number]
}

/**
 * Now and then the environment gets the last action again instead of the new one (Machado et al., 2018). Draws from the environment's
 * own random stream.
 *
 *     const env = new wrappers.StickyAction(make('CartPole-v1'), { repeatActionProbability: 0.25 })
 */
export class StickyAction<Obs = unknown, Act = unknown> extends ActionWrapper<Obs, Act, Act> {
  private lastAction: Act | null = null
  private isSticking = false
  private numRepeats = 0
  private repeatsTaken = 0
  readonly #probability: number
  readonly #least: number
  readonly #most: number

  /** @throws InvalidProbability, InvalidKwargs */
  constructor(env: Env<Obs, Act>, options: StickyActionOptions) {
    super(env, options)
    checkKwargs('StickyAction', options, ['repeatActionProbability', 'repeatActionDuration'])
    const { repeatActionProbability: probability, repeatActionDuration: duration = 1 } = options
    if (!(probability >= 0 && probability < 1))
      throw new InvalidProbability(`repeatActionProbability of StickyAction must be in [0, 1), got ${shown(probability)}`)
    const [least, most] = typeof duration === 'number' ? [duration, duration] : duration
    if (!(Number.isInteger(least) && Number.isInteger(most) && least >= 1 && least <= most))
      throw new InvalidKwargs(`repeatActionDuration of StickyAction is a positive integer or [least, most], got ${shown(duration)}`)
    this.#probability = probability
    this.#least = least
    this.#most = most
  }

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    this.lastAction = null
    this.isSticking = false
    this.numRepeats = this.repeatsTaken = 0
    return this.env.reset(options)
  }

  override action(given: Act): Act {
    let action = given
    if (this.isSticking || (this.lastAction !== null && this.npRandom.uniform() < this.#probability)) {
      if (this.numRepeats === 0) this.numRepeats = this.npRandom.integers(this.#least, this.#most + 1)
      action = this.lastAction!
      this.isSticking = true
      this.repeatsTaken++
    }
    if (this.isSticking && this.numRepeats === this.repeatsTaken) {
      this.isSticking = false
      this.numRepeats = this.repeatsTaken = 0
    }
    // A caller may write its next action into the same array.
    this.lastAction = typeof action === 'object' ? structuredClone(action) : action
    return action
  }
}
