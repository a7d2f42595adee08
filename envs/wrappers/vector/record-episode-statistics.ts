import { InvalidKwargs } from '../../errors.js'
import { checkKwargs } from '../../kwargs.js'
import { numbersFromState } from '../../state.js'
import type { VectorEnv } from '../../vector/vector-env.js'
import type { ObservationTarget, VectorActions, VectorInfos, VectorResetOptions, VectorStep } from '../../vector/vector-types.js'
import { VectorWrapper } from '../../vector/vector-wrapper.js'
import { integerOption } from '../options.js'
import type { RecordEpisodeStatisticsOptions } from '../record-episode-statistics.js'

/**
 * Adds `infos.episode` = { r: returns, l: lengths, t: seconds } to each step, valid where `infos._episode` is 1, and keeps the figures of
 * the latest episodes. Works around kernels too, whose single environments cannot be wrapped.
 *
 *     const envs = new wrappers.vector.RecordEpisodeStatistics(makeVec('CartPole-v1', { numEnvs: 8, vectorizationMode: 'native' }))
 */
export class RecordEpisodeStatistics<Obs = Float32Array> extends VectorWrapper<Obs> {
  episodeCount = 0
  /** Of the last `bufferLength` episodes, oldest first. */
  readonly returnQueue: number[] = []
  readonly lengthQueue: number[] = []
  readonly timeQueue: number[] = []
  readonly #returns: Float64Array
  readonly #lengths: Float64Array
  readonly #startedMs: Float64Array
  readonly #ended: Uint8Array
  readonly #episode: { r: Float64Array; l: Float64Array; t: Float64Array }
  readonly #mask: Uint8Array
  readonly #bufferLength: number
  readonly #key: string

  /** @throws InvalidKwargs */
  constructor(env: VectorEnv<Obs>, options: RecordEpisodeStatisticsOptions = {}) {
    super(env)
    checkKwargs('RecordEpisodeStatistics', options, ['bufferLength', 'statsKey'])
    this.#bufferLength = integerOption('RecordEpisodeStatistics', 'bufferLength', options.bufferLength ?? 100, 1)
    this.#key = options.statsKey ?? 'episode'
    const doubles = () => new Float64Array(env.numEnvs)
    this.#returns = doubles()
    this.#lengths = doubles()
    this.#startedMs = doubles()
    this.#ended = new Uint8Array(env.numEnvs)
    this.#episode = { r: doubles(), l: doubles(), t: doubles() }
    this.#mask = new Uint8Array(env.numEnvs)
  }

  override reset(options: VectorResetOptions<Obs> = {}): [observations: Obs, infos: VectorInfos<Obs>] {
    const result = super.reset(options)
    const mask = options.options?.resetMask
    for (let i = 0; i < this.numEnvs; i++) if (!mask || mask[i]) this.#begin(i)
    this.#mask.fill(0)
    return result
  }

  #begin(i: number): void {
    this.#returns[i] = this.#lengths[i] = this.#ended[i] = 0
    this.#startedMs[i] = performance.now()
  }

  /** @throws InvalidKwargs when infos have the key already */
  override step(actions: VectorActions, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    const result = this.env.step(actions, target)
    const [, rewards, terminated, truncated, infos] = result
    const sameStep = this.autoresetMode === 'same-step'
    for (let i = 0; i < this.numEnvs; i++) {
      this.#mask[i] = this.#episode.r[i] = this.#episode.l[i] = this.#episode.t[i] = 0
      if (!sameStep && this.#ended[i] === 1) {
        this.#begin(i)
        continue
      }
      this.#returns[i]! += rewards[i]!
      this.#lengths[i]!++
      if ((terminated[i]! | truncated[i]!) === 0) continue
      this.#record(i)
      if (sameStep) this.#begin(i)
      else this.#ended[i] = 1
    }
    this.#add(infos)
    return result
  }

  #record(i: number): void {
    const { r, l, t } = this.#episode
    r[i] = this.#returns[i]!
    l[i] = this.#lengths[i]!
    t[i] = Number(((performance.now() - this.#startedMs[i]!) / 1000).toFixed(6))
    this.#mask[i] = 1
    this.episodeCount++
    this.#keep(this.returnQueue, r[i]!)
    this.#keep(this.lengthQueue, l[i]!)
    this.#keep(this.timeQueue, t[i]!)
  }

  #keep(queue: number[], value: number): void {
    queue.push(value)
    if (queue.length > this.#bufferLength) queue.shift()
  }

  #add(infos: VectorInfos<Obs>): void {
    const key = this.#key
    if (infos[key] === this.#episode) return
    if (key in infos) throw new InvalidKwargs(`infos have the key ${key} already; pass another statsKey`)
    infos[key] = this.copy ? structuredClone(this.#episode) : this.#episode
    infos[`_${key}`] = this.copy ? this.#mask.slice() : this.#mask
  }

  protected override saveOwn(): Record<string, unknown> {
    const { episodeCount, lengthQueue, returnQueue, timeQueue } = this
    const [returns, lengths, ended] = [this.#returns, this.#lengths, this.#ended].map((values) => Array.from(values as ArrayLike<number>))
    return {
      episodeCount,
      lengthQueue: [...lengthQueue],
      returnQueue: [...returnQueue],
      timeQueue: [...timeQueue],
      returns,
      lengths,
      ended,
    }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    this.#returns.set(numbersFromState(own, 'returns', this.numEnvs))
    this.#lengths.set(numbersFromState(own, 'lengths', this.numEnvs))
    this.#ended.set(numbersFromState(own, 'ended', this.numEnvs))
    // The clock of another run means nothing here.
    this.#startedMs.fill(performance.now())
    this.episodeCount = own.episodeCount as number
    for (const name of ['lengthQueue', 'returnQueue', 'timeQueue'] as const) this[name].splice(0, Infinity, ...(own[name] as number[]))
  }
}
