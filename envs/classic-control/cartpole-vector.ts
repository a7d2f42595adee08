/**
 * N CartPoles in one loop over a struct of arrays: `CartPoleNative` with a random stream for each environment (the numbers of 'sync'),
 * `CartPoleVectorEnv` with one for all (the numbers, and the float32 rewards, of Gymnasium's class of that name).
 */
import type { RenderFrame } from '../env.js'
import { InvalidAction, UnsupportedMode } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { npRandom, RandomGenerator, type RandomState, type Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { invalidState, numbersFromState } from '../state.js'
import { VectorEnv, type VectorEnvKwargs } from '../vector/vector-env.js'
import { CART_POLE_METADATA } from './cartpole.js'
import { advanceCartPole, cartPoleActionSpace, cartPoleObservationSpace, RESET_HIGH, RESET_LOW, STATE_SIZE } from './cartpole-dynamics.js'
import { renderCartPole } from './cartpole-render.js'
import { resetBounds } from './reset-bounds.js'

const OPTIONS = ['numEnvs', 'autoresetMode', 'copy', 'maxEpisodeSteps', 'renderMode', 'suttonBartoReward']

abstract class CartPoles extends VectorEnv {
  /** [x…, ẋ…, θ…, θ̇…], doubles. */
  protected readonly states: Float64Array
  /** [low, high] of the states that `reset` draws, and of those drawn within steps. In arrays: passing doubles would box them. */
  readonly #resetInterval = Float64Array.of(RESET_LOW, RESET_HIGH)
  readonly #stepInterval = Float64Array.of(RESET_LOW, RESET_HIGH)
  readonly #steps: Int32Array
  readonly #maxEpisodeSteps: number
  readonly #suttonBartoReward: boolean
  /** The environments to be reset in this step, and how many they are. */
  readonly #resetting: Int32Array

  /** @param keepsInterval whether the interval given to `reset` is also that of the resets within steps */
  constructor(
    kwargs: VectorEnvKwargs,
    rewards: Float32Array | Float64Array,
    private readonly keepsInterval: boolean,
  ) {
    super({ ...kwargs, singleObservationSpace: cartPoleObservationSpace(), singleActionSpace: cartPoleActionSpace(), rewards })
    checkKwargs('CartPole', kwargs, OPTIONS)
    this.metadata = { ...CART_POLE_METADATA, autoresetMode: kwargs.autoresetMode }
    if (kwargs.renderMode !== null && !this.metadata.renderModes.includes(kwargs.renderMode)) {
      throw new UnsupportedMode(`CartPole cannot render as ${kwargs.renderMode}; it has ${this.metadata.renderModes.join(', ')}`)
    }
    this.renderMode = kwargs.renderMode
    this.states = new Float64Array(STATE_SIZE * kwargs.numEnvs)
    this.#steps = new Int32Array(kwargs.numEnvs)
    this.#resetting = new Int32Array(kwargs.numEnvs)
    this.#maxEpisodeSteps = kwargs.maxEpisodeSteps ?? Infinity
    this.#suttonBartoReward = kwargs.suttonBartoReward === true
  }

  /** Prepares the random streams of those environments that have a seed. */
  protected abstract seedStreams(seeds: readonly (Seed | undefined)[], chosen: Int32Array): void

  /** Draws states within [low, high] for the `count` first environments in `chosen`. */
  protected abstract drawStates(chosen: Int32Array, count: number, interval: Float64Array): void

  protected override resetAll(
    seeds: readonly (Seed | undefined)[],
    mask: ArrayLike<number> | null,
    options: Record<string, unknown>,
    out: Float32Array,
    offset: number,
  ): void {
    this.#resetInterval.set(resetBounds(options, RESET_LOW, RESET_HIGH))
    if (this.keepsInterval) this.#stepInterval.set(this.#resetInterval)
    let count = 0
    for (let i = 0; i < this.numEnvs; i++) if (!mask || mask[i] === 1) this.#resetting[count++] = i
    this.seedStreams(seeds, this.#resetting.subarray(0, count))
    this.#resetStates(count, this.#resetInterval)
    this.infos._finalObs?.fill(0)
    this.#observe(out, offset)
  }

  protected override stepAll(actions: ArrayLike<number>, out: Float32Array, offset: number): void {
    const { ended, numEnvs, rewards, states, terminated, truncated } = this
    const steps = this.#steps
    const resetting = this.#resetting
    const limit = this.#maxEpisodeSteps
    const fallen = this.#suttonBartoReward ? -1 : 1
    const upright = this.#suttonBartoReward ? 0 : 1
    const sameStep = this.autoresetMode === 'same-step'
    this.#checkActions(actions)
    let count = 0
    for (let i = 0; i < numEnvs; i++) {
      if (ended[i] === 1) {
        rewards[i] = terminated[i] = truncated[i] = ended[i] = 0
        resetting[count++] = i
        continue
      }
      const fell = advanceCartPole(states, numEnvs, i, actions[i]!)
      const late = ++steps[i]! >= limit
      rewards[i] = fell ? fallen : upright
      terminated[i] = fell ? 1 : 0
      truncated[i] = late ? 1 : 0
      if (fell || late) {
        if (sameStep) resetting[count++] = i
        else ended[i] = 1
      }
    }
    if (sameStep) this.#keepFinal(count)
    if (count > 0) this.#resetStates(count, this.#stepInterval)
    this.#observe(out, offset)
  }

  #resetStates(count: number, interval: Float64Array): void {
    this.drawStates(this.#resetting, count, interval)
    for (let k = 0; k < count; k++) this.#steps[this.#resetting[k]!] = 0
  }

  #checkActions(actions: ArrayLike<number>): void {
    for (let i = 0; i < this.numEnvs; i++) {
      const action = actions[i]
      if (action !== 0 && action !== 1 && this.ended[i] === 0) {
        throw new InvalidAction(`CartPole's actions are 0 (left) and 1 (right), got ${shown(action)} for environment ${i}`)
      }
    }
  }

  #keepFinal(count: number): void {
    const { numEnvs, states } = this
    const finalObs = this.infos.finalObs!
    const mask = this.infos._finalObs!
    mask.fill(0)
    for (let k = 0; k < count; k++) {
      const i = this.#resetting[k]!
      mask[i] = 1
      for (let c = 0; c < STATE_SIZE; c++) finalObs[STATE_SIZE * i + c] = states[c * numEnvs + i]!
    }
  }

  /** From columns of doubles to rows of floats. */
  #observe(out: Float32Array, offset: number): void {
    const { numEnvs, states } = this
    let at = offset
    for (let i = 0; i < numEnvs; i++) {
      out[at] = states[i]!
      out[at + 1] = states[numEnvs + i]!
      out[at + 2] = states[2 * numEnvs + i]!
      out[at + 3] = states[3 * numEnvs + i]!
      at += STATE_SIZE
    }
  }

  override render(): RenderFrame[] | null {
    const { numEnvs, renderMode, states } = this
    if (renderMode === null) return null
    return Array.from({ length: numEnvs }, (_, i) => renderCartPole(renderMode, states[i]!, states[2 * numEnvs + i]!))
  }

  protected override saveOwn(): Record<string, unknown> {
    return { states: Array.from(this.states), steps: Array.from(this.#steps), stepInterval: Array.from(this.#stepInterval) }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    const states = numbersFromState(own, 'states', this.states.length)
    const steps = numbersFromState(own, 'steps', this.numEnvs)
    this.#stepInterval.set(numbersFromState(own, 'stepInterval', 2))
    this.states.set(states)
    this.#steps.set(steps)
  }
}

/** Environment i has its own stream, seeded with seed + i. */
export class CartPoleNative extends CartPoles {
  #streams: RandomGenerator[] = []

  constructor(kwargs: VectorEnvKwargs) {
    super(kwargs, new Float64Array(kwargs.numEnvs), false)
  }

  protected override seedStreams(seeds: readonly (Seed | undefined)[], chosen: Int32Array): void {
    for (const i of chosen) {
      const seed = seeds[i]
      if (seed !== undefined || this.#streams[i] === undefined) this.#streams[i] = npRandom(seed)[0]
    }
  }

  protected override drawStates(chosen: Int32Array, count: number, interval: Float64Array): void {
    for (let k = 0; k < count; k++) {
      const i = chosen[k]!
      const stream = this.#streams[i]!
      for (let c = 0; c < STATE_SIZE; c++) this.states[c * this.numEnvs + i] = stream.uniform(interval[0]!, interval[1]!)
    }
  }

  protected override saveOwn(): Record<string, unknown> {
    return { ...super.saveOwn(), streams: this.#streams.map((stream) => stream.getState()) }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    const { streams } = own
    // None before the first reset.
    if (!Array.isArray(streams) || (streams.length !== this.numEnvs && streams.length !== 0)) {
      throw invalidState(`streams of a saved state is a list of ${this.numEnvs} generators, got ${shown(streams)}`)
    }
    const loaded = streams.map((state) => RandomGenerator.fromState(state as RandomState))
    super.loadOwn(own)
    this.#streams = loaded
  }
}

/**
 * One stream for all; the states of all that reset in a step are drawn together, first all positions, then all velocities and so on.
 * As in Gymnasium's class, the interval given to the last `reset` stays for the resets within steps.
 */
export class CartPoleVectorEnv extends CartPoles {
  override columnMajor = true
  npRandom: RandomGenerator | null = null

  constructor(kwargs: VectorEnvKwargs) {
    super(kwargs, new Float32Array(kwargs.numEnvs), true)
  }

  protected override seedStreams(seeds: readonly (Seed | undefined)[]): void {
    if (seeds[0] !== undefined || this.npRandom === null) this.npRandom = npRandom(seeds[0])[0]
  }

  protected override drawStates(chosen: Int32Array, count: number, interval: Float64Array): void {
    for (let c = 0; c < STATE_SIZE; c++) {
      for (let k = 0; k < count; k++) this.states[c * this.numEnvs + chosen[k]!] = this.npRandom!.uniform(interval[0]!, interval[1]!)
    }
  }

  protected override saveOwn(): Record<string, unknown> {
    return { ...super.saveOwn(), random: this.npRandom?.getState() ?? null }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    const random = own.random === null ? null : RandomGenerator.fromState(own.random as RandomState)
    super.loadOwn(own)
    this.npRandom = random
  }
}
