/**
 * Many copies of one environment, stepped together. Everything `reset` and `step` give is one set of arrays, made once and written
 * again each time: valid until the next call, no allocation. With `copy: true` each call gives arrays of its own.
 *
 * Layout: observations row-major [N, dim], rewards [N], flags [N] as 0 or 1.
 *
 * After the end of an episode, by `autoresetMode`:
 * - 'next-step': the observation is the last of the episode; the step after ignores that environment's action and gives the first
 *   observation of the next episode, reward 0 and no flags (that step is no transition; leave it out of a loss).
 * - 'same-step': the observation is already the first of the next episode; `infos.finalObs` holds the last one of the old episode,
 *   in the rows where `infos._finalObs` is 1 (other rows hold what was there before).
 * - 'disabled': nothing resets; call `reset({ options: { resetMask } })` with 1 for the environments to reset.
 */
import { checkResetOptions, type EnvMetadata, type RenderFrame } from '../env.js'
import type { EnvSpec } from '../env-spec.js'
import { InvalidAction, InvalidKwargs, InvalidSpace, ResetNeeded, UnsupportedMode } from '../errors.js'
import { checkOptionsObject } from '../kwargs.js'
import { type Seed, seedPlus } from '../seeding.js'
import { shown } from '../shown.js'
import { emptyArray } from '../spaces/dtype.js'
import { batchSpace, type Dtype, type DtypeArray, type Space } from '../spaces/index.js'
import { invalidState, isSavedObject, loadOrRestore, numbersFromState } from '../state.js'
import { copyOfInfos } from './infos.js'

export const AUTORESET_MODES = ['next-step', 'same-step', 'disabled'] as const
export type AutoresetMode = (typeof AUTORESET_MODES)[number]

/** What one environment's info has under a key is an array over environments here, and `_key` says with 1 which of them have it. */
export type VectorInfos<Obs = DtypeArray> = { finalObs?: Obs; _finalObs?: Uint8Array; [key: string]: unknown }

/** A typing error fails here, and not after minutes in the allocator. */
const MAX_ENVS = 2 ** 24

/** @throws InvalidKwargs */
export function checkNumEnvs(numEnvs: number): void {
  if (Number.isInteger(numEnvs) && numEnvs >= 1 && numEnvs <= MAX_ENVS) return
  throw new InvalidKwargs(`numEnvs must be a positive integer up to ${MAX_ENVS}, got ${shown(numEnvs)}`)
}

/** How many numbers of what dtype an element has. @throws InvalidSpace where it is not one array of them */
export function numbersOf(space: Space<unknown>): { size: number; dtype: Dtype } {
  const { shape, dtype } = space
  if (shape === null || dtype === null)
    throw new InvalidSpace(`elements of ${space} are not one array of numbers; vector environments need such a space`)
  return { size: shape.reduce((product, side) => product * side, 1), dtype }
}

export type VectorStep<Obs> = [
  observations: Obs,
  rewards: Float64Array | Float32Array,
  terminated: Uint8Array,
  truncated: Uint8Array,
  infos: VectorInfos<Obs>,
]

/**
 * Where the observations are to be written instead of the environment's own buffer: `out[offset …]`, N × dim numbers. A collector keeps
 * one of these, sets `offset` before each step, and finds the observations in its own columns; the first element of the result is `out`.
 */
export interface ObservationTarget<Obs> {
  out: Obs
  /** In elements; 0 unless told. */
  offset?: number
}

export interface VectorResetOptions<Obs> extends Partial<ObservationTarget<Obs>> {
  /** Environment i gets seed + i, or its own of a list; null as no seed: the stream goes on. */
  seed?: Seed | null | readonly (Seed | null)[]
  /** For the environments' `reset`. `resetMask` (1 or true a row to reset) leaves the others as they are. */
  options?: Record<string, unknown> & { resetMask?: ArrayLike<number | boolean> }
}

/** What `makeVec` passes to a vector entry point. */
export interface VectorEnvKwargs {
  numEnvs: number
  autoresetMode: AutoresetMode
  copy: boolean
  maxEpisodeSteps: number | null
  renderMode: string | null
  [option: string]: unknown
}

/** All that `setState` needs. JSON-able if the members' own states are. */
export interface VectorEnvState {
  kind: string
  numEnvs: number
  own: Record<string, unknown>
}

export interface VectorEnvSettings {
  numEnvs: number
  singleObservationSpace: Space<unknown>
  singleActionSpace: Space<unknown>
  autoresetMode: AutoresetMode
  copy: boolean
  /** Float64Array unless the environment follows one of Gymnasium's with float32 rewards. */
  rewards?: Float64Array | Float32Array
  /** The arrays to be written, where they lie in a memory of the environment's; new ones unless told. */
  arrays?: VectorArrays
}

/** N of each; the last two only for 'same-step'. */
interface VectorArrays {
  observations: DtypeArray
  rewards: Float64Array | Float32Array
  terminated: Uint8Array
  truncated: Uint8Array
  ended: Uint8Array
  finalObs: DtypeArray
  finalMask: Uint8Array
}

export abstract class VectorEnv<Obs extends DtypeArray = Float32Array> {
  readonly numEnvs: number
  readonly singleObservationSpace: Space<unknown>
  readonly singleActionSpace: Space<unknown>
  readonly observationSpace: Space<unknown>
  readonly actionSpace: Space<unknown>
  readonly autoresetMode: AutoresetMode
  /** Whether each call gives arrays of its own. */
  readonly copy: boolean
  metadata: EnvMetadata = { renderModes: [] }
  renderMode: string | null = null
  spec: EnvSpec | null = null
  protected readonly observations: Obs
  protected readonly rewards: Float64Array | Float32Array
  protected readonly terminated: Uint8Array
  protected readonly truncated: Uint8Array
  protected readonly infos: VectorInfos<Obs>
  /** 1 where an episode has ended and no reset has happened yet. */
  protected readonly ended: Uint8Array
  /** Numbers in one observation and in one action. */
  protected readonly observationSize: number
  protected readonly actionSize: number
  #hasReset = false
  readonly #result: VectorStep<Obs>
  readonly #resetResult: [Obs, VectorInfos<Obs>]

  constructor({ numEnvs, singleObservationSpace, singleActionSpace, autoresetMode, copy, rewards, arrays }: VectorEnvSettings) {
    checkNumEnvs(numEnvs)
    if (!AUTORESET_MODES.includes(autoresetMode)) {
      throw new UnsupportedMode(`autoresetMode must be one of ${AUTORESET_MODES.join(', ')}, got ${String(autoresetMode)}`)
    }
    this.numEnvs = numEnvs
    this.singleObservationSpace = singleObservationSpace
    this.singleActionSpace = singleActionSpace
    this.observationSpace = batchSpace(singleObservationSpace, numEnvs)
    this.actionSpace = batchSpace(singleActionSpace, numEnvs)
    this.autoresetMode = autoresetMode
    this.copy = copy
    const [observation, action] = [numbersOf(singleObservationSpace), numbersOf(singleActionSpace)]
    this.observationSize = observation.size
    this.actionSize = action.size
    // Which array stores the dtype is known at run time only; `Obs` is what the caller of makeVec says it is.
    this.observations = (arrays?.observations ?? emptyArray(observation.dtype, numEnvs * this.observationSize)) as Obs
    this.rewards = arrays?.rewards ?? rewards ?? new Float64Array(numEnvs)
    this.terminated = arrays?.terminated ?? new Uint8Array(numEnvs)
    this.truncated = arrays?.truncated ?? new Uint8Array(numEnvs)
    this.ended = arrays?.ended ?? new Uint8Array(numEnvs)
    this.infos = {}
    if (autoresetMode === 'same-step') {
      this.infos.finalObs = (arrays?.finalObs ?? emptyArray(observation.dtype, numEnvs * this.observationSize)) as Obs
      this.infos._finalObs = arrays?.finalMask ?? new Uint8Array(numEnvs)
    }
    this.#result = [this.observations, this.rewards, this.terminated, this.truncated, this.infos]
    this.#resetResult = [this.observations, this.infos]
  }

  /** Resets all environments, or those of `options.resetMask`. @throws InvalidKwargs for seeds, masks or targets of the wrong length */
  reset(given: VectorResetOptions<Obs> = {}): [observations: Obs, infos: VectorInfos<Obs>] {
    checkResetOptions(given)
    const { seed, out, offset = 0 } = given
    const options = given.options ?? {}
    checkOptionsObject('options of reset', options)
    const seeds = this.#seeds(seed)
    const mask = this.#mask(options.resetMask)
    const target = this.#target(out, offset)
    this.resetAll(seeds, mask, options, target, offset)
    for (let i = 0; i < this.numEnvs; i++) if (!mask || mask[i] === 1) this.terminated[i] = this.truncated[i] = this.ended[i] = 0
    this.#hasReset = true
    if (this.copy) return [target.slice() as Obs, copyOfInfos(this.infos)]
    this.#resetResult[0] = target
    return this.#resetResult
  }

  /**
   * Steps all environments. Actions: N numbers (or N rows, where an action has several), in any array of numbers.
   *
   * @throws ResetNeeded before the first reset, or with 'disabled' for an environment whose episode has ended
   * @throws InvalidAction for a wrong length or an action outside the space; then nothing has moved
   */
  step(actions: ArrayLike<number>, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    if (!this.#hasReset) throw new ResetNeeded('cannot call envs.step() before envs.reset(); reset first')
    if (actions?.length !== this.numEnvs * this.actionSize) {
      throw new InvalidAction(
        `${this.numEnvs} environments need ${this.numEnvs * this.actionSize} numbers as actions, got ${actions?.length ?? shown(actions)}`,
      )
    }
    if (this.autoresetMode === 'disabled') this.#refuseEnded()
    const offset = target?.offset ?? 0
    const out = this.#target(target?.out, offset)
    this.stepAll(actions, out, offset)
    if (this.copy)
      return [out.slice() as Obs, this.rewards.slice(), this.terminated.slice(), this.truncated.slice(), copyOfInfos(this.infos)]
    this.#result[0] = out
    return this.#result
  }

  /** A frame of each environment, null without a render mode. */
  render(): RenderFrame[] | null {
    return null
  }

  close(): void {}

  /** Everything a later `setState` needs to go on exactly from here, the environments' random streams included. */
  getState(): VectorEnvState {
    return {
      kind: this.constructor.name,
      numEnvs: this.numEnvs,
      own: {
        ...this.saveOwn(),
        hasReset: this.#hasReset,
        observations: Array.from(this.observations),
        ended: Array.from(this.ended),
      },
    }
  }

  /**
   * Goes on exactly where `getState` was called.
   *
   * @throws EnvError (ENVS_INVALID_STATE) when the state is broken, or of another kind or number of environments; then nothing has changed
   */
  setState(state: VectorEnvState): void {
    const { kind, numEnvs, own } = (state ?? {}) as Partial<VectorEnvState>
    if (kind !== this.constructor.name || numEnvs !== this.numEnvs || !isSavedObject(own)) {
      throw invalidState(
        `not a state of ${this.numEnvs} environments of ${this.constructor.name}, but of ${shown(numEnvs)} of ${shown(kind)}; make them as they were made then`,
      )
    }
    const before = this.saveOwn()
    const observations = numbersFromState(own, 'observations', this.observations.length)
    const ended = numbersFromState(own, 'ended', this.numEnvs)
    if (typeof own.hasReset !== 'boolean') throw invalidState(`hasReset of a saved state is true or false, got ${shown(own.hasReset)}`)
    if (!ended.every((flag) => flag === 0 || flag === 1)) throw invalidState(`ended of a saved state holds 0 and 1, got ${shown(ended)}`)
    loadOrRestore(
      () => this.loadOwn(own),
      () => this.loadOwn(before),
    )
    this.#hasReset = own.hasReset
    this.observations.set(observations)
    this.ended.set(ended)
  }

  /**
   * Resets environment i for each i whose mask is 1 (all, without a mask) and writes all N observations from `out[offset]`;
   * a seed of undefined lets the stream go on.
   */
  protected abstract resetAll(
    seeds: readonly (Seed | undefined)[],
    mask: ArrayLike<number> | null,
    options: Record<string, unknown>,
    out: Obs,
    offset: number,
  ): void

  /** Steps all, writes observations from `out[offset]`, and fills rewards, flags, `ended` and infos. */
  protected abstract stepAll(actions: ArrayLike<number>, out: Obs, offset: number): void

  protected abstract saveOwn(): Record<string, unknown>
  protected abstract loadOwn(own: Record<string, unknown>): void

  #seeds(seed: VectorResetOptions<Obs>['seed']): (Seed | undefined)[] {
    if (typeof seed === 'object' && seed !== null) {
      if (seed.length !== this.numEnvs)
        throw new InvalidKwargs(`${this.numEnvs} environments need as many seeds, got ${seed.length ?? shown(seed)}`)
      return Array.from(seed, (own) => (own === null || own === undefined ? undefined : seedPlus(own, 0)))
    }
    return Array.from({ length: this.numEnvs }, (_, i) => (seed === undefined || seed === null ? undefined : seedPlus(seed, i)))
  }

  #mask(given: ArrayLike<number | boolean> | undefined): Uint8Array | null {
    if (given === undefined || given === null) return null
    if (given.length !== this.numEnvs)
      throw new InvalidKwargs(`resetMask needs ${this.numEnvs} values, got ${given.length ?? shown(given)}`)
    if (!this.#hasReset) throw new ResetNeeded('resetMask leaves environments as they are, but none was reset yet; reset all first')
    return Uint8Array.from(given, (value, i) => {
      if (value === 1 || value === true) return 1
      if (value === 0 || value === false) return 0
      throw new InvalidKwargs(
        `resetMask holds 1 or true for an environment to reset and 0 or false for others, got ${shown(value)} for environment ${i}`,
      )
    })
  }

  #target(out: Obs | undefined, offset: number): Obs {
    const own = this.observations
    if (out === undefined && offset === 0) return own
    if (out?.constructor !== own.constructor || !Number.isInteger(offset) || offset < 0 || out.length < offset + own.length) {
      const given = out?.constructor === own.constructor ? `one of ${out.length}` : shown(out)
      throw new InvalidKwargs(
        `observations are written to a ${own.constructor.name} out, ${own.length} numbers from a whole offset; got ${given} and offset ${shown(offset)}`,
      )
    }
    return out
  }

  #refuseEnded(): void {
    const at = this.ended.indexOf(1)
    if (at >= 0)
      throw new ResetNeeded(`environment ${at} has ended its episode; reset it with reset({ options: { resetMask } }) before the next step`)
  }

  toString(): string {
    return `${this.constructor.name}(${this.spec ? `${this.spec.id}, ` : ''}numEnvs=${this.numEnvs})`
  }
}
