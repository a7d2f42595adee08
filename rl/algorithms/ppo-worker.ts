/**
 * PPO's worker: an actor that steps a slice of the environments and differentiates a share of each minibatch. It shares all columns,
 * parameters and gradients with the driver (ppo.ts) in one memory; what crosses threads are numbers.
 */
import type { Seed } from '../../envs/seeding.js'
import { LearningError } from '../errors.js'
import { gatherRows } from '../nn/arrays.js'
import { Heap } from '../nn/heap.js'
import { PPO_STATS, ppoCategorical, valueLoss } from '../nn/losses.js'
import { ActorCritic, type ActorCriticDescription } from '../policy/actor-critic.js'
import type { NormalizerDescription } from '../policy/normalizer.js'
import { type ColumnLayout, type Columns, viewColumns } from '../rollout/columns.js'
import { type Environment, importEnvironment } from '../rollout/environments.js'
import { type EpisodeEnd, Rollout } from '../rollout/rollout.js'

/** Parts that a minibatch is cut into: more workers than this bring rollouts further, not updates. */
export const GRADIENT_SHARDS = 4
/** Per-shard sums over a minibatch: what the losses add up. */
export const STATS = { ...PPO_STATS, valueLoss: 4, size: 5 } as const
/** Keeps a minibatch whose advantages are all equal from dividing by zero. */
const ADVANTAGE_EPSILON = 1e-8

/** The hyperparameters that workers use; ppo.ts says what each is. */
interface WorkerHyperparameters {
  readonly numEnvs: number
  readonly numSteps: number
  readonly batchSize: number
  readonly gamma: number
  readonly gaeLambda: number
  readonly entropyCoef: number
  readonly valueCoef: number
  readonly normalizeAdvantage: boolean
}

/** Rows of the columns are time-major: sample (t, i) is row `t * numEnvs + i`. */
export const columnSpec = (h: WorkerHyperparameters, inputSize: number, parameterCount: number) => {
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
export type PPOColumns = ReturnType<typeof columnSpec>

/** Everything a worker needs; plain data and the shared memory. */
export interface PPOWorkerSetup {
  memory: WebAssembly.Memory
  layout: ColumnLayout<PPOColumns>
  network: ActorCriticDescription
  hyperparameters: WorkerHyperparameters
  environment: Pick<Environment, 'id' | 'source'>
  module: string | null
  seed: Seed
  /** Which worker of how many this is. */
  index: number
  count: number
}

/** One slice of the environments and one share of each minibatch; runs as an actor. */
export class PPOWorker {
  readonly #h: WorkerHyperparameters
  readonly #shards: number[]
  readonly #columns: Columns<PPOColumns>
  readonly #network: ActorCritic
  readonly #setup: PPOWorkerSetup
  readonly #range: readonly [number, number]
  #rollout!: Rollout
  readonly #batch: ReturnType<typeof gatheredBatch>

  constructor(setup: PPOWorkerSetup) {
    const { memory, layout, network, hyperparameters: h, index, count } = setup
    const heap = Heap.attach(memory)
    const slice = (i: number) => Math.floor((i * h.numEnvs) / count)
    this.#setup = setup
    this.#range = [slice(index), slice(index + 1)]
    const shardRows = Math.ceil(h.batchSize / GRADIENT_SHARDS)
    this.#h = h
    this.#shards = Array.from({ length: GRADIENT_SHARDS }, (_, shard) => shard).filter((shard) => shard % count === index)
    this.#columns = viewColumns(heap, layout)
    this.#network = new ActorCritic(heap, network, { maxBatch: Math.max(shardRows, this.#range[1] - this.#range[0]) })
    this.#batch = gatheredBatch(heap, shardRows, network.actor.sizes[0], network.actor.sizes.at(-1)!)
  }

  /** Makes this worker's environments, in the given state where there is one. */
  async open(state?: unknown): Promise<void> {
    const { environment, module, seed } = this.#setup
    await importEnvironment(environment, module)
    this.#rollout = new Rollout(this.#columns, this.#network, { ...this.#h, environmentId: environment.id, seed, range: this.#range })
    if (state !== undefined) this.#rollout.setState(state)
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
