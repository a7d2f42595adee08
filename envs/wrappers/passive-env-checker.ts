import { checkFrame, checkReset, checkSpaces, checkStep, refuseNaN, sharesData } from '../api-rules.js'
import type { Env, Info, RenderFrame, ResetOptions, StepResult } from '../env.js'
import type { EnvSpec } from '../env-spec.js'
import { warn } from '../logger.js'
import { Wrapper } from '../wrapper.js'

/**
 * Looks at the first reset, the first two steps and the first render, warns of what is odd and throws what is broken; after that only
 * NaN is looked for. Changes nothing. `make` puts it around every environment unless told `disableEnvChecker`.
 *
 *     const env = new wrappers.PassiveEnvChecker(new CartPoleEnv())
 */
export class PassiveEnvChecker<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  #checkedReset = false
  #checkedSteps = 0
  #checkedRender = false
  #previous: { method: string; observation: unknown; info: unknown } | null = null

  /** @throws EnvError (ENVS_CHECK_FAILED) when the environment has no spaces */
  constructor(env: Env<Obs, Act>) {
    super(env)
    checkSpaces(env, warn)
  }

  protected override specAround(inner: EnvSpec): EnvSpec {
    return inner.with({ disableEnvChecker: false })
  }

  /** @throws NotANumber, and EnvError (ENVS_CHECK_FAILED) for a result of the wrong form */
  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    const result = this.env.reset(options)
    if (!this.#checkedReset) {
      this.#checkedReset = true
      checkReset(this.env, result, warn)
      this.#previous = { method: 'reset', observation: result[0], info: result[1] }
    }
    refuseNaN(this.env, 'reset', result[0])
    return result
  }

  /** @throws NotANumber, and EnvError (ENVS_CHECK_FAILED) for a result of the wrong form */
  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action)
    if (this.#checkedSteps < 2) this.#watch(result)
    refuseNaN(this.env, 'step', result[0], result[1])
    return result
  }

  #watch(result: StepResult<Obs>): void {
    if (this.#checkedSteps++ === 0) checkStep(this.env, result, warn)
    const previous = this.#previous
    for (const [name, before, after] of [
      ['observation', previous?.observation, result[0]],
      ['info', previous?.info, result[4]],
    ] as const) {
      if (sharesData(before, after)) {
        warn(`the ${name} of step() is the same object that ${previous!.method}() gave before; give a new one each time, callers keep them`)
      }
    }
    this.#previous = this.#checkedSteps < 2 ? { method: 'step', observation: result[0], info: result[4] } : null
  }

  override render(): RenderFrame | null {
    const frame = this.env.render()
    if (!this.#checkedRender) {
      this.#checkedRender = true
      checkFrame(this.env.renderMode, frame)
    }
    return frame
  }
}
