import { checkResetOptions, Env, type EnvMetadata, type Info, type RenderFrame, type ResetOptions, type StepResult } from '../env.js'
import { InvalidAction, InvalidKwargs, ResetNeeded } from '../errors.js'
import { checkFlags, checkKwargs } from '../kwargs.js'
import { RandomState } from '../random/random-state.js'
import type { Drawing } from '../rendering/canvas.js'
import type { RandomGenerator, Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { Box, Discrete } from '../spaces/index.js'
import { integersFromState, invalidState } from '../state.js'
import { drawingOf, renderBoard } from './drawing.js'
import { ACTIONS, type Rules, TERMINAL } from './rules.js'

export interface MinAtarOptions {
  /** The chance that an action is replaced by the one before; 0.1 unless told. */
  stickyActionProb?: number
  /** Whether the game gets ever harder; true unless told. Breakout and Freeway don't in either case. */
  difficultyRamping?: boolean
  /** Only the actions that do something, as the versions -v1 have it, or all six (nothing, left, up, right, down, fire). */
  useMinimalActionSet?: boolean
  renderMode?: string | null
}

/** What `checkedOptions` makes of them. */
export interface MinAtarSettings {
  stickyActionProb: number
  ramping: number
  /** The action of the game for each of the environment's. */
  actions: readonly number[]
}

export const MINATAR_METADATA: EnvMetadata = { renderModes: ['rgb_array', 'ansi'], renderFps: 20 }
/** Of the game's actions: nothing, left, up, right, down, fire. */
const KEYS = ['', 'ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown', ' ']
/** A buffer for each observation costs more than all the rest of a step, so several lie side by side in one. */
const OBSERVATIONS_A_BUFFER = 16
const OPTIONS = ['stickyActionProb', 'difficultyRamping', 'useMinimalActionSet', 'renderMode']

/** @throws InvalidKwargs */
export function checkedOptions(rules: Rules, options: MinAtarOptions, others: readonly string[] = []): MinAtarSettings {
  checkKwargs(rules.name, options, [...OPTIONS, ...others])
  const { stickyActionProb = 0.1, difficultyRamping = true, useMinimalActionSet = false } = options
  if (typeof stickyActionProb !== 'number' || !(stickyActionProb >= 0 && stickyActionProb <= 1)) {
    throw new InvalidKwargs(`stickyActionProb of ${rules.name} is a probability from 0 to 1, got ${shown(stickyActionProb)}`)
  }
  checkFlags(rules.name, { difficultyRamping, useMinimalActionSet })
  return {
    stickyActionProb,
    ramping: difficultyRamping ? 1 : 0,
    actions: useMinimalActionSet ? rules.minimalActions : Array.from({ length: ACTIONS }, (_, action) => action),
  }
}

export function minAtarObservationSpace(rules: Rules): Box<'bool'> {
  return new Box(0, 1, { shape: [10, 10, rules.channels.length], dtype: 'bool' })
}

export function wrongAction(rules: Rules, actions: number, action: unknown): InvalidAction {
  return new InvalidAction(`${rules.name} has the actions 0 to ${actions - 1}, got ${shown(action)}`)
}

/**
 * Refuses variables with which the rules would write outside of their own: the columns, rows and list lengths of a game stay small.
 *
 * @throws EnvError (ENVS_INVALID_STATE)
 */
export function checkState(rules: Rules, state: readonly number[]): void {
  for (const [at, most] of rules.limits) {
    const value = state[at]!
    if (value < 0 || value > most) throw invalidState(`variable ${at} of a saved ${rules.name} is 0 to ${most}, got ${shown(value)}`)
  }
}

/** 32 bits for a RandomState from a stream of PCG64. */
export const legacySeed = (random: RandomGenerator): number => random.integers(0, 2 ** 32)

/**
 * A MinAtar game. Observation: [10, 10, channels] of 0 and 1. All random numbers come from NumPy's RandomState, which the seed starts
 * (0 to 2³² − 1; a bigger one is refused as in Python). Without a seed it is started from `npRandom`.
 *
 * As in the package, the action that sticks may be that of the episode before. A seed forgets it too, so that a seed alone fixes the
 * trajectory; in the package that is so only for a fresh environment.
 */
export class MinAtarEnv extends Env<Uint8Array, number> {
  override readonly actionSpace: Discrete
  override readonly observationSpace: Box<'bool'>
  override metadata: EnvMetadata = MINATAR_METADATA
  readonly #rules: Rules
  readonly #settings: MinAtarSettings
  readonly #size: number
  #buffer = new ArrayBuffer(0)
  #used = OBSERVATIONS_A_BUFFER
  /** The game's variables; see assembly/. */
  readonly #state: Int32Array
  #draws: RandomState | null = null
  #lastAction = 0
  #started = false

  /** @throws InvalidKwargs */
  constructor(rules: Rules, options: MinAtarOptions = {}) {
    super()
    this.#rules = rules
    this.#settings = checkedOptions(rules, options)
    this.metadata = { ...MINATAR_METADATA, keysToAction: Object.fromEntries(this.#settings.actions.map((action, i) => [KEYS[action]!, i])) }
    this.renderMode = options.renderMode ?? null
    this.actionSpace = new Discrete(this.#settings.actions.length)
    this.observationSpace = minAtarObservationSpace(rules)
    this.#size = 100 * rules.channels.length
    this.#state = new Int32Array(rules.words)
  }

  /** @throws EnvError (ENVS_INVALID_SEED) for a seed above 2³² − 1 */
  override reset(given: ResetOptions = {}): [Uint8Array, Info] {
    checkResetOptions(given)
    this.#seed(given.seed)
    this.#rules.reset(this.#state, this.#draws!)
    this.#started = true
    return [this.#observe(), {}]
  }

  #seed(seed: Seed | null | undefined): void {
    if (seed === undefined || seed === null) {
      this.#draws ??= new RandomState(legacySeed(this.npRandom))
      return
    }
    const draws = new RandomState(seed)
    this.seedRandom(seed)
    this.#draws = draws
    this.#lastAction = 0
  }

  /** After the end of an episode nothing moves: reward 0, terminated. @throws InvalidAction, ResetNeeded */
  override step(action: number): StepResult<Uint8Array> {
    const { actions, ramping, stickyActionProb } = this.#settings
    if (!this.#started) throw new ResetNeeded('cannot step before reset; call env.reset() first')
    const wanted = typeof action === 'number' ? actions[action] : undefined
    if (wanted === undefined) throw wrongAction(this.#rules, actions.length, action)
    if (this.#draws!.random() >= stickyActionProb) this.#lastAction = wanted
    const state = this.#state
    const reward = state[TERMINAL] === 1 ? 0 : this.#rules.act(state, this.#lastAction, ramping, this.#draws!)
    return [this.#observe(), reward, state[TERMINAL] === 1, false, {}]
  }

  /** A new observation: a part of a buffer that no other has. */
  #observe(): Uint8Array {
    if (this.#used === OBSERVATIONS_A_BUFFER) {
      this.#buffer = new ArrayBuffer(OBSERVATIONS_A_BUFFER * this.#size)
      this.#used = 0
    }
    const observation = new Uint8Array(this.#buffer, this.#used++ * this.#size, this.#size)
    this.#rules.observe(this.#state, observation)
    return observation
  }

  override render(): RenderFrame | null {
    if (this.renderMode === null || !this.#started) return null
    return renderBoard(this.renderMode, this.#observe(), this.#rules.channels.length)
  }

  override drawing(): Drawing | null {
    return this.#started ? drawingOf(this.#observe(), this.#rules.channels.length) : null
  }

  protected override saveOwn(): Record<string, unknown> {
    return {
      state: Array.from(this.#state),
      draws: this.#draws?.getState() ?? null,
      lastAction: this.#lastAction,
      started: this.#started,
    }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    const state = integersFromState(own, 'state', this.#state.length)
    if (typeof own.started !== 'boolean') throw invalidState(`started of a saved state is true or false, got ${shown(own.started)}`)
    const { lastAction } = own
    if (!Number.isInteger(lastAction) || (lastAction as number) < 0 || (lastAction as number) >= ACTIONS) {
      throw invalidState(`lastAction of a saved state is one of the ${ACTIONS} actions, got ${shown(lastAction)}`)
    }
    checkState(this.#rules, state)
    const draws = own.draws === null ? null : RandomState.fromState(own.draws)
    this.#state.set(state)
    this.#draws = draws
    this.#lastAction = lastAction as number
    this.#started = own.started
  }
}
