/**
 * A run on disk: `config.json`, `metrics.jsonl` (a row an update), TensorBoard event files, `checkpoints/`, `policy.safetensors`.
 */
import { appendFileSync, existsSync, truncateSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LearningError } from '../errors.js'
import { writeFileAtomically } from '../policy/files.js'
import { EventFileWriter } from './tensorboard.js'

/** What `config.json` keeps: enough to start the same run again. */
export interface RunConfig {
  readonly algorithm: string
  readonly environmentId: string
  /** A string, since seeds may have 128 bits. */
  readonly seed: string
  readonly totalSteps: number
  /** The run ends once its greedy mean return reaches this; null: it goes on to `totalSteps`. */
  readonly stopAtReturn: number | null
  readonly hyperparameters: Readonly<Record<string, unknown>>
}

/** One row of `metrics.jsonl`; tags are Stable-Baselines3's, so that curves of both lie in one TensorBoard. */
export type MetricsRow = Readonly<Record<string, number>>

/** The tag that every row carries and that curves are drawn over. */
export const STEPS_TAG = 'time/total_timesteps'
/** A crash during a checkpoint must leave an older one: that many are kept. */
const KEPT_CHECKPOINTS = 2
const CHECKPOINT_NAME = /^(\d+)\.safetensors$/

export class RunFolder {
  readonly path: string
  readonly config: RunConfig
  readonly #events: EventFileWriter

  private constructor(path: string, config: RunConfig) {
    this.path = path
    this.config = config
    this.#events = new EventFileWriter(path)
  }

  /** @throws LearningError `RL_RUN_EXISTS` where the folder already holds a run */
  static async create(path: string, config: RunConfig): Promise<RunFolder> {
    if (existsSync(join(path, 'config.json'))) {
      throw new LearningError('RL_RUN_EXISTS', `${path} already holds a run; choose another folder, or continue it (--resume ${path})`)
    }
    await mkdir(join(path, 'checkpoints'), { recursive: true })
    await writeFileAtomically(join(path, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
    return new RunFolder(path, config)
  }

  /**
   * Opens a run to go on with it. Rows logged after the checkpoint belong to steps that will be done again: they are dropped.
   * @throws LearningError `RL_RUN_NOT_FOUND` or `RL_RUN_INVALID`
   */
  static async reopen(path: string): Promise<{ folder: RunFolder; checkpoint: Uint8Array }> {
    const config = await readConfig(path)
    const newest = (await checkpoints(path)).at(-1)
    if (newest === undefined) {
      throw new LearningError('RL_RUN_NOT_FOUND', `${path} holds no checkpoint to resume from; start it again in another folder`)
    }
    await dropRowsAfter(join(path, 'metrics.jsonl'), newest)
    const checkpoint = await readFile(join(path, 'checkpoints', `${newest}.safetensors`))
    return { folder: new RunFolder(path, config), checkpoint }
  }

  log(row: MetricsRow): void {
    appendFileSync(join(this.path, 'metrics.jsonl'), `${JSON.stringify(row)}\n`)
    this.#events.scalars(row[STEPS_TAG], row)
  }

  async saveCheckpoint(steps: number, bytes: Uint8Array): Promise<void> {
    await writeFileAtomically(join(this.path, 'checkpoints', `${steps}.safetensors`), bytes)
    const old = (await checkpoints(this.path)).slice(0, -KEPT_CHECKPOINTS)
    await Promise.all(old.map((steps) => rm(join(this.path, 'checkpoints', `${steps}.safetensors`), { force: true })))
  }

  async savePolicy(bytes: Uint8Array): Promise<void> {
    await writeFileAtomically(join(this.path, 'policy.safetensors'), bytes)
  }

  close(): void {
    this.#events.close()
  }
}

/** @throws LearningError `RL_RUN_NOT_FOUND` or `RL_RUN_INVALID` */
export async function readConfig(path: string): Promise<RunConfig> {
  const file = join(path, 'config.json')
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new LearningError('RL_RUN_NOT_FOUND', `${path} holds no run (no config.json); train one with --out ${path}`, { cause })
  }
  let config: Partial<RunConfig> | null
  try {
    config = JSON.parse(text)
  } catch (cause) {
    throw new LearningError('RL_RUN_INVALID', `${file} is no JSON; restore it or start the run again in another folder`, { cause })
  }
  const { algorithm, environmentId, seed, totalSteps, stopAtReturn = null, hyperparameters } = config ?? {}
  const strings = typeof algorithm === 'string' && typeof environmentId === 'string' && typeof seed === 'string'
  if (!strings || typeof totalSteps !== 'number' || !hyperparameters) {
    throw new LearningError('RL_RUN_INVALID', `${file} lacks algorithm, environmentId, seed, totalSteps or hyperparameters; restore it`)
  }
  return { algorithm, environmentId, seed, totalSteps, stopAtReturn, hyperparameters }
}

/** Steps of the checkpoints of a run, oldest first. */
async function checkpoints(path: string): Promise<number[]> {
  const names = await readdir(join(path, 'checkpoints')).catch(() => [] as string[])
  const steps = names.map((name) => CHECKPOINT_NAME.exec(name)?.[1]).filter((digits) => digits !== undefined)
  return steps.map(Number).sort((a, b) => a - b)
}

async function dropRowsAfter(file: string, steps: number): Promise<void> {
  if (!existsSync(file)) return
  const text = await readFile(file, 'utf8')
  let kept = 0
  for (const line of text.split('\n')) {
    let row: MetricsRow | undefined
    try {
      row = JSON.parse(line)
    } catch {
      break // the end of the file, or a row that a crash cut short
    }
    if (row === undefined || row[STEPS_TAG] > steps) break
    kept += Buffer.byteLength(line) + 1
  }
  truncateSync(file, kept)
}
