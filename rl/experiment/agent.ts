/**
 * What every algorithm's run shares: the loop over iterations with its progress line, log, checks, callbacks and checkpoints; acting,
 * saving, resuming. An algorithm adds `start`, `iterate`, `suspend`, `stop` and what its state consists of.
 */
import { availableParallelism } from 'node:os'
import { childRandom, type Seed, SeedSequence } from '../../envs/seeding.js'
import { LearningError } from '../errors.js'
import type { ActOptions, Observation, Policy } from '../policy/index.js'
import { type AgentState, type Episode, encodeCheckpoint, type Progressed } from './checkpoint.js'
import { type Evaluation, evaluate } from './evaluation.js'
import { checkOptions, type Rule } from './options.js'
import { preset } from './presets.js'
import { Progress, type ProgressSink } from './progress.js'
import { type MetricsRow, type RunConfig, RunFolder, readRun, STEPS_TAG } from './run-folder.js'

/** What an algorithm takes besides its hyperparameters. */
export interface AgentOptions {
  /** Everything random follows from it; drawn (and told by `agent.seed`) where not given. */
  readonly seed?: Seed
  /** Worker threads; changes the speed, never the numbers. Default: one a core. */
  readonly numWorkers?: number
  /**
   * The module that registers the environment, for one that does not come along: `new URL('./corridor.js', import.meta.url)`.
   * Each worker imports it, so what it runs at its top level runs there too.
   */
  readonly module?: string | URL
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

const isSink = (value: unknown) => typeof value === 'object' && value !== null && typeof (value as ProgressSink).write === 'function'

const LEARN_RULES: Readonly<Record<keyof LearnOptions, Rule>> = {
  progress: ['true, false, or something with write()', (value) => typeof value === 'boolean' || isSink(value)],
  logDir: ["a folder's path", (value) => typeof value === 'string' && value !== ''],
  callbacks: ['a list of functions', (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'function')],
  stopAtReturn: ['a finite number', Number.isFinite],
  signal: ['an AbortSignal', (value) => value instanceof AbortSignal],
}

/** An update as the algorithm reports it. */
export interface Iteration {
  /** Environment steps it took. */
  readonly steps: number
  readonly metrics: Readonly<Record<string, number>>
}

/** What one call of `learn` does. */
interface Plan {
  readonly fromStep: number
  readonly totalSteps: number
  readonly stopAtReturn: number | null
}

/** How often and on how many episodes `stopAtReturn` is checked. */
const EVALUATION_STEPS = 4_096
const EVALUATION_EPISODES = 100
/** A killed run loses no more than this. */
const CHECKPOINT_INTERVAL_MS = 30_000
/** Episodes that the mean return of the progress line and the log is over. */
const RECENT_EPISODES = 100

export abstract class Agent {
  abstract readonly algorithm: string
  /** The policy as it is now. Acts on the live weights; `save` what should stay. */
  abstract readonly policy: Policy
  readonly environmentId: string
  readonly module: string | null
  readonly seed: Seed
  readonly hyperparameters: Readonly<Record<string, unknown>>
  #steps = 0
  #updates = 0
  #recent: Episode[] = []
  #evaluation: Evaluation | undefined
  #solved = false
  #learning = false
  /** The run that `restore` opened and the next `learn` goes on with. */
  #resumed: { readonly path: string; readonly config: RunConfig } | undefined

  constructor(environmentId: string, { seed, module }: AgentOptions, hyperparameters: object) {
    this.environmentId = environmentId
    this.module = module === undefined ? null : String(module)
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

  /** Whether the last run ended because its `stopAtReturn` was reached. */
  get solved(): boolean {
    return this.#solved
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
   * On an agent from `resume` it goes on with the run: `totalSteps` and `stopAtReturn` are those of the whole run, by default what it was
   * started with; nothing happens where it had ended.
   * @throws LearningError `RL_OPTION`, `RL_BUSY`, `RL_RUN_EXISTS`, `RL_RUN_BUSY`, `RL_RUN_UNWRITABLE`, `RL_DIVERGED`; whatever a callback throws
   */
  async learn(totalSteps?: number, options: LearnOptions = {}): Promise<this> {
    checkOptions('learn()', options, LEARN_RULES)
    if (this.#learning) throw new LearningError('RL_BUSY', 'this agent is learning already; await that learn() before the next')
    const plan = this.#plan(totalSteps, options)
    if (this.#resumed && (this.#solved || this.#left(plan) <= 0)) return this
    if (options.logDir !== undefined) RunFolder.refuseExisting(options.logDir)
    this.#learning = true
    const line = options.progress ? new Progress(this.#steps, options.progress === true ? undefined : options.progress) : undefined
    const show = () => ({ steps: this.#steps - plan.fromStep, totalSteps: plan.totalSteps, meanReturn: this.meanReturn })
    let folder: RunFolder | undefined
    try {
      await this.start()
      folder = await this.#openFolder(plan, options.logDir)
      this.#solved = false
      await this.#run(plan, options, folder, () => line?.update(show()))
      await this.suspend()
      if (folder) await this.#keep(folder)
    } finally {
      line?.finish(show())
      await this.stop()
      await folder?.close()
      this.#resumed = undefined
      this.#learning = false
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

  /** Puts the agent where a run's newest whole checkpoint is; the next `learn` goes on in that folder. */
  protected async restore(path: string): Promise<void> {
    const { config, checkpoint } = await readRun(path)
    const { progressed, state } = checkpoint
    if (progressed.identity !== this.#identity()) {
      throw new LearningError(
        'RL_RUN_INVALID',
        `${path}/config.json was changed after its checkpoint was written (${progressed.identity}); change it back, or start a new run`,
      )
    }
    this.#steps = progressed.steps
    this.#updates = progressed.updates
    this.#recent = [...progressed.recent]
    this.#solved = progressed.solved
    this.setState(state)
    this.#resumed = { path, config }
  }

  protected recordEpisodes(episodes: readonly Episode[]): void {
    this.#recent.push(...episodes.map(({ return: total, length }) => ({ return: total, length })))
    this.#recent.splice(0, this.#recent.length - RECENT_EPISODES)
  }

  #plan(totalSteps: number | undefined, options: LearnOptions): Plan {
    const resumed = this.#resumed?.config
    const total = totalSteps ?? resumed?.totalSteps ?? preset(this.algorithm, this.environmentId)?.totalSteps
    if (total === undefined) {
      throw new LearningError(
        'RL_OPTION',
        `${this.environmentId} has no preset; say how many environment steps to train for (--steps, learn(steps))`,
      )
    }
    if (!Number.isSafeInteger(total) || total < 1) {
      throw new LearningError('RL_OPTION', `learn() takes the number of environment steps to train for, at least 1; got ${total}`)
    }
    if (resumed && options.logDir !== undefined) {
      throw new LearningError('RL_OPTION', `a resumed run goes on in its own folder, ${this.#resumed?.path}; leave logDir out`)
    }
    const stopAtReturn = options.stopAtReturn ?? resumed?.stopAtReturn ?? null
    return { fromStep: resumed?.fromStep ?? this.#steps, totalSteps: total, stopAtReturn }
  }

  #left({ fromStep, totalSteps }: Plan): number {
    return fromStep + totalSteps - this.#steps
  }

  async #openFolder(plan: Plan, logDir: string | undefined): Promise<RunFolder | undefined> {
    const { algorithm, environmentId, module, hyperparameters } = this
    const config: RunConfig = { algorithm, environmentId, module, seed: String(this.seed), hyperparameters, ...plan }
    if (this.#resumed) return RunFolder.reopen(this.#resumed.path, config, this.#steps)
    if (logDir === undefined) return undefined
    const folder = await RunFolder.create(logDir, config)
    // From the first moment on there is something to resume from.
    await this.#keep(folder)
    return folder
  }

  async #run(plan: Plan, options: LearnOptions, folder: RunFolder | undefined, onUpdate: () => void): Promise<void> {
    let keptAt = performance.now()
    let going = true
    while (going && !options.signal?.aborted && this.#left(plan) > 0) {
      const startedAt = performance.now()
      const { steps, metrics } = await this.iterate(1 - this.#left(plan) / plan.totalSteps)
      const stepsPerSecond = steps / ((performance.now() - startedAt) / 1000)
      const due = Math.floor((this.#steps + steps) / EVALUATION_STEPS) > Math.floor(this.#steps / EVALUATION_STEPS)
      this.#steps += steps
      this.#updates++
      onUpdate()
      try {
        going = await this.#afterUpdate(metrics, stepsPerSecond, due, plan, options, folder)
        if (folder && performance.now() - keptAt > CHECKPOINT_INTERVAL_MS) {
          await this.#keep(folder)
          keptAt = performance.now()
        }
      } catch (error) {
        // The update itself is whole: what can still be kept is, before the error is told.
        if (folder) await this.#keep(folder).catch(() => {})
        throw error
      }
    }
  }

  /** Logs, checks and tells of an update; false ends the training. */
  async #afterUpdate(
    metrics: Iteration['metrics'],
    stepsPerSecond: number,
    due: boolean,
    { totalSteps, stopAtReturn }: Plan,
    { callbacks = [] }: LearnOptions,
    folder: RunFolder | undefined,
  ): Promise<boolean> {
    const evaluation = stopAtReturn !== null && due ? await this.#evaluate() : undefined
    this.#solved = stopAtReturn !== null && evaluation !== undefined && evaluation.meanReward >= stopAtReturn
    const evaluated = evaluation && { 'eval/mean_reward': evaluation.meanReward, 'eval/mean_ep_length': evaluation.meanLength }
    const row = this.#row({ ...metrics, ...evaluated }, stepsPerSecond)
    folder?.log(row)
    let going = !this.#solved
    for (const callback of callbacks) {
      const answer = await callback({ agent: this, steps: this.#steps, totalSteps, metrics: row })
      going &&= answer !== false
    }
    return going
  }

  async #evaluate(): Promise<Evaluation> {
    const seed = childRandom(this.seed, `evaluation/${this.#steps}`).integers(2 ** 31)
    this.#evaluation = await evaluate(this.policy, this.environmentId, { episodes: EVALUATION_EPISODES, seed })
    return this.#evaluation
  }

  #row(metrics: Iteration['metrics'], stepsPerSecond: number): MetricsRow {
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

  #identity(): string {
    const { algorithm, environmentId, hyperparameters } = this
    return JSON.stringify({ algorithm, environmentId, seed: String(this.seed), hyperparameters })
  }

  async #keep(folder: RunFolder): Promise<void> {
    const progressed: Progressed = {
      steps: this.#steps,
      updates: this.#updates,
      recent: this.#recent,
      solved: this.#solved,
      identity: this.#identity(),
    }
    await folder.saveCheckpoint(this.#steps, encodeCheckpoint({ progressed, state: await this.getState() }))
    await folder.savePolicy(this.policy.toBytes())
  }
}

/** @throws LearningError `RL_OPTION` */
export function resolveWorkers(numWorkers: number = availableParallelism()): number {
  if (Number.isSafeInteger(numWorkers) && numWorkers >= 1) return numWorkers
  throw new LearningError('RL_OPTION', `numWorkers is ${numWorkers}; expected a whole number of at least 1`)
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
