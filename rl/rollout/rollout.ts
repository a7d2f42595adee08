/**
 * Rolls a slice of the environments forward under the current policy, straight into the shared columns: on-policy data for one update.
 */
import type { VectorEnv, VectorEnvState } from '../../envs/index.js'
import { childRandom, type RandomGenerator, type RandomState, type Seed, seedPlus } from '../../envs/seeding.js'
import { type Discrete, flatdim } from '../../envs/spaces/index.js'
import * as categorical from '../nn/categorical.js'
import type { ActorCritic } from '../policy/actor-critic.js'
import { Normalizer, type NormalizerDescription } from '../policy/normalizer.js'
import { makeEnvironments } from './environments.js'
import { type AdvantageOptions, generalizedAdvantages } from './gae.js'

/** Time-major: sample (t, i) is row `t * numEnvs + i`. Lengths are in PPO's column table. */
export interface RolloutColumns {
  readonly observations: Float32Array
  readonly inputs: Float32Array
  readonly actions: Int32Array
  readonly logProbs: Float32Array
  readonly values: Float32Array
  readonly rewards: Float32Array
  readonly terminated: Uint8Array
  readonly truncated: Uint8Array
  readonly finalValues: Float32Array
  readonly advantages: Float32Array
  readonly returns: Float32Array
  readonly parameters: Float32Array
}

export interface RolloutOptions extends AdvantageOptions {
  readonly environmentId: string
  readonly seed: Seed
  readonly numEnvs: number
  readonly numSteps: number
  /** The slice `[from, to)` of the `numEnvs` environments. */
  readonly range: readonly [number, number]
}

/** An episode that ended in a rollout: where in it, its return and its length. */
export interface EpisodeEnd {
  readonly step: number
  readonly env: number
  readonly return: number
  readonly length: number
}

interface RolloutState {
  readonly envs: VectorEnvState
  readonly random: readonly RandomState[]
  readonly episodeReturns: readonly number[]
  readonly episodeLengths: readonly number[]
  readonly observations: readonly number[]
}

export class Rollout {
  readonly #options: RolloutOptions
  readonly #columns: RolloutColumns
  readonly #network: ActorCritic
  readonly #envs: VectorEnv
  readonly #size: number
  readonly #count: number
  readonly #actionStart: number
  /** One stream an environment, so that what one does never depends on which worker steps it. */
  readonly #random: RandomGenerator[]
  readonly #episodeReturns: Float64Array
  readonly #episodeLengths: Int32Array
  /** What the environments take; the column keeps indices from 0. */
  readonly #envActions: Int32Array

  constructor(columns: RolloutColumns, network: ActorCritic, options: RolloutOptions) {
    const [from, to] = options.range
    const count = to - from
    this.#options = options
    this.#columns = columns
    this.#network = network
    this.#count = count
    this.#envs = makeEnvironments(options.environmentId, count)
    const { singleObservationSpace, singleActionSpace } = this.#envs
    this.#size = flatdim(singleObservationSpace)
    this.#actionStart = (singleActionSpace as Discrete).start
    this.#random = Array.from({ length: count }, (_, i) => childRandom(options.seed, `actions/${from + i}`))
    this.#episodeReturns = new Float64Array(count)
    this.#episodeLengths = new Int32Array(count)
    this.#envActions = new Int32Array(count)
    this.#envs.reset({
      seed: seedPlus(options.seed, from),
      out: columns.observations,
      offset: this.#observationOffset(options.numSteps),
    })
  }

  /** One rollout of `numSteps`; the observations that it ends with begin the next one. */
  collect(description: NormalizerDescription | null): EpisodeEnd[] {
    const { numSteps, numEnvs, range } = this.#options
    const columns = this.#columns
    const normalizer = description && Normalizer.from(description)
    const ends: EpisodeEnd[] = []
    this.#observationRow(0).set(this.#observationRow(numSteps))
    for (let t = 0; t < numSteps; t++) {
      const first = t * numEnvs + range[0]
      const inputs = columns.inputs.subarray(first * this.#size, (first + this.#count) * this.#size)
      prepare(this.#observationRow(t), inputs, this.#count, normalizer)
      this.#act(inputs, first)
      this.#step(t, first, normalizer, ends)
    }
    prepare(this.#observationRow(numSteps), this.#network.rows.inputs, this.#count, normalizer)
    const lastValues = this.#values(this.#network.rows.inputs)
    generalizedAdvantages(columns, lastValues, numSteps, numEnvs, range, this.#options)
    return ends
  }

  /** What the next `collect` depends on, besides parameters and normaliser. JSON-able. */
  getState(): RolloutState {
    return {
      envs: this.#envs.getState(),
      random: this.#random.map((stream) => stream.getState()),
      episodeReturns: Array.from(this.#episodeReturns),
      episodeLengths: Array.from(this.#episodeLengths),
      observations: Array.from(this.#observationRow(this.#options.numSteps)),
    }
  }

  setState(state: unknown): void {
    const { envs, random, episodeReturns, episodeLengths, observations } = state as RolloutState
    this.#envs.setState(envs)
    random.forEach((stream, i) => {
      this.#random[i].setState(stream)
    })
    this.#episodeReturns.set(episodeReturns)
    this.#episodeLengths.set(episodeLengths)
    this.#observationRow(this.#options.numSteps).set(observations)
  }

  #observationOffset(t: number): number {
    return (t * this.#options.numEnvs + this.#options.range[0]) * this.#size
  }

  #observationRow(t: number): Float32Array {
    const offset = this.#observationOffset(t)
    return this.#columns.observations.subarray(offset, offset + this.#count * this.#size)
  }

  /** a ~ π(·|s), its log-probability and V(s), into rows `first …`. */
  #act(inputs: Float32Array, first: number): void {
    const { actor } = this.#network
    const { parameters, actions, logProbs, values } = this.#columns
    const { uniforms } = this.#network.rows
    const end = first + this.#count
    for (let i = 0; i < this.#count; i++) uniforms[i] = this.#random[i].random()
    const logits = actor.forward(this.#network.actorPart(parameters), inputs, this.#count)
    categorical.sample(
      logits,
      uniforms,
      actions.subarray(first, end),
      logProbs.subarray(first, end),
      this.#count,
      actor.description.sizes.at(-1)!,
    )
    values.set(this.#values(inputs), first)
  }

  #step(t: number, first: number, normalizer: Normalizer | null, ends: EpisodeEnd[]): void {
    const columns = this.#columns
    for (let i = 0; i < this.#count; i++) this.#envActions[i] = columns.actions[first + i] + this.#actionStart
    const target = { out: columns.observations, offset: this.#observationOffset(t + 1) }
    const [, rewards, terminated, truncated, infos] = this.#envs.step(this.#envActions, target)
    columns.rewards.set(rewards, first)
    columns.terminated.set(terminated, first)
    columns.truncated.set(truncated, first)
    let cut = false
    for (let i = 0; i < this.#count; i++) {
      this.#episodeReturns[i] += rewards[i]
      this.#episodeLengths[i]++
      if (!terminated[i] && !truncated[i]) continue
      cut ||= !terminated[i]
      ends.push({ step: t, env: this.#options.range[0] + i, return: this.#episodeReturns[i], length: this.#episodeLengths[i] })
      this.#episodeReturns[i] = 0
      this.#episodeLengths[i] = 0
    }
    if (!cut) return
    // A truncated episode would have gone on: what it misses is worth V of the observation it was cut at.
    prepare(infos.finalObs!, this.#network.rows.inputs, this.#count, normalizer)
    columns.finalValues.set(this.#values(this.#network.rows.inputs), first)
  }

  #values(inputs: Float32Array): Float32Array {
    const network = this.#network
    return network.critic!.forward(network.criticPart(this.#columns.parameters), inputs, this.#count).subarray(0, this.#count)
  }
}

function prepare(observations: Float32Array, inputs: Float32Array, n: number, normalizer: Normalizer | null): void {
  if (normalizer) normalizer.normalize(observations, inputs, n)
  else inputs.set(observations)
}
