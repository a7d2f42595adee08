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
import { InvalidAction, InvalidKwargs, ResetNeeded, UnsupportedMode } from '../errors.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { batchSpace, createEmptyArray, type Space } from '../spaces/index.js'
import { sizeOf } from '../spaces/shape.js'
import { invalidState, isSavedObject, loadOrRestore, numbersFromState } from '../state.js'
import { memberMask, memberSeeds, targetFor } from './arguments.js'
import { detached, isArraySpace, loadBatch, plainBatch } from './batches.js'
import type {
  ObservationTarget,
  VectorActions,
  VectorEnvSettings,
  VectorEnvState,
  VectorInfos,
  VectorResetOptions,
  VectorStep,
} from './vector-types.js'

export const AUTORESET_MODES = ['next-step', 'same-step', 'disabled'] as const
export type AutoresetMode = (typeof AUTORESET_MODES)[number]

/** A typing error fails here, and not after minutes in the allocator. */
const MAX_ENVS = 2 ** 24

/** @throws InvalidKwargs */
export function checkNumEnvs(numEnvs: number): void {
  if (Number.isInteger(numEnvs) && numEnvs >= 1 && numEnvs <= MAX_ENVS) return
  throw new InvalidKwargs(`numEnvs must be a positive integer up to ${MAX_ENVS}, got ${shown(numEnvs)}`)
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

export abstract class VectorEnv<Obs = Float32Array> {
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
  /**
   * Whether Gymnasium's class keeps the columns of observations together, so that NumPy sums them in pairs instead of row by row; only the
   * last digit of normalised observations feels it.
   */
  columnMajor = false
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

  constructor(settings: VectorEnvSettings) {
    const { numEnvs, singleObservationSpace, singleActionSpace, autoresetMode, copy, rewards, arrays } = settings
    checkNumEnvs(numEnvs)
    if (!AUTORESET_MODES.includes(autoresetMode)) {
      throw new UnsupportedMode(`autoresetMode must be one of ${AUTORESET_MODES.join(', ')}, got ${String(autoresetMode)}`)
    }
    this.numEnvs = numEnvs
    this.singleObservationSpace = singleObservationSpace
    this.singleActionSpace = singleActionSpace
    this.observationSpace = settings.observationSpace ?? batchSpace(singleObservationSpace, numEnvs)
    this.actionSpace = settings.actionSpace ?? batchSpace(singleActionSpace, numEnvs)
    this.autoresetMode = autoresetMode
    this.copy = copy
    this.observationSize = sizeOf(singleObservationSpace.shape ?? [])
    this.actionSize = sizeOf(singleActionSpace.shape ?? [])
    // Which arrays store a space is known at run time only; `Obs` is what the caller of makeVec says it is.
    const emptyBatch = () => createEmptyArray(singleObservationSpace, numEnvs) as Obs
    this.observations = (arrays?.observations as Obs | undefined) ?? emptyBatch()
    this.rewards = arrays?.rewards ?? rewards ?? new Float64Array(numEnvs)
    this.terminated = arrays?.terminated ?? new Uint8Array(numEnvs)
    this.truncated = arrays?.truncated ?? new Uint8Array(numEnvs)
    this.ended = arrays?.ended ?? new Uint8Array(numEnvs)
    this.infos = {}
    if (autoresetMode === 'same-step') {
      this.infos.finalObs = (arrays?.finalObs as Obs | undefined) ?? emptyBatch()
      this.infos._finalObs = arrays?.finalMask ?? new Uint8Array(numEnvs)
    }
    this.#result = [this.observations, this.rewards, this.terminated, this.truncated, this.infos]
    this.#resetResult = [this.observations, this.infos]
  }

  /** Resets all environments, or those of `options.resetMask`. @throws InvalidKwargs for seeds, masks or targets of the wrong length */
  reset(given: VectorResetOptions<Obs> = {}): [observations: Obs, infos: VectorInfos<Obs>] {
    checkResetOptions(given, ['seed', 'options', 'out', 'offset'])
    const { seed, out, offset = 0 } = given
    const options = given.options ?? {}
    const seeds = memberSeeds(this.numEnvs, seed)
    const mask = memberMask(this.numEnvs, options.resetMask)
    if (mask && !this.#hasReset) throw new ResetNeeded('resetMask leaves environments as they are, but none was reset yet; reset all first')
    const target = targetFor(this.observations, out, offset)
    this.resetAll(seeds, mask, options, target, offset)
    for (let i = 0; i < this.numEnvs; i++) if (!mask || mask[i] === 1) this.terminated[i] = this.truncated[i] = this.ended[i] = 0
    this.#hasReset = true
    if (this.copy) return [detached(target), detached(this.infos)]
    this.#resetResult[0] = target
    return this.#resetResult
  }

  /**
   * Steps all environments. Actions: N numbers (or N rows, where an action has several), in any array of numbers; of a space of others,
   * a batch as `actionSpace.sample()` gives it.
   *
   * @throws ResetNeeded before the first reset, or with 'disabled' for an environment whose episode has ended
   * @throws InvalidAction for a wrong length or an action outside the space; then nothing has moved
   */
  step(actions: VectorActions, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    const offset = target?.offset ?? 0
    const out = this.prepareStep(actions, target)
    this.stepAll(actions as ArrayLike<number>, out, offset)
    return this.finishStep(out)
  }

  /** All that is wrong with a step before it begins; gives where observations are to be written. */
  protected prepareStep(actions: VectorActions, target?: ObservationTarget<Obs>): Obs {
    if (!this.#hasReset) throw new ResetNeeded('cannot call envs.step() before envs.reset(); reset first')
    const length = (actions as ArrayLike<number> | null | undefined)?.length
    if (isArraySpace(this.singleActionSpace) && length !== this.numEnvs * this.actionSize) {
      throw new InvalidAction(
        `${this.numEnvs} environments need ${this.numEnvs * this.actionSize} numbers as actions, got ${length ?? shown(actions)}`,
      )
    }
    if (this.autoresetMode === 'disabled') this.#refuseEnded()
    return targetFor(this.observations, target?.out, target?.offset ?? 0)
  }

  protected finishStep(out: Obs): VectorStep<Obs> {
    if (this.copy) return [detached(out), this.rewards.slice(), this.terminated.slice(), this.truncated.slice(), detached(this.infos)]
    this.#result[0] = out
    return this.#result
  }

  /** The result of a method of each environment, or its property of that name. @throws UnsupportedMode where there are no single ones */
  call(name: string, ..._args: unknown[]): unknown[] {
    throw new UnsupportedMode(
      `${this} is one kernel without single environments, so ${name} has nothing to be called on; use 'sync' or 'async'`,
    )
  }

  /** A property of each environment. */
  getAttr(name: string): unknown[] {
    return this.call(name)
  }

  /** Sets a property of each environment: from a list of one value for each, or all to one value. */
  setAttr(name: string, _values: unknown): void {
    this.call(name)
  }

  /** The environments under all wrappers. */
  get unwrapped(): VectorEnv<unknown> {
    return this as unknown as VectorEnv<unknown>
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
        observations: plainBatch(this.singleObservationSpace, this.observations),
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
    loadBatch(this.singleObservationSpace, own, 'observations', this.observations, null)
    const ended = numbersFromState(own, 'ended', this.numEnvs)
    if (typeof own.hasReset !== 'boolean') throw invalidState(`hasReset of a saved state is true or false, got ${shown(own.hasReset)}`)
    if (!ended.every((flag) => flag === 0 || flag === 1)) throw invalidState(`ended of a saved state holds 0 and 1, got ${shown(ended)}`)
    loadOrRestore(
      () => this.loadOwn(own),
      () => this.loadOwn(before),
    )
    this.#hasReset = own.hasReset
    loadBatch(this.singleObservationSpace, own, 'observations', this.observations, this.observations)
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

  #refuseEnded(): void {
    const at = this.ended.indexOf(1)
    if (at >= 0)
      throw new ResetNeeded(`environment ${at} has ended its episode; reset it with reset({ options: { resetMask } }) before the next step`)
  }

  toString(): string {
    return `${this.constructor.name}(${this.spec ? `${this.spec.id}, ` : ''}numEnvs=${this.numEnvs})`
  }
}
