/**
 * N environments that one kernel moves: the numbers of 'sync' (environment i has a stream of its own), or of one of Gymnasium's own vector
 * environments (one stream for all). A task is what is particular: spaces, kernel, parameters, pictures.
 */
import type { EnvMetadata, RenderFrame } from '../env.js'
import { InvalidAction, UnsupportedMode } from '../errors.js'
import { PCG64, type PCG64State } from '../random/pcg64.js'
import { npRandom, type Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { Box, Discrete, type DtypeArray, type MultiDiscrete } from '../spaces/index.js'
import { invalidState, numbersFromState } from '../state.js'
import { AUTORESET_MODES, VectorEnv, type VectorEnvKwargs } from '../vector/vector-env.js'
import { BATCH_FIELDS, type BatchArea, batchBytes, FLAGS, STREAM_WORDS, viewsOf } from './batch.js'
import { layOut } from './kernel-memory.js'
import { type EnvKernels, envKernels, type KernelName } from './kernels.js'

export interface NativeTask {
  /** What error messages call it. */
  readonly name: string
  readonly kernel: KernelName
  readonly metadata: EnvMetadata
  readonly observationSpace: Box | Discrete | MultiDiscrete
  readonly actionSpace: Box | Discrete
  /** Doubles in the state of one environment; column c of environment i is at index c · stride + i. */
  readonly stateColumns: number
  /** Where states begin, unless `reset` is told otherwise: the kernel's own meaning. */
  readonly resetInterval: readonly [number, number]
  /** That of the options of `reset`. @throws EnvError */
  intervalOf(options: Record<string, unknown>): readonly [number, number]
  /** What else the kernel reads. */
  readonly params: readonly number[]
  /** A table that the kernel reads, in bytes. */
  readonly table?: Uint8Array
  /** Bytes that one environment keeps besides its state, and which are saved with it. */
  readonly extraBytes?: number
  /** Whether infos say how likely what happened was, and have masks of so many actions. */
  readonly tellsProbability?: boolean
  readonly maskedActions?: number
  /** One stream for all environments, float32 rewards, and an interval that stays: Gymnasium's own vector environments. */
  readonly asGymnasium?: boolean
  /** A frame of an environment in one of the metadata's modes. @param state its own columns @param extra its own bytes */
  frame(mode: string, state: readonly number[], extra: Uint8Array): RenderFrame
}

const NO_LIMIT = 0xffffffff

export abstract class NativeVectorEnv<Obs extends DtypeArray = Float32Array> extends VectorEnv<Obs> {
  readonly #task: NativeTask
  readonly #kernels: EnvKernels
  readonly #batch: number
  readonly #step: (batch: number) => void
  readonly #reset: (batch: number) => void
  readonly #wrong: (batch: number) => number
  readonly #views: ReturnType<typeof viewsOf>
  /** Whether each stream was seeded: 1. */
  readonly #seeded: Uint8Array
  /** Which environments the infos of the last call tell of: 1. */
  readonly #told: Uint8Array
  /** Environments in a column, those that fill it up included. */
  readonly #stride: number

  /** @throws InvalidKwargs, UnsupportedMode */
  constructor(kwargs: VectorEnvKwargs, task: NativeTask) {
    const { numEnvs, autoresetMode } = kwargs
    const { memory, address } = layOut<BatchArea>(batchBytes(numEnvs, task), kwargs.memory)
    const views = viewsOf(memory.buffer, address, numEnvs, task)
    super({
      ...kwargs,
      singleObservationSpace: task.observationSpace,
      singleActionSpace: task.actionSpace,
      arrays: { ...views, observations: views.observations, finalObs: views.finalObservations },
    })
    this.metadata = { ...task.metadata, autoresetMode }
    if (kwargs.renderMode !== null && !task.metadata.renderModes.includes(kwargs.renderMode)) {
      throw new UnsupportedMode(`${task.name} cannot render as ${kwargs.renderMode}; it has ${task.metadata.renderModes.join(', ')}`)
    }
    this.renderMode = kwargs.renderMode
    this.#task = task
    this.#views = views
    this.#seeded = new Uint8Array(task.asGymnasium ? 1 : numEnvs)
    this.#stride = views.stride
    this.#told = new Uint8Array(numEnvs)
    this.#kernels = envKernels(memory)
    this.#batch = address.batch
    this.#step = this.#kernels[`${task.kernel}Step`]
    this.#reset = this.#kernels[`${task.kernel}Reset`]
    this.#wrong = task.actionSpace instanceof Discrete ? this.#kernels.wrongChoice : this.#kernels.wrongNumber
    this.#writeBatch(address, kwargs)
    this.#describeInfos()
  }

  /** Infos are arrays of the kernel's, with a mask of ones; what belongs to a final observation has its mask. */
  #describeInfos(): void {
    const { actionMasks, finalActionMasks, finalMask, finalProbabilities, probabilities } = this.#views
    const { maskedActions, tellsProbability } = this.#task
    if (!tellsProbability) return
    const told = this.#told
    Object.assign(this.infos, { prob: probabilities, _prob: told })
    if (maskedActions) Object.assign(this.infos, { actionMask: actionMasks, _actionMask: told })
    if (this.autoresetMode !== 'same-step') return
    const ofMasks = maskedActions ? { actionMask: finalActionMasks, _actionMask: finalMask } : {}
    Object.assign(this.infos, { finalInfo: { prob: finalProbabilities, _prob: finalMask, ...ofMasks }, _finalInfo: finalMask })
  }

  #writeBatch(address: Readonly<Record<BatchArea, number>>, { autoresetMode, maxEpisodeSteps, numEnvs }: VectorEnvKwargs): void {
    const task = this.#task
    const { batch, params, stride, table } = this.#views
    const numbers: Partial<Record<(typeof BATCH_FIELDS)[number], number>> = {
      n: numEnvs,
      mode: AUTORESET_MODES.indexOf(autoresetMode),
      limit: maxEpisodeSteps ?? NO_LIMIT,
      flags: task.asGymnasium ? FLAGS.oneStream | FLAGS.float32Rewards : 0,
      rowBytes: this.observationSize * 4,
      columnBytes: stride * 8,
      choices: task.actionSpace instanceof Discrete ? task.actionSpace.n : 0,
      resetCount: 0,
    }
    for (const [k, field] of BATCH_FIELDS.entries()) batch[k] = numbers[field] ?? address[field as BatchArea]
    params.set([...task.resetInterval, ...task.resetInterval, ...task.params])
    if (task.table) table.set(task.table)
  }

  protected override resetAll(
    seeds: readonly (Seed | undefined)[],
    mask: ArrayLike<number> | null,
    options: Record<string, unknown>,
    out: Obs,
    offset: number,
  ): void {
    const { params, mask: chosen } = this.#views
    const interval = this.#task.intervalOf(options)
    params.set(interval)
    if (this.#task.asGymnasium) params.set(interval, 2)
    for (let i = 0; i < this.numEnvs; i++) chosen[i] = !mask || mask[i] === 1 ? 1 : 0
    this.#told.set(chosen)
    this.#seedStreams(seeds)
    this.#reset(this.#batch)
    this.#copyTo(out, offset)
  }

  #seedStreams(seeds: readonly (Seed | undefined)[]): void {
    for (let i = 0; i < this.#seeded.length; i++) {
      // One stream for all is seeded whatever the mask says, as in Gymnasium.
      if (this.#views.mask[i] !== 1 && !this.#task.asGymnasium) continue
      if (seeds[i] === undefined && this.#seeded[i] === 1) continue
      this.#streamOf(i).set(npRandom(seeds[i])[0].bits.words)
      this.#seeded[i] = 1
    }
  }

  #streamOf(i: number): Uint32Array {
    return this.#views.streams.subarray(i * STREAM_WORDS, (i + 1) * STREAM_WORDS)
  }

  protected override stepAll(actions: ArrayLike<number>, out: Obs, offset: number): void {
    this.#takeActions(actions)
    const wrong = this.#wrong(this.#batch)
    if (wrong >= 0) {
      const given = this.#task.actionSpace instanceof Box ? `[${shown(actions[wrong])}]` : shown(actions[wrong])
      throw new InvalidAction(`action ${given} of environment ${wrong} is not in ${this.singleActionSpace}`)
    }
    this.#told.fill(1)
    this.#step(this.#batch)
    this.#copyTo(out, offset)
  }

  /** To where the kernel finds them. What is no number of the right kind becomes one that is in no space. */
  #takeActions(actions: ArrayLike<number>): void {
    const own = this.#views.actions
    if (actions instanceof own.constructor) own.set(actions)
    else if (own instanceof Float32Array)
      for (let i = 0; i < actions.length; i++) own[i] = typeof actions[i] === 'number' ? actions[i]! : NaN
    else for (let i = 0; i < actions.length; i++) own[i] = (actions[i]! | 0) === actions[i] ? actions[i]! : -1
  }

  #copyTo(out: Obs, offset: number): void {
    if (out !== this.observations || offset !== 0) out.set(this.observations, offset)
  }

  override render(): RenderFrame[] | null {
    const { renderMode } = this
    if (renderMode === null) return null
    const { extra, states } = this.#views
    const bytes = this.#task.extraBytes ?? 0
    return Array.from({ length: this.numEnvs }, (_, i) => {
      const state = Array.from({ length: this.#task.stateColumns }, (_column, c) => states[c * this.#stride + i]!)
      return this.#task.frame(renderMode, state, extra.subarray(i * bytes, (i + 1) * bytes))
    })
  }

  protected override saveOwn(): Record<string, unknown> {
    const { extra, params, states, steps } = this.#views
    const streams = Array.from(this.#seeded, (seeded, i) => (seeded ? generatorAt(this.#streamOf(i)).getState() : null))
    return {
      states: Array.from(states),
      steps: Array.from(steps),
      stepInterval: Array.from(params.subarray(2, 4)),
      extra: Array.from(extra),
      streams,
    }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    const { extra, params, states, steps } = this.#views
    const numbers = [
      [states, numbersFromState(own, 'states', states.length)],
      [steps, numbersFromState(own, 'steps', steps.length)],
      [params.subarray(2, 4), numbersFromState(own, 'stepInterval', 2)],
      [extra, numbersFromState(own, 'extra', extra.length)],
    ] as const
    const { streams } = own
    if (!Array.isArray(streams) || streams.length !== this.#seeded.length)
      throw invalidState(`streams of a saved state is a list of ${this.#seeded.length} generators, got ${shown(streams)}`)
    const words = streams.map((state) => (state === null ? null : wordsOf(state as PCG64State)))
    for (const [view, values] of numbers) view.set(values)
    for (const [i, stream] of words.entries()) {
      this.#seeded[i] = stream ? 1 : 0
      if (stream) this.#streamOf(i).set(stream)
    }
  }
}

function generatorAt(words: Uint32Array): PCG64 {
  const generator = new PCG64(new Uint32Array(8))
  generator.words.set(words)
  return generator
}

function wordsOf(state: PCG64State): Uint32Array {
  const generator = new PCG64(new Uint32Array(8))
  generator.setState(state)
  return generator.words
}
