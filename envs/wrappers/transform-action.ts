import type { Env } from '../env.js'
import { checkKwargs } from '../kwargs.js'
import type { Space } from '../spaces/index.js'
import { ActionWrapper } from '../wrapper.js'
import { functionOption } from './options.js'

export interface TransformActionOptions<Act, InnerAct> {
  func: (action: Act) => InnerAct
  /** The space of what `func` takes; that of the environment unless told. */
  actionSpace?: Space<Act> | null
}

/**
 * Applies a function to every action before the environment gets it.
 *
 *     const env = new wrappers.TransformAction(make('CartPole-v1'), { func: (action: number) => 1 - action })
 */
export class TransformAction<Obs = unknown, Act = unknown, InnerAct = unknown> extends ActionWrapper<Obs, Act, InnerAct> {
  readonly #func: (action: Act) => InnerAct

  /** @throws InvalidKwargs */
  constructor(env: Env<Obs, InnerAct>, options: TransformActionOptions<Act, InnerAct>) {
    super(env, options)
    checkKwargs('TransformAction', options, ['func', 'actionSpace'])
    this.#func = functionOption('TransformAction', 'func', options.func)
    if (options.actionSpace) this.actionSpace = options.actionSpace
  }

  override action(action: Act): InnerAct {
    return this.#func(action)
  }
}
