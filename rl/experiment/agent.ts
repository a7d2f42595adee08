/**
 * What every algorithm's run shares: the loop over iterations with its progress line, log, callbacks and checkpoints; acting, saving,
 * resuming. An algorithm adds `start`, `iterate`, `stop` and what its state consists of.
 */
import { availableParallelism } from 'node:os'
import { deserialize, serialize } from 'node:v8'
import { childRandom, type Seed, SeedSequence } from '../../envs/seeding.js'
import { LearningError } from '../errors.js'
import type { ActOptions, Observation, Policy } from '../policy/index.js'
import { decodeSafetensors, encodeSafetensors, type Tensor, type TensorData } from '../policy/safetensors.js'
import { type Evaluation, evaluate } from './evaluation.js'
import { preset } from './presets.js'
import { Progress, type ProgressSink } from './progress.js'
import { type MetricsRow, RunFolder, STEPS_TAG } from './run-folder.js'

/** What an algorithm takes besides its hyperparameters. */
export interface AgentOptions {
  /** Everything random follows from it; drawn (and told by `agent.seed`) where not given. */
  readonly seed?: Seed
  /** Worker threads; changes the speed, never the numbers. Default: one a core. */
  readonly numWorkers?: number
}

interface RunOptions extends Pick<LearnOptions, 'signal'> {
  readonly folder: RunFolder | undefined
  readonly callbacks: readonly Callback[]
  readonly stopAtReturn: number | null
  readonly onUpdate: () => void
}

/** Called after each update; `false` ends the training. */
export type Callback = (update: Update) => unknown

export interface Update {
  readonly agent: Agent
  readonly steps: number
  readonly totalSteps: number
  readonly metrics: MetricsRow
}

export interface LearnOptions {
  /** Show a line of progress (on stderr, or where given). */
  readonly progress?: boolean | ProgressSink
  /** Keep the run in this folder: config, metrics, checkpoints, policy. */
  readonly logDir?: string
  readonly callbacks?: readonly Callback[]
  /**
   * Ends the training once the greedy mean return over 100 fresh episodes reaches this; checked every 4,096 steps. The episodes' seeds
   * are a stream apart from every training environment's. A resumed run keeps the value it was started with.
   */
  readonly stopAtReturn?: number
  /** Ends the training after the update under way; the run in `logDir` can be resumed. */
  readonly signal?: AbortSignal
}

/** How often and on how many episodes `stopAtReturn` is checked. */
const EVALUATION_STEPS = 4_096
const EVALUATION_EPISODES = 100

/** An update as the algorithm reports it. */
export interface Iteration {
  /** Environment steps it took. */
  readonly steps: number
  readonly metrics: Readonly<Record<string, number>>
}

/** A state that continues to the bit: what can be cloned structurally, and large arrays by name. */
export interface AgentState {
  readonly own: unknown
  readonly tensors: Readonly<Record<string, TensorData>>
}

const CHECKPOINT_KEY = 'gymnura-checkpoint'
const CHECKPOINT_VERSION = 1
/** The tensor that holds the algorithm's own state, as V8 serialises it: environments may keep more than JSON can say. */
const OWN_TENSOR = 'own'
/** A killed run loses no more than this. */
const CHECKPOINT_INTERVAL_MS = 30_000
/** Episodes that the mean return of the progress line and the log is over. */
const RECENT_EPISODES = 100

interface CheckpointJson {
  readonly version: number
  readonly steps: number
  readonly updates: number
  readonly recent: Episode[]
}

export interface Episode {
  readonly return: number
  readonly length: number
}

export abstract class Agent {
  abstract readonly algorithm: string
  /** The policy as it is now. Acts on the live weights; `save` what should stay. */
  abstract readonly policy: Policy
  readonly environmentId: string
  readonly seed: Seed
  readonly hyperparameters: Readonly<Record<string, unknown>>
  #steps = 0
  #updates = 0
  #recent: Episode[] = []
  #evaluation: Evaluation | undefined
  #resumed: RunFolder | undefined

  constructor(environmentId: string, seed: Seed | undefined, hyperparameters: object) {
    this.environmentId = environmentId
    this.seed = seed ?? new SeedSequence().entropy
    this.hyperparameters = { ...hyperparameters }
  }

  /** Environment steps taken so far. */
  get steps(): number {
    return this.#steps
  }

  /** Mean return of the last 100 training episodes; undefined before the first has ended. */
  get meanReturn(): number | undefined {
    return this.#recent.length ? mean(this.#recent.map((episode) => episode.return)) : undefined
  }

  /** The last check of `stopAtReturn`. */
  get evaluation(): Evaluation | undefined {
    return this.#evaluation
  }

  /** Starts what an iteration needs (workers), from the state as it is. */
  protected abstract start(): Promise<void>
  /** One rollout and update; `progress` is the share of training done, 0 to 1. */
  protected abstract iterate(progress: number): Promise<Iteration>
  /** Takes back the state that workers hold, so that a later `start` goes on from it. */
  protected abstract suspend(): Promise<void>
  /** Ends what `start` began. */
  protected abstract stop(): Promise<void>
  protected abstract getState(): Promise<AgentState>
  protected abstract setState(state: AgentState): void

  /**
   * Trains for `totalSteps` environment steps (rounded up to whole updates), by default those of the environment's preset.
   * On an agent from `resume` it is the total of the whole run, by default the one it was started with.
   * @throws LearningError `RL_RUN_EXISTS`, `RL_DIVERGED`; whatever a callback throws
   */
  async learn(totalSteps?: number, options: LearnOptions = {}): Promise<this> {
    const { progress, logDir, callbacks = [], signal } = options
    const before = this.#resumed ? 0 : this.#steps
    const total = totalSteps ?? this.#resumed?.config.totalSteps ?? preset(this.algorithm, this.environmentId)?.totalSteps
    if (total === undefined || !Number.isSafeInteger(total) || total < 1) {
      throw new LearningError('RL_OPTION', `learn() takes the number of environment steps to train for, at least 1; got ${total}`)
    }
    const stopAtReturn = options.stopAtReturn ?? this.#resumed?.config.stopAtReturn ?? null
    const folder = await this.#openFolder(total, stopAtReturn, logDir)
    const line = progress ? new Progress(this.#steps, progress === true ? undefined : progress) : undefined
    const shown = () => ({ steps: this.#steps - before, totalSteps: total, meanReturn: this.meanReturn })
    try {
      await this.start()
      await this.#run(before, total, { folder, callbacks, signal, stopAtReturn, onUpdate: () => line?.update(shown()) })
      await this.suspend()
      if (folder) await this.#keep(folder)
    } finally {
      line?.finish(shown())
      await this.stop()
      folder?.close()
      this.#resumed = undefined
    }
    return this
  }

  /** The action for one observation: `[action, state]`. See `Policy.predict`. */
  predict(observation: Observation, options?: ActOptions): [action: number, state: undefined] {
    return this.policy.predict(observation, options)
  }

  /** Writes the policy to a `.safetensors` file, whole or not at all. */
  save(path: string): Promise<void> {
    return this.policy.save(path)
  }

  /** Puts the agent where a run's newest checkpoint is; the next `learn` goes on in that folder. */
  protected async restore(path: string): Promise<void> {
    const { folder, checkpoint } = await RunFolder.reopen(path)
    const { metadata, tensors } = decodeSafetensors(checkpoint)
    const json: CheckpointJson = JSON.parse(metadata[CHECKPOINT_KEY] ?? '{}')
    if (json.version !== CHECKPOINT_VERSION) {
      throw new LearningError(
        'RL_RUN_INVALID',
        `the newest checkpoint of ${path} has version ${json.version}; expected ${CHECKPOINT_VERSION}`,
      )
    }
    const { [OWN_TENSOR]: own, ...rest } = Object.fromEntries(Array.from(tensors.values(), ({ name, data }) => [name, data]))
    this.setState({ own: deserialize(own as Uint8Array), tensors: rest })
    this.#steps = json.steps
    this.#updates = json.updates
    this.#recent = json.recent
    this.#resumed = folder
  }

  protected recordEpisodes(episodes: readonly Episode[]): void {
    this.#recent.push(...episodes.map(({ return: total, length }) => ({ return: total, length })))
    this.#recent.splice(0, this.#recent.length - RECENT_EPISODES)
  }

  async #openFolder(totalSteps: number, stopAtReturn: number | null, logDir: string | undefined): Promise<RunFolder | undefined> {
    if (this.#resumed) return this.#resumed
    if (!logDir) return undefined
    const { algorithm, environmentId, hyperparameters } = this
    return RunFolder.create(logDir, { algorithm, environmentId, seed: String(this.seed), totalSteps, stopAtReturn, hyperparameters })
  }

  async #run(before: number, total: number, { folder, callbacks, signal, stopAtReturn, onUpdate }: RunOptions): Promise<void> {
    let keptAt = performance.now()
    let going = true
    while (going && !signal?.aborted && this.#steps - before < total) {
      const startedAt = performance.now()
      const { steps, metrics } = await this.iterate((this.#steps - before) / total)
      const stepsPerSecond = steps / ((performance.now() - startedAt) / 1000)
      const due = Math.floor((this.#steps + steps) / EVALUATION_STEPS) > Math.floor(this.#steps / EVALUATION_STEPS)
      this.#steps += steps
      this.#updates++
      onUpdate()
      const evaluated = stopAtReturn !== null && due ? await this.#evaluate() : undefined
      const row = this.#row({ ...metrics, ...evaluated }, stepsPerSecond)
      folder?.log(row)
      if (stopAtReturn !== null && evaluated && evaluated['eval/mean_reward'] >= stopAtReturn) going = false
      for (const callback of callbacks) {
        const answer = await callback({ agent: this, steps: this.#steps, totalSteps: total, metrics: row })
        going &&= answer !== false
      }
      if (folder && performance.now() - keptAt > CHECKPOINT_INTERVAL_MS) {
        await this.#keep(folder)
        keptAt = performance.now()
      }
    }
  }

  async #evaluate(): Promise<{ 'eval/mean_reward': number; 'eval/mean_ep_length': number }> {
    const seed = childRandom(this.seed, `evaluation/${this.#steps}`).integers(2 ** 31)
    this.#evaluation = await evaluate(this.policy, this.environmentId, { episodes: EVALUATION_EPISODES, seed })
    return { 'eval/mean_reward': this.#evaluation.meanReward, 'eval/mean_ep_length': this.#evaluation.meanLength }
  }

  #row(metrics: Readonly<Record<string, number>>, stepsPerSecond: number): MetricsRow {
    const broken = Object.entries(metrics).find(([, value]) => !Number.isFinite(value))
    if (broken) {
      throw new LearningError('RL_DIVERGED', `${broken[0]} became ${broken[1]} after ${this.#steps} steps; lower the learning rate`)
    }
    const episodes = this.#recent.length > 0 && {
      'rollout/ep_rew_mean': this.meanReturn!,
      'rollout/ep_len_mean': mean(this.#recent.map((episode) => episode.length)),
    }
    return { [STEPS_TAG]: this.#steps, 'time/iterations': this.#updates, 'time/fps': Math.round(stepsPerSecond), ...episodes, ...metrics }
  }

  async #keep(folder: RunFolder): Promise<void> {
    const { own, tensors } = await this.getState()
    const json: CheckpointJson = { version: CHECKPOINT_VERSION, steps: this.#steps, updates: this.#updates, recent: this.#recent }
    const all = Object.entries({ ...tensors, [OWN_TENSOR]: new Uint8Array(serialize(own)) })
    const listed = all.map(([name, data]): Tensor => ({ name, shape: [data.length], data }))
    await folder.saveCheckpoint(this.#steps, encodeSafetensors(listed, { [CHECKPOINT_KEY]: JSON.stringify(json) }))
    await folder.savePolicy(this.policy.toBytes())
  }
}

/** @throws LearningError `RL_OPTION` */
export function resolveWorkers(numWorkers: number = availableParallelism()): number {
  if (Number.isSafeInteger(numWorkers) && numWorkers >= 1) return numWorkers
  throw new LearningError('RL_OPTION', `numWorkers is ${numWorkers}; expected a whole number of at least 1`)
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
