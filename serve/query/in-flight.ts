import type { CachedModel, Evaluation } from '../batching/evaluation.js'
import type { Inputs } from './inputs.js'

const BUCKETS = 4096

/**
 * Evaluations that are not answered yet, by model and input content: a hash table whose chains run through the evaluations.
 * (With a Map in its place, filled and emptied thousands of times a second, minor garbage collections took five times as long.)
 */
export class InFlight {
  readonly #buckets: (Evaluation | undefined)[] = new Array(BUCKETS).fill(undefined)

  find(model: CachedModel, inputs: Inputs, row: number, hash: number): Evaluation | undefined {
    let found = this.#buckets[hash & (BUCKETS - 1)]
    while (found !== undefined && !(found.hash === hash && found.model === model && found.inputs.sameRow(found.row, inputs, row))) {
      found = found.nextInBucket
    }
    return found
  }

  add(evaluation: Evaluation): void {
    const bucket = evaluation.hash & (BUCKETS - 1)
    evaluation.nextInBucket = this.#buckets[bucket]
    this.#buckets[bucket] = evaluation
  }

  remove(evaluation: Evaluation): void {
    const bucket = evaluation.hash & (BUCKETS - 1)
    const first = this.#buckets[bucket]
    if (first === evaluation) this.#buckets[bucket] = evaluation.nextInBucket
    else {
      let before = first
      while (before !== undefined && before.nextInBucket !== evaluation) before = before.nextInBucket
      if (before !== undefined) before.nextInBucket = evaluation.nextInBucket
    }
    evaluation.nextInBucket = undefined
  }
}
