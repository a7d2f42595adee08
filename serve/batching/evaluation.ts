import type { Inputs } from '../query/inputs.js'
import type { Prediction } from '../query/prediction.js'
import type { Waiting } from './deadline-queue.js'

/** Who wants to know: told once, with the prediction or why there is none. */
export interface Asker {
  readonly deadline: number
  predicted(item: number, prediction: Prediction): void
  failed(item: number, reason: string): void
}

/** A model version as evaluations and the cache see it. */
export interface CachedModel {
  /** Keeps its inputs apart from every other model version's. */
  readonly cachePrefix: string
  /** The same over all frontends. */
  readonly sharedPrefix?: string
  enqueue(evaluation: Evaluation, now: number): void
}

/** One input on its way through a model. Equal queries that arrive meanwhile join it instead of asking again. */
export class Evaluation implements Waiting {
  readonly deadline: number
  expiresAt: number
  /** The next one with a like hash among those in flight. */
  nextInBucket: Evaluation | undefined = undefined
  /** How many containers were lost while they held it. */
  losses = 0
  #others: { asker: Asker; item: number }[] | undefined
  readonly #asker: Asker
  readonly #item: number

  /**
   * @param inputs of which this is row `row`
   * @param hash of that row
   * @param key what the cache knows it by; undefined where nothing is kept
   */
  constructor(
    readonly model: CachedModel,
    readonly inputs: Inputs,
    readonly row: number,
    readonly hash: number,
    readonly key: string | undefined,
    asker: Asker,
    item: number,
  ) {
    this.deadline = asker.deadline
    this.expiresAt = asker.deadline
    this.#asker = asker
    this.#item = item
  }

  /** One input, and only its answer. */
  get rows(): number {
    return 1
  }

  get wantsExtras(): boolean {
    return false
  }

  join(asker: Asker, item: number): void {
    this.#others ??= []
    this.#others.push({ asker, item })
    if (asker.deadline > this.expiresAt) this.expiresAt = asker.deadline
  }

  predicted(prediction: Prediction): void {
    this.#asker.predicted(this.#item, prediction)
    if (this.#others !== undefined) for (const { asker, item } of this.#others) asker.predicted(item, prediction)
  }

  failed(reason: string): void {
    this.#asker.failed(this.#item, reason)
    if (this.#others !== undefined) for (const { asker, item } of this.#others) asker.failed(item, reason)
  }
}
