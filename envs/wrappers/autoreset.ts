import { type Info, type ResetOptions, type StepResult, Wrapper } from '../env.js'

/** Resets by itself: the step after the end of an episode ignores its action and gives the first observation of the next, reward 0. */
export class Autoreset<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  private pending = false

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
