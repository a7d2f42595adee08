import type { Application } from '../registry/application.js'
import type { Model, ModelVersion } from '../registry/model.js'
import type { State } from '../state/state.js'
import type { PredictionCache } from './cache.js'
import { Exchange, NO_MODELS, TOO_LATE } from './exchange.js'
import type { Inputs } from './inputs.js'

const QUERY_IDS_PER_LEASE = 4096

/** A query's way: application → cache → selection → queue → combine → answer before the deadline. */
export class QueryPath {
  readonly #cache: PredictionCache
  readonly #state: State
  #nextQueryId = 0
  #leasedTo = 0

  constructor(cache: PredictionCache, state: State) {
    this.#cache = cache
    this.#state = state
  }

  /**
   * The model versions that a query to `application` goes to.
   * @throws ServeError `MODEL_VERSION_UNKNOWN`
   */
  members(application: Application, version: string | undefined): ModelVersion[] {
    return application.selection.select(application.links).map((model: Model) => model.version(version))
  }

  /**
   * Asks `members`, all of the inputs' width. `answered` is called exactly once, by the application's deadline, perhaps before this
   * returns.
   */
  submit(application: Application, members: readonly ModelVersion[], inputs: Inputs, answered: (exchange: Exchange) => void): void {
    const now = performance.now()
    const { size } = inputs
    const settled = (exchange: Exchange) => {
      application.deadlines.forget(exchange)
      count(application, exchange)
      answered(exchange)
    }
    const exchange = new Exchange(application, size, members.length, this.#queryIds(size), now, now + application.sloMs, settled)
    if (members.length === 0 || size === 0) {
      exchange.settle(NO_MODELS)
      return
    }
    for (let query = 0; query < size; query++) {
      for (let member = 0; member < members.length; member++) {
        this.#cache.ask(members[member]!, inputs, query, exchange, query * members.length + member, now)
      }
    }
    if (!exchange.settled) application.deadlines.watch(exchange)
  }

  #queryIds(count: number): number {
    if (this.#nextQueryId + count > this.#leasedTo) {
      const leased = Math.max(count, QUERY_IDS_PER_LEASE)
      this.#nextQueryId = this.#state.leaseQueryIds(leased)
      this.#leasedTo = this.#nextQueryId + leased
    }
    const first = this.#nextQueryId
    this.#nextQueryId += count
    return first
  }
}

function count(application: Application, { defaults, size, startedAt }: Exchange): void {
  application.queries += size
  application.latencies.record(performance.now() - startedAt)
  if (defaults === undefined) return
  for (const [reason, queries] of defaults) {
    if (reason === NO_MODELS) application.defaults.noModels += queries
    else if (reason === TOO_LATE) application.defaults.late += queries
    else application.defaults.failed += queries
  }
}
