import { checkResetOptions, type Env, type Info, type RenderFrame, type ResetOptions, type StepResult } from '../env.js'
import type { EnvSpec } from '../env-spec.js'
import { ResetNeeded } from '../errors.js'
import { Wrapper } from '../wrapper.js'

/**
 * Refuses `step` and `render` before the first `reset`. `make` puts it around every environment.
 *
 *     const env = new wrappers.OrderEnforcing(new CartPoleEnv(), { disableRenderOrderEnforcing: true })
 */
export class OrderEnforcing<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  hasReset = false
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
    return result
  }

  /** @throws ResetNeeded */
  override step(action: Act): StepResult<Obs> {
    if (!this.hasReset) throw new ResetNeeded('cannot call env.step() before env.reset(); reset first')
    return this.env.step(action)
  }

  /** @throws ResetNeeded */
  override render(): RenderFrame | null {
    if (!this.hasReset && !this.#rendersEarly) throw new ResetNeeded('cannot call env.render() before env.reset(); reset first')
    return this.env.render()
  }
}
