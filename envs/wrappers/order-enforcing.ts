import { checkResetOptions, type Env, type Info, type RenderFrame, type ResetOptions, type StepResult } from '../env.js'
import type { EnvSpec } from '../env-spec.js'
import { ResetNeeded } from '../errors.js'
import { Wrapper } from '../wrapper.js'

/**
 * Refuses `step` and `render` before the first `reset`, and a step after the task has terminated, of which Gymnasium only says that it
 * means nothing. After a truncation, which is no end of the task, steps may go on. `make` puts it around every environment.
 *
 *     const env = new wrappers.OrderEnforcing(new CartPoleEnv(), { disableRenderOrderEnforcing: true })
 */
export class OrderEnforcing<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  hasReset = false
  hasTerminated = false
  readonly #rendersEarly: boolean

  /** @param options.disableRenderOrderEnforcing allows `render` before `reset` */
  constructor(env: Env<Obs, Act>, { disableRenderOrderEnforcing = false }: { disableRenderOrderEnforcing?: boolean } = {}) {
    super(env)
    this.#rendersEarly = disableRenderOrderEnforcing
  }

  protected override specAround(inner: EnvSpec): EnvSpec {
    return inner.with({ orderEnforce: true })
  }

  /** @throws InvalidKwargs for anything but an object of options */
  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    if (options !== undefined) checkResetOptions(options)
    const result = this.env.reset(options)
    this.hasReset = true
    this.hasTerminated = false
    return result
  }

  /** @throws ResetNeeded */
  override step(action: Act): StepResult<Obs> {
    if (!this.hasReset) throw new ResetNeeded('cannot call env.step() before env.reset(); reset first')
    if (this.hasTerminated)
      throw new ResetNeeded('cannot call env.step() after the episode has terminated; call env.reset() for the next one')
    const result = this.env.step(action)
    this.hasTerminated = result[2]
    return result
  }

  /** @throws ResetNeeded */
  override render(): RenderFrame | null {
    if (!this.hasReset && !this.#rendersEarly) throw new ResetNeeded('cannot call env.render() before env.reset(); reset first')
    return this.env.render()
  }
}
