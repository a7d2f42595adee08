import { checkResetOptions, type Info, type RenderFrame, type ResetOptions, type StepResult, Wrapper } from '../env.js'
import { ResetNeeded } from '../errors.js'

/** Refuses `step` and `render` before the first `reset`. */
export class OrderEnforcing<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  hasReset = false

  /** @throws InvalidKwargs for anything but an object of options */
  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    if (options !== undefined) checkResetOptions(options)
    const result = this.env.reset(options)
    this.hasReset = true
    return result
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
