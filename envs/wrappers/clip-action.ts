import type { Env } from '../env.js'
import { emptyArray } from '../spaces/dtype.js'
import { Box, type DtypeArray } from '../spaces/index.js'
import { ActionWrapper } from '../wrapper.js'
import { boxOf } from './options.js'
import { clipped } from './transform-reward.js'

/**
 * Clips actions to the bounds of the environment's action space; its own space has none.
 *
 *     const env = new wrappers.ClipAction(make('Pendulum-v1'))
 *     env.reset({ seed: 1 })
 *     env.step(Float32Array.of(5)) // as 2
 */
export class ClipAction<Obs = unknown, Act extends ArrayLike<number> = DtypeArray> extends ActionWrapper<Obs, Act, Act> {
  readonly #inner: Box

  /** @throws InvalidSpace for an action space that is no Box */
  constructor(env: Env<Obs, Act>) {
    super(env, {})
    this.#inner = boxOf('ClipAction', 'action', env.actionSpace)
    const { dtype, shape } = this.#inner
    this.actionSpace = new Box(-Infinity, Infinity, { shape, dtype }) as unknown as Env<Obs, Act>['actionSpace']
  }

  override action(action: Act): Act {
    const { dtype, high, low } = this.#inner
    const within = emptyArray(dtype, low.length)
    for (let i = 0; i < low.length; i++) within[i] = clipped(action[i]!, low[i]!, high[i]!)
    return within as unknown as Act
  }
}
