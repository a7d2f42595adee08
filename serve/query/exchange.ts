import type { Asker } from '../batching/evaluation.js'
import type { Bandit, Selected } from '../selection/bandit.js'
import type { Expiring } from './deadlines.js'
import type { Prediction } from './prediction.js'

/** Clipper's words, which its clients may compare. */
export const NO_MODELS = 'No connected models found for query'
export const TOO_LATE = 'Failed to retrieve a prediction response within the specified latency SLO'

/** What an exchange needs to know of its application. */
export interface Answering {
  readonly bandit: Bandit
  readonly confidenceThreshold: number
  readonly defaultJson: string
}

const toldAlready = () => {}

/** Why a prediction is not given though there is one. */
export const UNSURE = "The models' confidence is below the application's threshold"

/**
 * One request: `size` queries that share a deadline and are answered together, exactly once. Every query asks as many members, each its
 * own; what they say is combined when the last has spoken or the deadline is there. Kept lean: there is one a request.
 */
export class Exchange implements Asker, Expiring<Exchange> {
  settled = false
  earlier: Exchange | undefined = undefined
  later: Exchange | undefined = undefined
  /** Queries that get the default, by reason; undefined while there is none. */
  defaults: Map<string, number> | undefined
  readonly #application: Answering
  #onSettled: (exchange: Exchange) => void
  readonly #predictions: (Prediction | undefined)[]
  /** What each query still waits for; only kept where there are several members. */
  readonly #waitingFor: Uint16Array | undefined
  #reasons: Map<number, string> | undefined
  #outcomes: (string | undefined)[] | undefined
  #confidences: Float64Array | undefined
  #open: number

  constructor(
    application: Answering,
    readonly size: number,
    readonly members: number,
    /** A query each; undefined where all ask the one model that is linked. */
    readonly selected: readonly Selected[] | undefined,
    readonly firstQueryId: number,
    readonly startedAt: number,
    readonly deadline: number,
    onSettled: (exchange: Exchange) => void,
  ) {
    this.#application = application
    this.#onSettled = onSettled
    this.#open = size
    // (Of exactly this length: what grows by itself takes room for sixteen more.)
    this.#predictions = new Array(size * members)
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
    this.#reason(Math.floor(item / this.members), reason)
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
    const tell = this.#onSettled
    // Feedback may want the answer much later: who asked for it, with request and connection, is not kept until then.
    this.#onSettled = toldAlready
    tell(this)
  }

  #answer(reason: string): void {
    const { bandit, confidenceThreshold } = this.#application
    const { selected } = this
    const outputs = new Array<string | undefined>(this.size)
    for (let query = 0; query < this.size; query++) {
      if (selected === undefined) outputs[query] = this.#predictions[query]?.json
      else {
        const combined = bandit.combine(selected[query]!, this.#predictions, query * this.members)
        this.#confidences ??= new Float64Array(this.size)
        this.#confidences[query] = combined?.confidence ?? 0
        const unsure = combined !== undefined && combined.confidence < confidenceThreshold
        outputs[query] = unsure ? undefined : combined?.json
        if (unsure) this.#reason(query, UNSURE)
      }
      if (outputs[query] === undefined) this.#giveDefault(query, reason)
    }
    this.#outcomes = outputs
  }

  #reason(query: number, reason: string): void {
    this.#reasons ??= new Map()
    this.#reasons.set(query, reason)
  }

  #giveDefault(query: number, reason: string): void {
    this.defaults ??= new Map()
    const told = this.#reasons?.get(query) ?? reason
    this.#reason(query, told)
    this.defaults.set(told, (this.defaults.get(told) ?? 0) + 1)
  }

  /** The output for a query as JSON, the application's default where `explanation` says so. Only once settled. */
  outputJson(query: number): string {
    return this.#outcomes?.[query] ?? this.#application.defaultJson
  }

  /** How sure the members were of a query's answer, 0 to 1. Only once settled. */
  confidence(query: number): number {
    return this.#confidences?.[query] ?? (this.#outcomes?.[query] === undefined ? 0 : 1)
  }

  /** What the members said in time, query × members + member. */
  get predictions(): readonly (Prediction | undefined)[] {
    return this.#predictions
  }

  /** What each query was answered with, as JSON; undefined for the default. Only once settled. */
  get outcomes(): readonly (string | undefined)[] | undefined {
    return this.#outcomes
  }

  /** Why a query got the default; undefined where it got a prediction. Only once settled. */
  explanation(query: number): string | undefined {
    return this.#outcomes?.[query] === undefined ? this.#reasons?.get(query) : undefined
  }
}
