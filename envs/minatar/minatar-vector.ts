/** N games in one kernel call: the numbers of 'sync'. */
import type { RenderFrame } from '../env.js'
import { UnsupportedMode } from '../errors.js'
import { RandomState } from '../random/random-state.js'
import { npRandom, type Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { Discrete } from '../spaces/index.js'
import { integersFromState, invalidState } from '../state.js'
import { VectorEnv, type VectorEnvKwargs } from '../vector/vector-env.js'
import { renderBoard } from './drawing.js'
import { DRAWS_WORDS, HEAD_WORDS, LAST_ACTION, loadKernels, type MinAtarKernels } from './kernels.js'
import {
  checkedOptions,
  checkState,
  legacySeed,
  MINATAR_METADATA,
  type MinAtarOptions,
  minAtarObservationSpace,
  wrongAction,
} from './minatar.js'
import { ACTIONS, type Rules } from './rules.js'

const VECTOR_OPTIONS = ['numEnvs', 'autoresetMode', 'copy', 'maxEpisodeSteps']

/** Environment i has its own RandomState, seeded with seed + i. */
export class MinAtarNative extends VectorEnv<Uint8Array> {
  readonly #rules: Rules
  readonly #gameActions: Int32Array
  readonly #kernels: MinAtarKernels
  /** Words of one environment's variables. */
  readonly #blockWords: number
  readonly #seeded: Uint8Array

  /** @throws InvalidKwargs, UnsupportedMode */
  constructor(rules: Rules, kwargs: VectorEnvKwargs) {
    const settings = checkedOptions(rules, kwargs as MinAtarOptions, VECTOR_OPTIONS)
    const kernels = loadKernels(rules, settings, kwargs.numEnvs, kwargs.autoresetMode, kwargs.maxEpisodeSteps)
    super({
      ...kwargs,
      singleObservationSpace: minAtarObservationSpace(rules),
      singleActionSpace: new Discrete(settings.actions.length),
      arrays: { ...kernels, finalObs: kernels.finals },
    })
    this.metadata = { ...MINATAR_METADATA, autoresetMode: kwargs.autoresetMode }
    if (kwargs.renderMode !== null && !this.metadata.renderModes.includes(kwargs.renderMode)) {
      throw new UnsupportedMode(`${rules.name} cannot render as ${kwargs.renderMode}; it has ${this.metadata.renderModes.join(', ')}`)
    }
    this.renderMode = kwargs.renderMode
    this.#rules = rules
    this.#gameActions = Int32Array.from(settings.actions)
    this.#kernels = kernels
    this.#blockWords = HEAD_WORDS + rules.words
    this.#seeded = new Uint8Array(kwargs.numEnvs)
  }

  protected override resetAll(
    seeds: readonly (Seed | undefined)[],
    mask: ArrayLike<number> | null,
    _options: Record<string, unknown>,
    out: Uint8Array,
    offset: number,
  ): void {
    const { numEnvs } = this
    // All are made before any is used: a seed that is refused leaves everything as it was.
    const streams = seeds.map((seed, i) => (mask && mask[i] !== 1 ? null : this.#stream(seed, i)))
    for (let i = 0; i < numEnvs; i++) {
      if (mask && mask[i] !== 1) continue
      const stream = streams[i]
      if (stream) this.#setStream(stream, i)
      if (stream && seeds[i] !== undefined) this.#kernels.blocks[i * this.#blockWords + LAST_ACTION] = 0
      this.#kernels.reset(i)
    }
    this.infos._finalObs?.fill(0)
    this.#copyTo(out, offset)
  }

  /** The stream to start with, null where the old one goes on. */
  #stream(seed: Seed | undefined, i: number): RandomState | null {
    if (seed !== undefined) return new RandomState(seed)
    return this.#seeded[i] === 1 ? null : new RandomState(legacySeed(npRandom()[0]))
  }

  #setStream(stream: RandomState, i: number): void {
    const { key, position } = stream.getState()
    this.#kernels.draws.set(key, i * DRAWS_WORDS)
    this.#kernels.draws[(i + 1) * DRAWS_WORDS - 1] = position
    this.#seeded[i] = 1
  }

  protected override stepAll(actions: ArrayLike<number>, out: Uint8Array, offset: number): void {
    const kernels = this.#kernels
    const gameActions = this.#gameActions
    for (let i = 0; i < this.numEnvs; i++) {
      const action = gameActions[actions[i]!]
      // An environment about to be reset ignores its action, whatever it is.
      if (action === undefined && this.ended[i] === 0) throw this.#wrongAction(actions[i], i)
      kernels.actions[i] = action ?? 0
    }
    kernels.step()
    this.#copyTo(out, offset)
  }

  #copyTo(out: Uint8Array, offset: number): void {
    if (out !== this.observations || offset !== 0) out.set(this.observations, offset)
  }

  #wrongAction(action: unknown, i: number): Error {
    const error = wrongAction(this.#rules, this.#gameActions.length, action)
    error.message += ` for environment ${i}`
    return error
  }

  override render(): RenderFrame[] | null {
    const { numEnvs, renderMode } = this
    if (renderMode === null) return null
    const size = this.observationSize
    return Array.from({ length: numEnvs }, (_, i) =>
      renderBoard(renderMode, this.observations.subarray(i * size, (i + 1) * size), this.#rules.channels.length),
    )
  }

  protected override saveOwn(): Record<string, unknown> {
    const { blocks, draws } = this.#kernels
    return {
      blocks: Array.from(blocks),
      draws: Array.from(draws),
      seeded: Array.from(this.#seeded),
    }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    const kernels = this.#kernels
    const blocks = integersFromState(own, 'blocks', kernels.blocks.length)
    const draws = integersFromState(own, 'draws', kernels.draws.length)
    const seeded = integersFromState(own, 'seeded', this.numEnvs)
    for (let i = 0; i < this.numEnvs; i++) {
      const from = i * this.#blockWords
      const lastAction = blocks[from + LAST_ACTION]!
      if (lastAction < 0 || lastAction >= ACTIONS)
        throw invalidState(`the last action of a saved state is one of ${ACTIONS}, got ${shown(lastAction)}`)
      checkState(this.#rules, blocks.slice(from + HEAD_WORDS, from + this.#blockWords))
      RandomState.check({ key: draws.slice(i * DRAWS_WORDS, (i + 1) * DRAWS_WORDS - 1), position: draws[(i + 1) * DRAWS_WORDS - 1]! })
    }
    kernels.blocks.set(blocks)
    kernels.draws.set(draws)
    this.#seeded.set(seeded)
  }
}
