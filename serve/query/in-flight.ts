import type { CachedModel, Evaluation } from '../batching/evaluation.js'
import type { Inputs } from './inputs.js'

const FIRST_BUCKETS = 4096

/**
 * Evaluations that are not answered yet, by model and input content: a hash table whose chains run through the evaluations.
 * (With a Map in its place, filled and emptied thousands of times a second, minor garbage collections took five times as long.)
 */
export class InFlight {
  #buckets: (Evaluation | undefined)[] = new Array(FIRST_BUCKETS).fill(undefined)
  #mask = FIRST_BUCKETS - 1
  #size = 0

  find(model: CachedModel, inputs: Inputs, row: number, hash: number): Evaluation | undefined {
    let found = this.#buckets[hash & this.#mask]
    while (found !== undefined && !(found.hash === hash && found.model === model && found.inputs.sameRow(found.row, inputs, row))) {
      found = found.nextInBucket
    }
    return found
  }

  add(evaluation: Evaluation): void {
    if (++this.#size > this.#buckets.length) this.#grow()
    this.#link(evaluation)
  }

  #link(evaluation: Evaluation): void {
    const bucket = evaluation.hash & this.#mask
    evaluation.nextInBucket = this.#buckets[bucket]
    this.#buckets[bucket] = evaluation
  }

  /** Nothing happens for one that was removed before. */
  remove(evaluation: Evaluation): void {
    const bucket = evaluation.hash & this.#mask
    let before: Evaluation | undefined
    let at = this.#buckets[bucket]
    while (at !== undefined && at !== evaluation) {
      before = at
      at = at.nextInBucket
    }
    if (at === undefined) return
    if (before === undefined) this.#buckets[bucket] = at.nextInBucket
    else before.nextInBucket = at.nextInBucket
    at.nextInBucket = undefined
    this.#size--
  }

  /** Chains stay about one long, however much is in flight; what the models' queues may hold bounds that. */
  #grow(): void {
    const old = this.#buckets
    this.#buckets = new Array(2 * old.length).fill(undefined)
    this.#mask = this.#buckets.length - 1
    for (let chain of old) {
      while (chain !== undefined) {
        const next: Evaluation | undefined = chain.nextInBucket
        this.#link(chain)
        chain = next
      }
    }
  }
}
