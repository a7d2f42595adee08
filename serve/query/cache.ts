import type { EvaluationSink } from '../batching/dispatcher.js'
import { type Asker, type CachedModel, Evaluation } from '../batching/evaluation.js'
import type { Json, SharedPredictions } from '../state/state.js'
import { ClockCache } from './clock-cache.js'
import { InFlight } from './in-flight.js'
import type { Inputs } from './inputs.js'
import { Prediction } from './prediction.js'

/** Of the time to a query's deadline: what looking at other frontends' predictions may take. */
const LOOKING_SHARE = 0.1

/** A version that is deleted may be published anew, as something else: its prefix says when. */
const sharedKey = ({ model: { sharedPrefix, cachePrefix }, key }: Evaluation) =>
  Buffer.from(sharedPrefix + key!.slice(cachePrefix.length), 'utf16le')

/** What the map, the list and the strings around an entry cost, bytes, roughly (of what a heap snapshot showed). */
const ENTRY_BYTES = 160

/**
 * Predictions by model, version and input content. A key holds the input's very bytes, as the container would get them, so two inputs
 * share an entry only when the model could not tell them apart. Equal inputs in flight share one evaluation.
 */
export class PredictionCache implements EvaluationSink {
  hits = 0
  misses = 0
  /** Misses that joined an evaluation in flight. */
  joins = 0
  /** Misses that another frontend's prediction was found for. */
  sharedHits = 0
  readonly #entries: ClockCache<Prediction> | undefined
  readonly #inFlight = new InFlight()

  /**
   * @param maxBytes 0: nothing is kept; equal queries in flight still share
   * @param shared where predictions of other frontends are found, and this one's are put
   */
  constructor(
    readonly maxBytes: number,
    private readonly shared?: SharedPredictions,
  ) {
    if (maxBytes > 0) this.#entries = new ClockCache(maxBytes)
  }

  get entries(): number {
    return this.#entries?.size ?? 0
  }

  get bytes(): number {
    return this.#entries?.bytes ?? 0
  }

  /** Tells `asker` the prediction for row `row` of `inputs`: at once when it is known, later otherwise. */
  ask(model: CachedModel, inputs: Inputs, row: number, asker: Asker, item: number, now: number): void {
    const isKept = this.#entries !== undefined || this.shared !== undefined
    const key = isKept ? model.cachePrefix + inputs.key(row) : undefined
    const known = key === undefined ? undefined : this.#entries?.get(key)
    if (known !== undefined) {
      this.hits++
      asker.predicted(item, known)
      return
    }
    this.misses++
    const hash = inputs.hash(row)
    const open = this.#inFlight.find(model, inputs, row, hash)
    if (open !== undefined && open.deadline > now) {
      this.joins++
      open.join(asker, item)
      return
    }
    // Whoever holds it is late, or silent: another replica may not be. Its answer, should it come, still counts.
    if (open !== undefined) this.#inFlight.remove(open)
    const evaluation = new Evaluation(model, inputs, row, hash, key, asker, item)
    this.#inFlight.add(evaluation)
    if (this.shared === undefined) model.enqueue(evaluation, now)
    else this.#lookUp(this.shared, evaluation, now)
  }

  /** Asks the other frontends' predictions first, for no more than a share of the time that there is. */
  #lookUp(shared: SharedPredictions, evaluation: Evaluation, now: number): void {
    const { model, deadline } = evaluation
    let gone = false
    const goOn = () => {
      if (gone) return
      gone = true
      clearTimeout(limit)
      model.enqueue(evaluation, performance.now())
    }
    const limit = setTimeout(goOn, (deadline - now) * LOOKING_SHARE)
    const found = shared.get(sharedKey(evaluation)).then((json) => json && new Prediction(JSON.parse(json) as Json))
    found.then((prediction) => {
      if (!prediction || gone) return goOn()
      gone = true
      clearTimeout(limit)
      this.sharedHits++
      this.#keep(evaluation, prediction)
    }, goOn)
  }

  predicted(evaluation: Evaluation, prediction: Prediction): void {
    this.shared?.set(sharedKey(evaluation), prediction.json)
    this.#keep(evaluation, prediction)
  }

  #keep(evaluation: Evaluation, prediction: Prediction): void {
    const { key } = evaluation
    this.#inFlight.remove(evaluation)
    if (key !== undefined) this.#entries?.set(key, prediction, ENTRY_BYTES + key.length + prediction.bytes)
    evaluation.predicted(prediction)
  }

  dropped(evaluation: Evaluation, reason: string | undefined): void {
    this.#inFlight.remove(evaluation)
    if (reason !== undefined) evaluation.failed(reason)
  }
}
