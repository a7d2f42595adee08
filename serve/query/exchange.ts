import type { Asker } from '../batching/evaluation.js'
import type { SelectionPolicy } from '../selection/selection.js'
import type { Expiring } from './deadlines.js'
import type { Prediction } from './prediction.js'

/** Clipper's words, which its clients may compare. */
export const NO_MODELS = 'No connected models found for query'
export const TOO_LATE = 'Failed to retrieve a prediction response within the specified latency SLO'

/** What an exchange needs to know of its application. */
export interface Answering {
  readonly selection: SelectionPolicy
  readonly defaultJson: string
}

/**
 * One request: `size` queries that share a deadline and are answered together, exactly once. Every query asks the same `members`;
 * what they say is combined when the last has spoken or the deadline is there. Kept lean: there is one a request.
 */
export class Exchange implements Asker, Expiring<Exchange> {
  settled = false
  earlier: Exchange | undefined = undefined
  later: Exchange | undefined = undefined
  /** Queries that get the default, by reason; undefined while there is none. */
  defaults: Map<string, number> | undefined
  readonly #application: Answering
  readonly #onSettled: (exchange: Exchange) => void
  readonly #predictions: (Prediction | undefined)[] = []
  /** What each query still waits for; only kept where there are several members. */
  readonly #waitingFor: Uint16Array | undefined
  #reasons: Map<number, string> | undefined
  #outcomes: (string | undefined)[] | undefined
  #open: number

  constructor(
    application: Answering,
    readonly size: number,
    readonly members: number,
    readonly firstQueryId: number,
    readonly startedAt: number,
    readonly deadline: number,
    onSettled: (exchange: Exchange) => void,
  ) {
    this.#application = application
    this.#onSettled = onSettled
    this.#open = size
    this.#waitingFor = members > 1 ? new Uint16Array(size).fill(members) : undefined
  }

  /** `item` counts members too: query × members + member. */
  predicted(item: number, prediction: Prediction): void {
    if (this.settled) return
    this.#predictions[item] = prediction
    this.#heard(item)
  }

  failed(item: number, reason: string): void {
    if (this.settled) return
    this.#reasons ??= new Map()
    this.#reasons.set(Math.floor(item / this.members), reason)
    this.#heard(item)
  }

  #heard(item: number): void {
    if (this.#waitingFor !== undefined && --this.#waitingFor[Math.floor(item / this.members)]! > 0) return
    if (--this.#open === 0) this.settle(TOO_LATE)
  }

  expire(): void {
    this.settle(TOO_LATE)
  }

  /** Answers every query from what has arrived; those with nothing get the default and `reason`. */
  settle(reason: string): void {
    if (this.settled) return
    this.settled = true
    this.#answer(reason)
    this.#onSettled(this)
  }

  #answer(reason: string): void {
    const { selection } = this.#application
    const outputs: (string | undefined)[] = []
    for (let query = 0; query < this.size; query++) {
      const first = query * this.members
      const combined = this.members === 0 ? undefined : selection.combine(this.#predictions, first, this.members)
      outputs.push(combined?.json)
      if (combined === undefined) this.#giveDefault(query, reason)
    }
    this.#outcomes = outputs
  }

  #giveDefault(query: number, reason: string): void {
    this.#reasons ??= new Map()
    this.defaults ??= new Map()
    const told = this.#reasons.get(query) ?? reason
    this.#reasons.set(query, told)
    this.defaults.set(told, (this.defaults.get(told) ?? 0) + 1)
  }

  /** The output for a query as JSON, the application's default where `explanation` says so. Only once settled. */
  outputJson(query: number): string {
    return this.#outcomes?.[query] ?? this.#application.defaultJson
  }

  /** Why a query got the default; undefined where it got a prediction. Only once settled. */
  explanation(query: number): string | undefined {
    return this.#outcomes?.[query] === undefined ? this.#reasons?.get(query) : undefined
  }
}
