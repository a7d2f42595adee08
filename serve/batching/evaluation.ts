import type { Prediction } from '../query/prediction.js'
import type { Waiting } from './deadline-queue.js'

/** Who wants to know: told once, with the prediction or why there is none. */
export interface Asker {
  readonly deadline: number
  predicted(item: number, prediction: Prediction): void
  failed(item: number, reason: string): void
}

/** One input on its way through a model. Equal queries that arrive meanwhile join it instead of asking again. */
export class Evaluation implements Waiting {
  readonly deadline: number
  expiresAt: number
  /** How many containers were lost while they held it. */
  losses = 0
  readonly #askers: Asker[]
  readonly #items: number[]

  /**
   * @param key what the cache knows it by
   * @param rows the query's inputs, `[items, inputSize]` row-major, of which this is row `item`
   */
  constructor(
    readonly key: string,
    readonly rows: Float32Array,
    readonly row: number,
    asker: Asker,
    item: number,
  ) {
    this.deadline = asker.deadline
    this.expiresAt = asker.deadline
    this.#askers = [asker]
    this.#items = [item]
  }

  join(asker: Asker, item: number): void {
    this.#askers.push(asker)
    this.#items.push(item)
    if (asker.deadline > this.expiresAt) this.expiresAt = asker.deadline
  }

  predicted(prediction: Prediction): void {
    for (let i = 0; i < this.#askers.length; i++) this.#askers[i]!.predicted(this.#items[i]!, prediction)
  }

  failed(reason: string): void {
    for (let i = 0; i < this.#askers.length; i++) this.#askers[i]!.failed(this.#items[i]!, reason)
  }
}
