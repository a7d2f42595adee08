import type { Asker } from '../batching/evaluation.js'
import type { Combine, Combined } from '../selection/selection.js'
import type { Prediction } from './prediction.js'

/** Clipper's words, which its clients may compare. */
export const NO_MODELS = 'No connected models found for query'
export const TOO_LATE = 'Failed to retrieve a prediction response within the specified latency SLO'

/** The answer to one query. */
export interface Answer {
  readonly queryId: number
  /** The output as JSON. */
  readonly json: string
  /** Why the application's default is given; undefined for a prediction. */
  readonly explanation: string | undefined
}

/**
 * One request: `size` queries that share a deadline and are answered together, exactly once. Every query asks the same `models`
 * members; what they say is combined when the last has spoken or the deadline is there.
 */
export class Exchange implements Asker {
  readonly answers: Answer[] = []
  settled = false
  readonly #firstQueryId: number
  readonly #defaultJson: string
  readonly #combine: Combine
  readonly #onSettled: (exchange: Exchange) => void
  readonly #predictions: (Prediction | undefined)[]
  readonly #waitingFor: number[]
  readonly #reasons: (string | undefined)[] = []
  #open: number

  constructor(
    readonly size: number,
    readonly members: number,
    readonly startedAt: number,
    readonly deadline: number,
    setup: { firstQueryId: number; defaultJson: string; combine: Combine; onSettled: (exchange: Exchange) => void },
  ) {
    this.#firstQueryId = setup.firstQueryId
    this.#defaultJson = setup.defaultJson
    this.#combine = setup.combine
    this.#onSettled = setup.onSettled
    this.#open = size
    this.#predictions = new Array(size * members)
    this.#waitingFor = new Array(size).fill(members)
  }

  /** `item` counts members too: query × members + member. */
  predicted(item: number, prediction: Prediction): void {
    if (this.settled) return
    this.#predictions[item] = prediction
    this.#heard(this.members === 1 ? item : Math.floor(item / this.members))
  }

  failed(item: number, reason: string): void {
    if (this.settled) return
    const query = Math.floor(item / this.members)
    this.#reasons[query] = reason
    this.#heard(query)
  }

  #heard(query: number): void {
    if (--this.#waitingFor[query]! > 0) return
    if (--this.#open === 0) this.settle(TOO_LATE)
  }

  /** Answers every query from what has arrived; those with nothing get the default and `reason`. */
  settle(reason: string): void {
    if (this.settled) return
    this.settled = true
    for (let query = 0; query < this.size; query++) this.answers.push(this.#answer(query, reason))
    this.#onSettled(this)
  }

  #answer(query: number, reason: string): Answer {
    const first = query * this.members
    const combined: Combined | undefined = this.members === 0 ? undefined : this.#combine(this.#predictions, first, this.members)
    const queryId = this.#firstQueryId + query
    if (combined) return { queryId, json: combined.json, explanation: undefined }
    return { queryId, json: this.#defaultJson, explanation: this.#reasons[query] ?? reason }
  }
}
