/** Changes of the actions of several environments: by a function of the batch, or by a wrapper for single environments. */
import { checkKwargs } from '../../kwargs.js'
import { createEmptyArray, putElement, type Space } from '../../spaces/index.js'
import { elementReader } from '../../vector/batches.js'
import type { VectorEnv } from '../../vector/vector-env.js'
import type { VectorActions } from '../../vector/vector-types.js'
import { VectorActionWrapper } from '../../vector/vector-wrapper.js'
import type { ActionWrapper } from '../../wrapper.js'
import { ClipAction as SingleClip } from '../clip-action.js'
import { functionOption } from '../options.js'
import type { Bound } from '../rescale.js'
import { RescaleAction as SingleRescale } from '../rescale-action.js'
import { SpacesOnly } from './transform-observation.js'

export interface VectorTransformActionOptions {
  func: (actions: never) => VectorActions
  singleActionSpace?: Space
  actionSpace?: Space
}

/**
 * Applies a function to the batch of actions before the environments get it.
 *
 *     const envs = new wrappers.vector.TransformAction(makeVec('CartPole-v1'), { func: (actions) => actions.map((a) => 1 - a) })
 */
export class TransformAction<Obs = Float32Array> extends VectorActionWrapper<Obs> {
  readonly #func: (actions: VectorActions) => VectorActions

  /** @throws InvalidKwargs */
  constructor(env: VectorEnv<Obs>, options: VectorTransformActionOptions) {
    checkKwargs('TransformAction', options, ['func', 'singleActionSpace', 'actionSpace'])
    const { func, ...changed } = options
    super(env, changed)
    this.#func = functionOption('TransformAction', 'func', func) as (actions: unknown) => VectorActions
  }

  override mapActions(actions: VectorActions): VectorActions {
    return this.#func(actions)
  }
}

/**
 * Applies a wrapper for single environments to each row of actions.
 *
 *     const envs = new wrappers.vector.VectorizeTransformAction(makeVec('Pendulum-v1'), wrappers.RescaleAction, { minAction: -1, maxAction: 1 })
 */
export class VectorizeTransformAction<Obs = Float32Array, O = object> extends VectorActionWrapper<Obs> {
  readonly #wrapper: ActionWrapper
  readonly #read: (batch: unknown, i: number) => unknown
  readonly #out: VectorActions

  /** @throws what the wrapper throws */
  constructor(env: VectorEnv<Obs>, Wrapper: new (env: never, options: O) => ActionWrapper<never, never, never>, options: O) {
    const single = new SpacesOnly(env.singleObservationSpace, env.singleActionSpace)
    const wrapper = new Wrapper(single as never, options) as unknown as ActionWrapper
    super(env, { singleActionSpace: wrapper.actionSpace as Space })
    this.#wrapper = wrapper
    this.#read = elementReader(wrapper.actionSpace as Space)
    this.#out = createEmptyArray(env.singleActionSpace, env.numEnvs) as VectorActions
  }

  override mapActions(actions: VectorActions): VectorActions {
    for (let i = 0; i < this.numEnvs; i++) {
      putElement(this.env.singleActionSpace, this.#wrapper.action(this.#read(actions, i)), this.#out, i)
    }
    return this.#out
  }
}

/** `wrappers.ClipAction` for several environments. */
export class ClipAction<Obs = Float32Array> extends VectorizeTransformAction<Obs> {
  constructor(env: VectorEnv<Obs>) {
    super(env, SingleClip as never, {})
  }
}

/** `wrappers.RescaleAction` for several environments. */
export class RescaleAction<Obs = Float32Array> extends VectorizeTransformAction<Obs, { minAction: Bound; maxAction: Bound }> {
  constructor(env: VectorEnv<Obs>, options: { minAction: Bound; maxAction: Bound }) {
    super(env, SingleRescale as never, options)
  }
}
