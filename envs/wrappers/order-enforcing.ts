import { type Info, type RenderFrame, type ResetOptions, type StepResult, Wrapper } from '../env.js'
import { ResetNeeded } from '../errors.js'

/** Refuses `step` and `render` before the first `reset`. */
export class OrderEnforcing<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  hasReset = false

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    this.hasReset = true
    return this.env.reset(options)
  }

  /** @throws ResetNeeded */
  override step(action: Act): StepResult<Obs> {
    if (!this.hasReset) throw new ResetNeeded('cannot call env.step() before env.reset(); reset first')
    return this.env.step(action)
  }

  /** @throws ResetNeeded */
  override render(): RenderFrame | null {
    if (!this.hasReset) throw new ResetNeeded('cannot call env.render() before env.reset(); reset first')
    return this.env.render()
  }
}
