/**
 * Proximal policy optimization (Schulman et al., 2017, arXiv:1707.06347), clipped surrogate objective, algorithm 1.
 *
 * This is the driver: it anneals, has the workers (ppo-worker.ts) roll out and differentiate, sums their gradients and steps Adam.
 *
 * Every environment has its own random streams and every minibatch is cut into the same `GRADIENT_SHARDS` whose gradients are
 * summed in order, so the result is the same to the bit for any number of workers.
 */
import { type ActorHandle, actor, get, kill } from '../../core/index.js'
import { childRandom, type RandomGenerator, type RandomState } from '../../envs/seeding.js'
import { Discrete, flatdim } from '../../envs/spaces/index.js'
import { LearningError } from '../errors.js'
import { Agent, type AgentOptions, type Iteration, resolveWorkers } from '../experiment/agent.js'
import type { AgentState } from '../experiment/checkpoint.js'
import {
  activation,
  flag,
  fraction,
  layers,
  notNegative,
  type Overrides,
  positive,
  positiveInteger,
  positiveOrNull,
  resolveHyperparameters,
  schedule,
  type Values,
} from '../experiment/hyperparameters.js'
import { explainedVariance } from '../experiment/metrics.js'
import { readConfig } from '../experiment/run-folder.js'
import { scheduled } from '../experiment/schedule.js'
import { addInto } from '../nn/arrays.js'
import { Heap } from '../nn/heap.js'
import { Adam } from '../nn/optimizers.js'
import { ActorCritic } from '../policy/actor-critic.js'
import { describeCategorical } from '../policy/description.js'
import { Policy } from '../policy/index.js'
import { Normalizer, type NormalizerDescription } from '../policy/normalizer.js'
import { allocateColumns, type ColumnLayout, type Columns, viewColumns } from '../rollout/columns.js'
import { type Environment, environment } from '../rollout/environments.js'
import { columnSpec, GRADIENT_SHARDS, type PPOColumns, PPOWorker, STATS } from './ppo-worker.js'

/** Defaults are Stable-Baselines3's. */
const HYPERPARAMETERS = {
  /** Environments stepped side by side. */
  numEnvs: positiveInteger(8),
  /** Steps of each environment between updates (the paper's T). */
  numSteps: positiveInteger(256),
  /** Samples of one minibatch (the paper's M). */
  batchSize: positiveInteger(64),
  /** Passes over a rollout's samples (the paper's K). */
  numEpochs: positiveInteger(10),
  /** Discount γ. */
  gamma: fraction(0.99),
  /** λ of generalized advantage estimation: 0 is one-step, 1 is Monte Carlo. */
  gaeLambda: fraction(0.95),
  /** Adam's step size. */
  learningRate: schedule(3e-4),
  /** ε of the clipped surrogate: how far a probability ratio may move from 1. */
  clipRange: schedule(0.2),
  /** Weight of the entropy bonus (the paper's c₂). */
  entropyCoef: notNegative(0),
  /** Weight of the mean squared error of the values (the paper's c₁). */
  valueCoef: notNegative(0.5),
  /** Gradients are scaled down to this global norm. */
  maxGradNorm: positive(0.5),
  /** Advantages are given mean 0 and deviation 1 within each minibatch. */
  normalizeAdvantage: flag(true),
  /** Observations are given mean 0 and deviation 1 by running moments, which travel inside the policy. */
  normalizeObservations: flag(false),
  /** An update stops early where the policy has moved 1.5 times further than this (approximate KL divergence); null never. */
  targetKl: positiveOrNull(null),
  /** Widths of the hidden layers, the same in actor and critic. */
  hidden: layers([64, 64]),
  activation: activation('tanh'),
}

export type PPOHyperparameters = Values<typeof HYPERPARAMETERS>

/** Stable-Baselines3 and the reference code use this instead of Adam's usual 1e-8. */
const ADAM_EPSILON = 1e-5
/** Rows that the driver's own network takes at once, when it evaluates or predicts. */
const ACTING_ROWS = 256

interface PPOState {
  readonly workers: readonly unknown[]
  readonly shuffle: RandomState
  readonly normalizer: NormalizerDescription | null
  readonly adamSteps: number
}

export class PPO extends Agent {
  override readonly algorithm = 'PPO'
  readonly #h: PPOHyperparameters
  readonly #numWorkers: number
  readonly #environment: Environment
  readonly #heap: Heap
  readonly #network: ActorCritic
  readonly #layout: ColumnLayout<PPOColumns>
  readonly #columns: Columns<PPOColumns>
  readonly #adam: Adam
  readonly #shuffle: RandomGenerator
  readonly #normalizer: Normalizer | null
  #policy: Policy | undefined
  #workers: ActorHandle<PPOWorker>[] = []
  #workerStates: readonly unknown[] | undefined

  /**
   * @param environmentId an id that `make` knows, with a Discrete action space
   * @param options hyperparameters, over the tuned preset for the environment; `seed`, `numWorkers`
   * @throws LearningError `RL_OPTION`, `RL_SPACE`; EnvError for an unknown environment
   */
  constructor(environmentId: string, options: AgentOptions & Overrides<typeof HYPERPARAMETERS> = {}) {
    const { seed, numWorkers, module, ...given } = options ?? {}
    const found = environment(environmentId)
    const { id, observationSpace, actionSpace } = found
    const resolved = resolveHyperparameters('PPO', id, HYPERPARAMETERS, given)
    const h = { ...resolved, batchSize: Math.min(resolved.batchSize, resolved.numEnvs * resolved.numSteps) }
    super(id, { seed, module }, h)
    if (!(actionSpace instanceof Discrete)) throw new LearningError('RL_SPACE', `PPO acts in Discrete spaces; ${id} has ${actionSpace}`)
    this.#h = h
    this.#numWorkers = Math.min(resolveWorkers(numWorkers), h.numEnvs)
    this.#environment = found
    const inputSize = flatdim(observationSpace)
    const actor = { sizes: [inputSize, ...h.hidden, actionSpace.n], activation: h.activation }
    const critic = { sizes: [inputSize, ...h.hidden, 1], activation: h.activation }
    this.#heap = Heap.create()
    try {
      this.#network = new ActorCritic(this.#heap, { actor, critic }, { maxBatch: ACTING_ROWS })
      this.#layout = allocateColumns(this.#heap, columnSpec(h, inputSize, this.#network.parameterCount))
      this.#columns = viewColumns(this.#heap, this.#layout)
      this.#adam = new Adam(this.#heap, this.#network.parameterCount)
    } catch (cause) {
      const sizes = `numEnvs ${h.numEnvs}, numSteps ${h.numSteps}, hidden [${h.hidden.join(', ')}]`
      throw new LearningError('RL_OPTION', `PPO: ${sizes} need more memory than there is; lower them`, { cause })
    }
    this.#normalizer = h.normalizeObservations ? new Normalizer(inputSize) : null
    this.#shuffle = childRandom(this.seed, 'shuffle')
    this.#network.initialize(this.#columns.parameters, childRandom(this.seed, 'initialisation'))
    for (let sample = 0; sample < this.#columns.order.length; sample++) this.#columns.order[sample] = sample
  }

  /**
   * Opens the run in a folder where it stopped: optimiser, environments, normaliser and random streams. `learn()` goes on with it and
   * ends with the same numbers as without the stop.
   * @throws LearningError `RL_RUN_NOT_FOUND` or `RL_RUN_INVALID`
   */
  static async resume(path: string, options: Pick<AgentOptions, 'numWorkers'> = {}): Promise<PPO> {
    const config = await readConfig(path)
    if (config.algorithm !== 'PPO') {
      throw new LearningError('RL_RUN_INVALID', `${path} is a run of ${config.algorithm}; resume it with ${config.algorithm}.resume`)
    }
    const module = config.module ?? undefined
    if (module) await import(module)
    const agent = new PPO(config.environmentId, { ...config.hyperparameters, ...options, module, seed: BigInt(config.seed) })
    await agent.restore(path)
    return agent
  }

  override get policy(): Policy {
    // Weights are live; steps and normaliser are not: the policy is made again where either has changed.
    if (this.#policy?.description.steps !== this.steps) this.#policy = this.#describePolicy()
    return this.#policy
  }

  #describePolicy(): Policy {
    const { observationSpace, actionSpace } = this.#environment
    const description = describeCategorical({
      algorithm: this.algorithm,
      environmentId: this.environmentId,
      observationSpace: observationSpace.toJSON(),
      actionSpace: actionSpace.toJSON(),
      normalizer: this.#normalizer?.describe() ?? null,
      network: this.#network.description,
      hyperparameters: this.hyperparameters,
      seed: String(this.seed),
      steps: this.steps,
    })
    return new Policy({ description, observationSpace, actionSpace }, this.#network, this.#columns.parameters)
  }

  /** One iteration of algorithm 1: roll out with π_old, then K epochs of minibatch updates of the clipped objective. */
  protected override async iterate(progress: number): Promise<Iteration> {
    try {
      return await this.#iterate(progress)
    } catch (error) {
      throw diverged(error, this.steps) ?? error
    }
  }

  async #iterate(progress: number): Promise<Iteration> {
    const { numEpochs, numEnvs, numSteps, batchSize, targetKl } = this.#h
    const learningRate = scheduled(this.#h.learningRate, progress)
    const clipRange = scheduled(this.#h.clipRange, progress)
    await this.#rollOut()

    const { order } = this.#columns
    const sums = new Float64Array(STATS.size)
    let samples = 0
    let approxKl = 0
    for (let epoch = 0; epoch < numEpochs && !(targetKl !== null && approxKl > 1.5 * targetKl); epoch++) {
      this.#shuffle.shuffle(order)
      const before = sums[STATS.approxKl]
      for (let begin = 0; begin < order.length; begin += batchSize) {
        const end = Math.min(begin + batchSize, order.length)
        await this.#update(begin, end, { learningRate, clipRange }, sums)
        samples += end - begin
      }
      approxKl = (sums[STATS.approxKl] - before) / order.length
    }
    return {
      steps: numEnvs * numSteps,
      metrics: {
        'train/learning_rate': learningRate,
        'train/clip_range': clipRange,
        'train/policy_gradient_loss': sums[STATS.policyLoss] / samples,
        'train/value_loss': sums[STATS.valueLoss] / samples,
        'train/entropy_loss': -sums[STATS.entropy] / samples,
        'train/approx_kl': sums[STATS.approxKl] / samples,
        'train/clip_fraction': sums[STATS.clipped] / samples,
        'train/explained_variance': explainedVariance(this.#columns.values, this.#columns.returns),
      },
    }
  }

  async #rollOut(): Promise<void> {
    const normalizer = this.#normalizer?.describe() ?? null
    const ends = (await get(this.#workers.map((worker) => worker.collect.remote(normalizer)))).flat()
    this.recordEpisodes(ends.sort((a, b) => a.step - b.step || a.env - b.env))
    const { numSteps, numEnvs } = this.#h
    this.#normalizer?.update(this.#columns.observations, numSteps * numEnvs)
    this.#policy = undefined
  }

  /** One minibatch: every worker differentiates its shards, the gradients are summed, Adam steps. */
  async #update(begin: number, end: number, rates: { learningRate: number; clipRange: number }, sums: Float64Array): Promise<void> {
    const { parameters, gradients, stats } = this.#columns
    await get(this.#workers.map((worker) => worker.differentiate.remote(begin, end, rates.clipRange)))
    const size = parameters.length
    const sum = gradients.subarray(0, size)
    for (let shard = 1; shard < GRADIENT_SHARDS; shard++) addInto(sum, gradients.subarray(shard * size, (shard + 1) * size))
    this.#adam.step(parameters, sum, { learningRate: rates.learningRate, epsilon: ADAM_EPSILON, maxGradNorm: this.#h.maxGradNorm })
    for (let at = 0; at < stats.length; at++) sums[at % STATS.size] += stats[at]
  }

  protected override async start(): Promise<void> {
    const setup = {
      memory: this.#heap.memory,
      layout: this.#layout,
      network: this.#network.description,
      hyperparameters: this.#h,
      environment: { id: this.environmentId, source: this.#environment.source },
      module: this.module,
      seed: this.seed,
      count: this.#workerStates?.length ?? this.#numWorkers,
    }
    const states = this.#workerStates
    this.#workerStates = undefined
    this.#workers = Array.from({ length: setup.count }, (_, index) => Workers.remote({ ...setup, index }))
    await get(this.#workers.map((worker, index) => worker.open.remote(states?.[index])))
  }

  protected override async suspend(): Promise<void> {
    this.#workerStates = await this.#collectWorkerStates()
  }

  protected override async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => kill(worker)))
    this.#workers = []
  }

  protected override async getState(): Promise<AgentState> {
    const { m, v, t } = this.#adam.state()
    const own: PPOState = {
      workers: this.#workerStates ?? (await this.#collectWorkerStates()),
      shuffle: this.#shuffle.getState(),
      normalizer: this.#normalizer?.describe() ?? null,
      adamSteps: t,
    }
    const { parameters, order } = this.#columns
    return { own, tensors: { parameters, 'adam.m': m, 'adam.v': v, order } }
  }

  protected override setState({ own, tensors }: AgentState): void {
    const { workers, shuffle, normalizer, adamSteps } = own as PPOState
    const {
      parameters,
      order,
      'adam.m': m,
      'adam.v': v,
    } = tensors as Record<'parameters' | 'adam.m' | 'adam.v', Float32Array> & { order: Int32Array }
    if (parameters.length !== this.#columns.parameters.length || order.length !== this.#columns.order.length) {
      throw new LearningError('RL_RUN_INVALID', 'the checkpoint is of another network or rollout size; start a new run')
    }
    this.#columns.parameters.set(parameters)
    this.#columns.order.set(order)
    this.#adam.load({ m, v, t: adamSteps })
    this.#shuffle.setState(shuffle)
    if (normalizer) this.#normalizer?.load(normalizer)
    this.#workerStates = workers
  }

  #collectWorkerStates(): Promise<unknown[]> {
    return get(this.#workers.map((worker) => worker.state.remote()))
  }
}

/** Kernels refuse numbers that are not finite, here or in a worker: the policy has diverged. */
function diverged(error: unknown, steps: number): LearningError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as { code?: unknown }).code !== 'NOT_FINITE') continue
    return new LearningError('RL_DIVERGED', `training diverged after ${steps} steps (${cause.message}); lower the learning rate`, {
      cause: error,
    })
  }
  return undefined
}

const Workers = actor(PPOWorker, { module: new URL('./ppo-worker.js', import.meta.url).href, numCpus: 0 })
