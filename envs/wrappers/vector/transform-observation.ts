/** Changes of the observations of several environments: by a function of the batch, or by a wrapper for single environments. */
import { Env, type Info, type StepResult } from '../../env.js'
import { EnvError } from '../../errors.js'
import { checkKwargs } from '../../kwargs.js'
import { createEmptyArray, Discrete, type Dtype, putElement, type Space } from '../../spaces/index.js'
import { elementReader } from '../../vector/batches.js'
import type { VectorEnv } from '../../vector/vector-env.js'
import type { VectorInfos } from '../../vector/vector-types.js'
import { VectorObservationWrapper } from '../../vector/vector-wrapper.js'
import type { ObservationWrapper } from '../../wrapper.js'
import { DtypeObservation as SingleDtype } from '../dtype-observation.js'
import { FilterObservation as SingleFilter } from '../filter-observation.js'
import { FlattenObservation as SingleFlatten } from '../flatten-observation.js'
import { GrayscaleObservation as SingleGrayscale } from '../grayscale-observation.js'
import { functionOption } from '../options.js'
import type { Bound } from '../rescale.js'
import { RescaleObservation as SingleRescale } from '../rescale-observation.js'
import { ReshapeObservation as SingleReshape } from '../reshape-observation.js'
import { ResizeObservation as SingleResize } from '../resize-observation.js'

export interface VectorTransformObservationOptions {
  func: (observations: never) => unknown
  singleObservationSpace?: Space
  observationSpace?: Space
}

/**
 * Applies a function to the batch of observations.
 *
 *     const envs = new wrappers.vector.TransformObservation(makeVec('CartPole-v1', { numEnvs: 3 }), {
 *       func: (observations) => observations.map((x) => 2 * x),
 *       singleObservationSpace: new spaces.Box(-Infinity, Infinity, { shape: [4] }),
 *     })
 */
export class TransformObservation<Obs = unknown, InnerObs = unknown> extends VectorObservationWrapper<Obs, InnerObs> {
  readonly #func: (observations: InnerObs) => Obs

  /** @throws InvalidKwargs, UnsupportedMode with 'same-step' */
  constructor(env: VectorEnv<InnerObs>, options: VectorTransformObservationOptions) {
    checkKwargs('TransformObservation', options, ['func', 'singleObservationSpace', 'observationSpace'])
    const { func, ...changed } = options
    super(env, changed)
    this.#func = functionOption('TransformObservation', 'func', func) as (observations: unknown) => Obs
  }

  override mapObservations(observations: InnerObs): Obs {
    return this.#func(observations)
  }
}

/** Only the space of an environment, for a wrapper that asks no more of it. */
export class SpacesOnly extends Env {
  constructor(
    override readonly observationSpace: Space,
    override readonly actionSpace: Space = new Discrete(1),
  ) {
    super()
  }

  override reset(): [unknown, Info] {
    throw new EnvError('ENVS_UNSUPPORTED_MODE', 'a wrapper that resets or steps its environment cannot be vectorized by its function alone')
  }

  override step(): StepResult<unknown> {
    throw new EnvError('ENVS_UNSUPPORTED_MODE', 'a wrapper that resets or steps its environment cannot be vectorized by its function alone')
  }
}

type SingleWrapper<O> = new (env: never, options: O) => ObservationWrapper<never, never, never>

/**
 * Applies a wrapper for single environments to each row of observations, and to final observations too.
 *
 *     const envs = new wrappers.vector.VectorizeTransformObservation(makeVec('CartPole-v1'), wrappers.ReshapeObservation, { shape: [2, 2] })
 */
export class VectorizeTransformObservation<Obs = unknown, O = object> extends VectorObservationWrapper<Obs, unknown> {
  readonly #wrapper: ObservationWrapper
  readonly #read: (batch: unknown, i: number) => unknown
  readonly #out: Obs
  readonly #finalOut: Obs | null

  /** @throws what the wrapper throws */
  constructor(env: VectorEnv<unknown>, Wrapper: SingleWrapper<O>, options: O) {
    const wrapper = new Wrapper(new SpacesOnly(env.singleObservationSpace) as never, options) as unknown as ObservationWrapper
    super(env, { singleObservationSpace: wrapper.observationSpace }, 'final observations too')
    this.#wrapper = wrapper
    this.#read = elementReader(env.singleObservationSpace)
    const batch = () => createEmptyArray(wrapper.observationSpace as Space, env.numEnvs) as Obs
    this.#out = batch()
    this.#finalOut = env.autoresetMode === 'same-step' ? batch() : null
  }

  override mapObservations(observations: unknown): Obs {
    for (let i = 0; i < this.numEnvs; i++) this.#put(observations, this.#out, i)
    return this.#out
  }

  #put(from: unknown, to: Obs, i: number): void {
    putElement(this.singleObservationSpace as Space, this.#wrapper.observation(this.#read(from, i)), to, i)
  }

  readonly #infos: VectorInfos<Obs> = {}

  /** The infos are those of the inside, which are written again each step; only the final observations are others. */
  protected override mapInfos(infos: VectorInfos<unknown>): VectorInfos<Obs> {
    const final = this.#finalOut
    if (final === null || infos._finalObs === undefined) return infos as VectorInfos<Obs>
    for (let i = 0; i < this.numEnvs; i++) if (infos._finalObs[i] === 1) this.#put(infos.finalObs, final, i)
    return Object.assign(this.copy ? {} : this.#infos, infos, { finalObs: this.copy ? structuredClone(final) : final }) as VectorInfos<Obs>
  }
}

/** `wrappers.FilterObservation` for several environments. */
export class FilterObservation extends VectorizeTransformObservation<unknown, { filterKeys: readonly (string | number)[] }> {
  constructor(env: VectorEnv<unknown>, options: { filterKeys: readonly (string | number)[] }) {
    super(env, SingleFilter as never, options)
  }
}

/** `wrappers.FlattenObservation` for several environments. */
export class FlattenObservation<Obs = Float32Array> extends VectorizeTransformObservation<Obs> {
  constructor(env: VectorEnv<unknown>) {
    super(env, SingleFlatten as never, {})
  }
}

/** `wrappers.GrayscaleObservation` for several environments. */
export class GrayscaleObservation extends VectorizeTransformObservation<Uint8Array, { keepDim?: boolean }> {
  constructor(env: VectorEnv<unknown>, options: { keepDim?: boolean } = {}) {
    super(env, SingleGrayscale as never, options)
  }
}

/** `wrappers.ResizeObservation` for several environments. */
export class ResizeObservation extends VectorizeTransformObservation<Uint8Array, { shape: readonly [number, number] }> {
  constructor(env: VectorEnv<unknown>, options: { shape: readonly [number, number] }) {
    super(env, SingleResize as never, options)
  }
}

/** `wrappers.ReshapeObservation` for several environments. */
export class ReshapeObservation<Obs = Float32Array> extends VectorizeTransformObservation<Obs, { shape: readonly number[] }> {
  constructor(env: VectorEnv<unknown>, options: { shape: readonly number[] }) {
    super(env, SingleReshape as never, options)
  }
}

/** `wrappers.RescaleObservation` for several environments. */
export class RescaleObservation<Obs = Float32Array> extends VectorizeTransformObservation<Obs, { minObs: Bound; maxObs: Bound }> {
  constructor(env: VectorEnv<unknown>, options: { minObs: Bound; maxObs: Bound }) {
    super(env, SingleRescale as never, options)
  }
}

/** `wrappers.DtypeObservation` for several environments. */
export class DtypeObservation<Obs = Float64Array> extends VectorizeTransformObservation<Obs, { dtype: Dtype }> {
  constructor(env: VectorEnv<unknown>, options: { dtype: Dtype }) {
    super(env, SingleDtype as never, options)
  }
}
