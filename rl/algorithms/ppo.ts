/**
 * Proximal policy optimization (Schulman et al., 2017, arXiv:1707.06347), clipped surrogate objective, algorithm 1.
 *
 * `PPOWorker` is an actor: it runs a slice of the environments and computes gradients of a share of each minibatch.
 * `PPO` is the driver: it anneals, has the workers roll out and differentiate, sums their gradients and steps Adam.
 * All columns, parameters and gradients lie in one shared memory; what crosses threads are numbers.
 *
 * Every environment has its own random streams and every minibatch is cut into the same `GRADIENT_SHARDS` whose gradients are
 * summed in order, so the result is the same to the bit for any number of workers.
 */
import { type ActorHandle, actor, get, kill } from '../../core/index.js'
import { childRandom, type RandomGenerator, type RandomState, type Seed } from '../../envs/seeding.js'
import { Discrete, flatdim } from '../../envs/spaces/index.js'
import { LearningError } from '../errors.js'
import { Agent, type AgentOptions, type AgentState, type Iteration, resolveWorkers } from '../experiment/agent.js'
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
import { addInto, gatherRows } from '../nn/arrays.js'
import { Heap } from '../nn/heap.js'
import { PPO_STATS, ppoCategorical, valueLoss } from '../nn/losses.js'
import { Adam } from '../nn/optimizers.js'
import { ActorCritic, type ActorCriticDescription } from '../policy/actor-critic.js'
import { describeCategorical } from '../policy/description.js'
import { Policy } from '../policy/index.js'
import { Normalizer, type NormalizerDescription } from '../policy/normalizer.js'
import { allocateColumns, type ColumnLayout, type Columns, viewColumns } from '../rollout/columns.js'
import { type EnvironmentSpaces, environmentSpaces } from '../rollout/environments.js'
import { type EpisodeEnd, Rollout } from '../rollout/rollout.js'

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

/** Parts that a minibatch is cut into: more workers than this bring rollouts further, not updates. */
const GRADIENT_SHARDS = 4
/** Stable-Baselines3 and the reference code use this instead of Adam's usual 1e-8. */
const ADAM_EPSILON = 1e-5
/** Keeps a minibatch whose advantages are all equal from dividing by zero. */
const ADVANTAGE_EPSILON = 1e-8
/** Per-shard sums over a minibatch: what the losses add up. */
const STATS = { ...PPO_STATS, valueLoss: 4, size: 5 } as const
/** Rows that the driver's own network takes at once, when it evaluates or predicts. */
const ACTING_ROWS = 256

/** Rows of the columns are time-major: sample (t, i) is row `t * numEnvs + i`. */
const columnSpec = (h: PPOHyperparameters, inputSize: number, parameterCount: number) => {
  const samples = h.numSteps * h.numEnvs
  return {
    /** Raw observations `[numSteps + 1, numEnvs, inputSize]`; the last row is where the next rollout begins. */
    observations: ['float32', (h.numSteps + 1) * h.numEnvs * inputSize],
    /** What the networks saw: the observations, normalised where asked for. */
    inputs: ['float32', samples * inputSize],
    actions: ['int32', samples],
    logProbs: ['float32', samples],
    values: ['float32', samples],
    rewards: ['float32', samples],
    terminated: ['uint8', samples],
    truncated: ['uint8', samples],
    /** V of the final observation where truncated. */
    finalValues: ['float32', samples],
    advantages: ['float32', samples],
    returns: ['float32', samples],
    /** The samples in the order of this epoch. */
    order: ['int32', samples],
    parameters: ['float32', parameterCount],
    gradients: ['float32', GRADIENT_SHARDS * parameterCount],
    stats: ['float64', GRADIENT_SHARDS * STATS.size],
  } as const
}
type PPOColumns = ReturnType<typeof columnSpec>

/** Everything a worker needs; plain data and the shared memory. */
export interface PPOWorkerSetup {
  memory: WebAssembly.Memory
  layout: ColumnLayout<PPOColumns>
  network: ActorCriticDescription
  hyperparameters: PPOHyperparameters
  environmentId: string
  seed: Seed
  /** Which worker of how many this is. */
  index: number
  count: number
}

/** One slice of the environments and one share of each minibatch; runs as an actor. */
export class PPOWorker {
  readonly #h: PPOHyperparameters
  readonly #shards: number[]
  readonly #columns: Columns<PPOColumns>
  readonly #network: ActorCritic
  readonly #rollout: Rollout
  readonly #batch: ReturnType<typeof gatheredBatch>

  constructor({ memory, layout, network, hyperparameters: h, environmentId, seed, index, count }: PPOWorkerSetup) {
    const heap = Heap.attach(memory)
    const slice = (i: number) => Math.floor((i * h.numEnvs) / count)
    const range = [slice(index), slice(index + 1)] as const
    const shardRows = Math.ceil(h.batchSize / GRADIENT_SHARDS)
    this.#h = h
    this.#shards = Array.from({ length: GRADIENT_SHARDS }, (_, shard) => shard).filter((shard) => shard % count === index)
    this.#columns = viewColumns(heap, layout)
    this.#network = new ActorCritic(heap, network, { maxBatch: Math.max(shardRows, range[1] - range[0]) })
    this.#rollout = new Rollout(this.#columns, this.#network, { ...h, environmentId, seed, range })
    this.#batch = gatheredBatch(heap, shardRows, network.actor.sizes[0], network.actor.sizes.at(-1)!)
  }

  /** Steps the environments through one rollout and estimates its advantages. */
  collect(normalizer: NormalizerDescription | null): EpisodeEnd[] {
    return this.#rollout.collect(normalizer)
  }

  /** Gradients of the samples `order[begin, end)` that fall to this worker's shards, each into its shard's row of `gradients`. */
  differentiate(begin: number, end: number, clipRange: number): void {
    const rows = Math.ceil((end - begin) / GRADIENT_SHARDS)
    const scaling = this.#advantageScaling(begin, end)
    for (const shard of this.#shards) {
      const from = Math.min(begin + shard * rows, end)
      this.#differentiateShard(shard, from, Math.min(from + rows, end), end - begin, clipRange, scaling)
    }
  }

  state(): unknown {
    return this.#rollout.getState()
  }

  restore(state: unknown): void {
    this.#rollout.setState(state)
  }

  /** Mean and 1/deviation of the whole minibatch's advantages (unbiased, as PyTorch's `std`). */
  #advantageScaling(begin: number, end: number): { mean: number; scale: number } {
    if (!this.#h.normalizeAdvantage || end - begin < 2) return { mean: 0, scale: 1 }
    const { order, advantages } = this.#columns
    let mean = 0
    for (let at = begin; at < end; at++) mean += advantages[order[at]]
    mean /= end - begin
    let squares = 0
    for (let at = begin; at < end; at++) squares += (advantages[order[at]] - mean) ** 2
    return { mean, scale: 1 / (Math.sqrt(squares / (end - begin - 1)) + ADVANTAGE_EPSILON) }
  }

  #differentiateShard(
    shard: number,
    from: number,
    to: number,
    total: number,
    clipRange: number,
    scaling: { mean: number; scale: number },
  ): void {
    const { entropyCoef, valueCoef } = this.#h
    const { order, inputs, actions, logProbs, advantages, returns, parameters, gradients, stats } = this.#columns
    const batch = this.#batch
    const n = to - from
    const rows = order.subarray(from, to)
    gatherRows(inputs, rows, batch.inputs, n, batch.inputSize)
    for (let row = 0; row < n; row++) {
      const sample = rows[row]
      batch.actions[row] = actions[sample]
      batch.logProbs[row] = logProbs[sample]
      batch.advantages[row] = (advantages[sample] - scaling.mean) * scaling.scale
      batch.returns[row] = returns[sample]
    }

    const { actor, critic } = this.#network
    if (!critic) throw new LearningError('RL_SPACE', 'PPO needs a critic')
    const gradient = gradients.subarray(shard * parameters.length, (shard + 1) * parameters.length)
    const shardStats = stats.subarray(shard * STATS.size, (shard + 1) * STATS.size)
    gradient.fill(0)
    shardStats.fill(0)
    const network = this.#network
    const logits = actor.forward(network.actorPart(parameters), batch.inputs, n)
    const k = batch.numActions
    const { actions: taken, logProbs: oldLogProbs, advantages: scaled } = batch
    // L^CLIP and the entropy bonus (eq. 7 and 9), as means over the whole minibatch: shards add up.
    ppoCategorical(
      { logits, actions: taken, oldLogProbs, advantages: scaled, n, k, clipRange, entropyCoef, total },
      batch.dLogits,
      shardStats,
    )
    actor.backward(network.actorPart(parameters), network.actorPart(gradient), batch.inputs, batch.dLogits, n)
    // L^VF (eq. 9)
    const values = critic.forward(network.criticPart(parameters), batch.inputs, n)
    shardStats[STATS.valueLoss] = valueLoss({ values, returns: batch.returns, n, coef: valueCoef, total }, batch.dValues)
    critic.backward(network.criticPart(parameters), network.criticPart(gradient), batch.inputs, batch.dValues, n)
  }
}

function gatheredBatch(heap: Heap, rows: number, inputSize: number, numActions: number) {
  return {
    inputSize,
    numActions,
    inputs: heap.float32(rows * inputSize),
    actions: heap.int32(rows),
    logProbs: heap.float32(rows),
    advantages: heap.float32(rows),
    returns: heap.float32(rows),
    dLogits: heap.float32(rows * numActions),
    dValues: heap.float32(rows),
  }
}

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
  readonly #spaces: EnvironmentSpaces
  readonly #heap: Heap
  readonly #network: ActorCritic
  readonly #layout: ColumnLayout<PPOColumns>
  readonly #columns: Columns<PPOColumns>
  readonly #adam: Adam
  readonly #shuffle: RandomGenerator
  readonly #normalizer: Normalizer | null
  #workers: ActorHandle<PPOWorker>[] = []
  #workerStates: readonly unknown[] | undefined

  /**
   * @param environmentId an id that `make` knows, with a Discrete action space
   * @param options hyperparameters, over the tuned preset for the environment; `seed`, `numWorkers`
   * @throws LearningError `RL_OPTION`, `RL_SPACE`; EnvError for an unknown environment
   */
  constructor(environmentId: string, { seed, numWorkers, ...given }: AgentOptions & Overrides<typeof HYPERPARAMETERS> = {}) {
    const h = resolveHyperparameters('PPO', environmentId, HYPERPARAMETERS, given)
    super(environmentId, seed, h)
    this.#h = h
    this.#numWorkers = Math.min(resolveWorkers(numWorkers), h.numEnvs)
    this.#spaces = environmentSpaces(environmentId)
    const { observationSpace, actionSpace } = this.#spaces
    if (!(actionSpace instanceof Discrete)) {
      throw new LearningError('RL_SPACE', `PPO acts in Discrete spaces; ${environmentId} has ${actionSpace}`)
    }
    const inputSize = flatdim(observationSpace)
    this.#heap = Heap.create()
    this.#network = new ActorCritic(
      this.#heap,
      {
        actor: { sizes: [inputSize, ...h.hidden, actionSpace.n], activation: h.activation },
        critic: { sizes: [inputSize, ...h.hidden, 1], activation: h.activation },
      },
      { maxBatch: ACTING_ROWS },
    )
    this.#layout = allocateColumns(this.#heap, columnSpec(h, inputSize, this.#network.parameterCount))
    this.#columns = viewColumns(this.#heap, this.#layout)
    this.#adam = new Adam(this.#heap, this.#network.parameterCount)
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
    const agent = new PPO(config.environmentId, { ...config.hyperparameters, ...options, seed: BigInt(config.seed) })
    await agent.restore(path)
    return agent
  }

  override get policy(): Policy {
    const { observationSpace, actionSpace } = this.#spaces
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
      environmentId: this.environmentId,
      seed: this.seed,
      count: this.#workerStates?.length ?? this.#numWorkers,
    }
    const states = this.#workerStates
    this.#workerStates = undefined
    this.#workers = Array.from({ length: setup.count }, (_, index) => Workers.remote({ ...setup, index }))
    if (states) await get(this.#workers.map((worker, index) => worker.restore.remote(states[index])))
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

const Workers = actor(PPOWorker, { module: import.meta.url, numCpus: 0 })
