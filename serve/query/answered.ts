import type { Application } from '../registry/application.js'
import type { Asked } from '../selection/bandit.js'
import type { Exchange } from './exchange.js'
import type { Inputs } from './inputs.js'
import type { Prediction } from './prediction.js'

const ELEMENT_BYTES = 4
/** What a query takes beside its input, roughly. */
const QUERY_BYTES = 200

/** What is kept of an exchange until its feedback comes: there are tens of thousands, so no more than that needs. */
export class Answered {
  readonly firstQueryId: number
  readonly size: number
  readonly members: number
  /** A query each; undefined where all asked the one model that is linked. */
  readonly asked: readonly Asked[] | undefined
  /** Queries that feedback was given on. */
  told: Set<number> | undefined = undefined
  readonly #predictions: readonly (Prediction | undefined)[]
  /** What was combined of several; where one model was asked, its prediction says it. */
  readonly #outcomes: readonly (string | undefined)[] | undefined

  /** @param exchange one that is settled */
  constructor(
    readonly application: Application,
    readonly inputs: Inputs,
    exchange: Exchange,
  ) {
    this.firstQueryId = exchange.firstQueryId
    this.size = exchange.size
    this.members = exchange.members
    // (Not the standings that were chosen by: each lesson makes a new one.)
    this.asked = exchange.selected?.map(({ user, names, choice: { probability } }) => ({ user, names, probability }))
    this.#predictions = exchange.predictions
    this.#outcomes = exchange.selected === undefined ? undefined : exchange.outcomes
  }

  /** A query of it, about. */
  get bytes(): number {
    return QUERY_BYTES + Math.ceil((this.inputs.length(0, this.size) * ELEMENT_BYTES) / this.size)
  }

  /** What each of the members said about a query. */
  predictions(query: number): (Prediction | undefined)[] {
    return Array.from({ length: this.members }, (_, member) => this.#predictions[query * this.members + member])
  }

  /** The output as JSON; undefined where the default was given. */
  outputJson(query: number): string | undefined {
    return this.#outcomes === undefined ? this.#predictions[query]?.json : this.#outcomes[query]
  }
}
