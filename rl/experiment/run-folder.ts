/**
 * A run on disk: `config.json`, `metrics.jsonl` (a row an update), TensorBoard event files, `checkpoints/`, `policy.safetensors`.
 * One process at a time writes to it; `run.lock` holds its pid.
 */
import { appendFileSync, existsSync, truncateSync } from 'node:fs'
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LearningError } from '../errors.js'
import { writeFileAtomically } from '../policy/files.js'
import { type Checkpoint, decodeCheckpoint } from './checkpoint.js'
import { EventFileWriter } from './tensorboard.js'

/** What `config.json` keeps: enough to start the same run again. */
export interface RunConfig {
  readonly algorithm: string
  readonly environmentId: string
  /** The module that registers the environment, as a URL; null for one that comes along. */
  readonly module: string | null
  /** A string, since seeds may have 128 bits. */
  readonly seed: string
  readonly hyperparameters: Readonly<Record<string, unknown>>
  /** Steps the agent had taken when the run began; 0 unless it had learned before. */
  readonly fromStep: number
  /** Steps that the run takes. */
  readonly totalSteps: number
  /** The run ends once its greedy mean return reaches this; null: it goes on to `totalSteps`. */
  readonly stopAtReturn: number | null
}

/** One row of `metrics.jsonl`; tags are Stable-Baselines3's, so that curves of both lie in one TensorBoard. */
export type MetricsRow = Readonly<Record<string, number>>

/** The tag that every row carries and that curves are drawn over. */
export const STEPS_TAG = 'time/total_timesteps'
/** A crash during a checkpoint must leave an older one: that many are kept. */
const KEPT_CHECKPOINTS = 2
const CHECKPOINT_NAME = /^(\d+)\.safetensors$/
const CONFIG = 'config.json'
const METRICS = 'metrics.jsonl'
const CHECKPOINTS = 'checkpoints'
const LOCK = 'run.lock'

export class RunFolder {
  readonly path: string
  readonly #events: EventFileWriter

  /** Only while the folder is locked. */
  constructor(path: string) {
    this.path = path
    this.#events = new EventFileWriter(path)
  }

  /** @throws LearningError `RL_RUN_EXISTS` */
  static refuseExisting(path: string): void {
    if (existsSync(join(path, CONFIG))) {
      throw new LearningError('RL_RUN_EXISTS', `${path} already holds a run; choose another folder, or continue it (--resume ${path})`)
    }
  }

  /** @throws LearningError `RL_RUN_EXISTS`, `RL_RUN_BUSY`, `RL_RUN_UNWRITABLE` */
  static async create(path: string, config: RunConfig): Promise<RunFolder> {
    RunFolder.refuseExisting(path)
    await writing(path, () => mkdir(join(path, CHECKPOINTS), { recursive: true }))
    return locked(path, async () => {
      RunFolder.refuseExisting(path)
      await writeConfig(path, config)
    })
  }

  /**
   * Opens a run to go on with it after `steps`. What was logged later belongs to steps that will be done again: it is dropped.
   * @throws LearningError `RL_RUN_BUSY`, `RL_RUN_UNWRITABLE`
   */
  static async reopen(path: string, config: RunConfig, steps: number): Promise<RunFolder> {
    return locked(path, async () => {
      await writeConfig(path, config)
      for (const later of (await checkpoints(path)).filter((at) => at > steps)) await removeCheckpoint(path, later)
      await dropRowsAfter(join(path, METRICS), steps)
    })
  }

  log(row: MetricsRow): void {
    try {
      appendFileSync(join(this.path, METRICS), `${JSON.stringify(row)}\n`)
      this.#events.scalars(row[STEPS_TAG], row)
    } catch (cause) {
      throw unwritable(this.path, cause)
    }
  }

  async saveCheckpoint(steps: number, bytes: Uint8Array): Promise<void> {
    await writing(this.path, () => writeFileAtomically(join(this.path, CHECKPOINTS, `${steps}.safetensors`), bytes))
    for (const old of (await checkpoints(this.path)).slice(0, -KEPT_CHECKPOINTS)) await removeCheckpoint(this.path, old)
  }

  async savePolicy(bytes: Uint8Array): Promise<void> {
    await writing(this.path, () => writeFileAtomically(join(this.path, 'policy.safetensors'), bytes))
  }

  async close(): Promise<void> {
    this.#events.close()
    await rm(join(this.path, LOCK), { force: true })
  }
}

/**
 * A run's configuration and its newest checkpoint that can be read; changes nothing.
 * @throws LearningError `RL_RUN_NOT_FOUND` or `RL_RUN_INVALID`
 */
export async function readRun(path: string): Promise<{ config: RunConfig; checkpoint: Checkpoint }> {
  const config = await readConfig(path)
  let broken: LearningError | undefined
  for (const steps of (await checkpoints(path)).reverse()) {
    const file = join(path, CHECKPOINTS, `${steps}.safetensors`)
    try {
      return { config, checkpoint: decodeCheckpoint(await readFile(file)) }
    } catch (cause) {
      broken ??= new LearningError('RL_RUN_INVALID', `${file}: ${(cause as Error).message}; no older one is whole`, { cause })
    }
  }
  throw broken ?? new LearningError('RL_RUN_NOT_FOUND', `${path} holds no checkpoint to resume from; remove the folder and start again`)
}

/** @throws LearningError `RL_RUN_NOT_FOUND` or `RL_RUN_INVALID` */
export async function readConfig(path: string): Promise<RunConfig> {
  const file = join(path, CONFIG)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new LearningError('RL_RUN_NOT_FOUND', `${path} holds no run (no config.json); train one with --out ${path}`, { cause })
  }
  const damaged = (why: string, cause?: unknown) =>
    new LearningError('RL_RUN_INVALID', `${file}: ${why}; restore it, or start the run again in another folder`, { cause })
  let config: Partial<RunConfig> | null
  try {
    config = JSON.parse(text)
  } catch (cause) {
    throw damaged('it is no JSON', cause)
  }
  const { algorithm, environmentId, module = null, seed, hyperparameters, fromStep, totalSteps, stopAtReturn = null } = config ?? {}
  const strings = typeof algorithm === 'string' && typeof environmentId === 'string' && typeof seed === 'string' && /^\d+$/.test(seed)
  if (!strings || typeof hyperparameters !== 'object' || hyperparameters === null) {
    throw damaged('algorithm, environmentId, seed (digits) or hyperparameters is missing')
  }
  const whole = (value: unknown, least: number): value is number => Number.isSafeInteger(value) && (value as number) >= least
  if (!whole(fromStep, 0) || !whole(totalSteps, 1)) throw damaged('fromStep or totalSteps is no whole number')
  if (stopAtReturn !== null && !Number.isFinite(stopAtReturn)) throw damaged('stopAtReturn is neither a number nor null')
  if (module !== null && typeof module !== 'string') throw damaged('module is neither a URL nor null')
  return { algorithm, environmentId, module, seed, hyperparameters, fromStep, totalSteps, stopAtReturn }
}

function unwritable(path: string, cause: unknown): LearningError {
  if (cause instanceof LearningError) return cause
  const { message } = cause as Error
  return new LearningError('RL_RUN_UNWRITABLE', `cannot write to ${path}: ${message}; free space or choose another folder`, { cause })
}

async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/** The folder, taken for this process and prepared; given back where preparing fails. */
async function locked(path: string, prepare: () => Promise<void>): Promise<RunFolder> {
  return writing(path, async () => {
    await lock(path)
    try {
      await prepare()
      return new RunFolder(path)
    } catch (error) {
      await rm(join(path, LOCK), { force: true })
      throw error
    }
  })
}

const writeConfig = (path: string, config: RunConfig) => writeFileAtomically(join(path, CONFIG), `${JSON.stringify(config, null, 2)}\n`)

const removeCheckpoint = (path: string, steps: number) => rm(join(path, CHECKPOINTS, `${steps}.safetensors`), { force: true })

/** Takes the folder for this process. A lock whose process is gone is taken over. The lock appears whole: it is linked into place. */
async function lock(path: string): Promise<void> {
  const file = join(path, LOCK)
  const own = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`
  await writeFile(own, String(process.pid))
  try {
    for (;;) {
      try {
        await link(own, file)
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const holder = Number(await readFile(file, 'utf8').catch(() => '0'))
      if (holder > 0 && isRunning(holder)) {
        throw new LearningError('RL_RUN_BUSY', `process ${holder} is writing to ${path}; wait for it, or choose another folder`)
      }
      await rm(file, { force: true })
    }
  } finally {
    await rm(own, { force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Steps of the checkpoints of a run, oldest first. */
async function checkpoints(path: string): Promise<number[]> {
  const names = await readdir(join(path, CHECKPOINTS)).catch(() => [] as string[])
  const steps = names.map((name) => CHECKPOINT_NAME.exec(name)?.[1]).filter((digits) => digits !== undefined)
  return steps.map(Number).sort((a, b) => a - b)
}

async function dropRowsAfter(file: string, steps: number): Promise<void> {
  if (!existsSync(file)) return
  let kept = 0
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    // The end of the file, a row that a crash cut short, or one of steps that are done again.
    if (!(stepsOf(line) <= steps)) break
    kept += Buffer.byteLength(line) + 1
  }
  truncateSync(file, kept)
}

function stepsOf(line: string): number {
  try {
    return Number((JSON.parse(line) as MetricsRow | null)?.[STEPS_TAG] ?? Number.NaN)
  } catch {
    return Number.NaN
  }
}
