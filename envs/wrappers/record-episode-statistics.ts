import type { Env, Info, ResetOptions, StepResult } from '../env.js'
import { InvalidKwargs } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { Wrapper } from '../wrapper.js'
import { integerOption } from './options.js'

export interface RecordEpisodeStatisticsOptions {
  /** Of how many episodes the figures are kept; 100 unless told. */
  bufferLength?: number
  /** The key in `info`; 'episode' unless told. */
  statsKey?: string
}

export interface EpisodeStatistics {
  /** The return: the sum of the rewards. */
  r: number
  /** The length in steps. */
  l: number
  /** The time it took, in seconds. */
  t: number
}

/**
 * Adds `info.episode` to the last step of an episode, and keeps the figures of the latest ones.
 *
 *     const env = new wrappers.RecordEpisodeStatistics(make('CartPole-v1'), { bufferLength: 100 })
 *     env.reset({ seed: 1 })
 *     let info: Info = {}
 *     while (!('episode' in info)) info = env.step(env.actionSpace.sample())[4]
 */
export class RecordEpisodeStatistics<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  episodeCount = 0
  /** Of the last `bufferLength` episodes, oldest first. */
  returnQueue: number[] = []
  lengthQueue: number[] = []
  timeQueue: number[] = []
  private episodeReturn = 0
  private episodeLength = 0
  // Not state: the clock of another run means nothing after a resume.
  #startedMs = 0
  readonly #bufferLength: number
  readonly #statsKey: string

  constructor(env: Env<Obs, Act>, options: RecordEpisodeStatisticsOptions = {}) {
    super(env, options)
    checkKwargs('RecordEpisodeStatistics', options, ['bufferLength', 'statsKey'])
    this.#bufferLength = integerOption('RecordEpisodeStatistics', 'bufferLength', options.bufferLength ?? 100, 1)
    this.#statsKey = options.statsKey ?? 'episode'
  }

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    const result = this.env.reset(options)
    this.#startedMs = performance.now()
    this.episodeReturn = 0
    this.episodeLength = 0
    return result
  }

  /** @throws InvalidKwargs when the environment's info has the key already */
  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action)
    this.episodeReturn += result[1]
    this.episodeLength++
    if (result[2] || result[3]) this.#record(result[4])
    return result
  }

  #record(info: Info): void {
    if (this.#statsKey in info) throw new InvalidKwargs(`info has the key ${this.#statsKey} already; pass another statsKey`)
    const seconds = Number(((performance.now() - this.#startedMs) / 1000).toFixed(6))
    const statistics: EpisodeStatistics = { r: this.episodeReturn, l: this.episodeLength, t: seconds }
    info[this.#statsKey] = statistics
    this.#keep(this.returnQueue, statistics.r)
    this.#keep(this.lengthQueue, statistics.l)
    this.#keep(this.timeQueue, statistics.t)
    this.episodeCount++
    this.#startedMs = performance.now()
  }

  #keep(queue: number[], value: number): void {
    queue.push(value)
    if (queue.length > this.#bufferLength) queue.shift()
  }
}
