import type { Env, Info, ResetOptions, StepResult } from '../env.js'
import type { EnvSpec } from '../env-spec.js'
import { InvalidKwargs } from '../errors.js'
import { shown } from '../shown.js'
import { Wrapper } from '../wrapper.js'

/**
 * Truncates an episode after a number of steps. That is not a termination: the task did not end, so a learner must still count the
 * value of the state in which it was cut off. `make` puts it around every environment that has a limit.
 *
 *     const env = new wrappers.TimeLimit(new CartPoleEnv(), 200)
 */
export class TimeLimit<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  private elapsedSteps = 0
  readonly #maxEpisodeSteps: number

  /** @throws InvalidKwargs when the limit is not a positive integer */
  constructor(env: Env<Obs, Act>, maxEpisodeSteps: number) {
    super(env)
    if (!Number.isInteger(maxEpisodeSteps) || maxEpisodeSteps <= 0) {
      throw new InvalidKwargs(`maxEpisodeSteps must be a positive integer, got ${shown(maxEpisodeSteps)}`)
    }
    this.#maxEpisodeSteps = maxEpisodeSteps
  }

  get maxEpisodeSteps(): number {
    return this.#maxEpisodeSteps
  }

  protected override specAround(inner: EnvSpec): EnvSpec {
    return inner.with({ maxEpisodeSteps: this.#maxEpisodeSteps })
  }

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    this.elapsedSteps = 0
    return this.env.reset(options)
  }

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action)
    if (++this.elapsedSteps >= this.#maxEpisodeSteps) result[3] = true
    return result
  }
}
