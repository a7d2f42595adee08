import type { Env } from '../env.js'
import { checkKwargs } from '../kwargs.js'
import type { Space } from '../spaces/index.js'
import { ObservationWrapper } from '../wrapper.js'
import { functionOption } from './options.js'

export interface TransformObservationOptions<Obs, InnerObs> {
  func: (observation: InnerObs) => Obs
  /** The space of what `func` gives; that of the environment unless told. */
  observationSpace?: Space<Obs> | null
}

/**
 * Applies a function to every observation.
 *
 *     const env = new wrappers.TransformObservation(make('CartPole-v1'), {
 *       func: (observation) => observation.map((x) => 2 * x),
 *       observationSpace: new spaces.Box(-Infinity, Infinity, { shape: [4] }),
 *     })
 */
export class TransformObservation<Obs = unknown, Act = unknown, InnerObs = unknown> extends ObservationWrapper<Obs, Act, InnerObs> {
  readonly #func: (observation: InnerObs) => Obs

  /** @throws InvalidKwargs */
  constructor(env: Env<InnerObs, Act>, options: TransformObservationOptions<Obs, InnerObs>) {
    super(env, options)
    checkKwargs('TransformObservation', options, ['func', 'observationSpace'])
    this.#func = functionOption('TransformObservation', 'func', options.func)
    if (options.observationSpace) this.observationSpace = options.observationSpace
  }

  override observation(observation: InnerObs): Obs {
    return this.#func(observation)
  }
}
