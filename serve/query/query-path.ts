import type { Application } from '../registry/application.js'
import type { Model, ModelVersion } from '../registry/model.js'
import type { State } from '../state/state.js'
import type { PredictionCache } from './cache.js'
import { Exchange, NO_MODELS, TOO_LATE } from './exchange.js'

const QUERY_IDS_PER_LEASE = 4096

/** A query's way: application → cache → selection → queue → combine → answer before the deadline. */
export class QueryPath {
  readonly #cache: PredictionCache
  readonly #state: State
  #nextQueryId = 0
  #leasedTo = 0
  #open = 0
  #onIdle: (() => void) | undefined

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
   * Asks `members` (all of one input size) for `size` inputs, `rows` being `[size, inputSize]` row-major. `answered` is called exactly
   * once, by the application's deadline, perhaps before this returns. The rows must not change until then.
   */
  submit(
    application: Application,
    members: readonly ModelVersion[],
    rows: Float32Array,
    size: number,
    answered: (e: Exchange) => void,
  ): void {
    const now = performance.now()
    this.#open++
    const exchange = new Exchange(size, members.length, now, now + application.sloMs, {
      firstQueryId: this.#queryIds(size),
      defaultJson: application.defaultJson,
      combine: application.selection.combine,
      onSettled: (settled) => {
        count(application, settled)
        answered(settled)
        if (--this.#open === 0) this.#onIdle?.()
      },
    })
    if (members.length === 0 || size === 0) {
      exchange.settle(NO_MODELS)
      return
    }
    const bytes = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength)
    for (let query = 0; query < size; query++) {
      for (let member = 0; member < members.length; member++) {
        this.#cache.ask(members[member]!, rows, bytes, query, exchange, query * members.length + member, now)
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

  /** Resolves when no query is open; deadlines see to it that this is soon. */
  async idle(): Promise<void> {
    if (this.#open === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }
}

function count(application: Application, { answers, size, startedAt }: Exchange): void {
  application.queries += size
  application.latencies.record(performance.now() - startedAt)
  for (const { explanation } of answers) {
    if (explanation === undefined) continue
    if (explanation === NO_MODELS) application.defaults.noModels++
    else if (explanation === TOO_LATE) application.defaults.late++
    else application.defaults.failed++
  }
}
