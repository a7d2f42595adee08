import type { Env, Info, ResetOptions, StepResult } from '../env.js'
import { Wrapper } from '../wrapper.js'

/**
 * Resets by itself: the step after the end of an episode ignores its action and gives the first observation of the next, reward 0.
 *
 *     const env = new wrappers.Autoreset(make('CartPole-v1'))
 *     env.reset({ seed: 1 })
 *     for (let t = 0; t < 1000; t++) env.step(env.actionSpace.sample())
 */
export class Autoreset<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  private pending = false

  constructor(env: Env<Obs, Act>) {
    super(env, {})
  }

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    this.pending = false
    return this.env.reset(options)
  }

  override step(action: Act): StepResult<Obs> {
    if (this.pending) {
      const [observation, info] = this.reset()
      return [observation, 0, false, false, info]
    }
    const result = this.env.step(action)
    this.pending = result[2] || result[3]
    return result
  }
}
