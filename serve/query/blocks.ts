import { Block, type BlockResult } from '../batching/block.js'
import { ServeError } from '../errors.js'
import type { ModelVersion } from '../registry/model.js'
import type { Inputs } from './inputs.js'

/** A version's queue holds no more rows than this: what more is asked is shed, not kept. */
const MOST_WAITING_ROWS = 2 ** 22

/**
 * What one model version says about many rows, without cache, selection or default: for callers that name a model and not an
 * application. Resolves when all rows are answered.
 *
 * @param inputs of the model's width
 * @throws ServeError `MODEL_LATE` after `withinMs`, `MODEL_FAILED`, `OVERLOADED`
 */
export function inferBlock(
  { id, dispatcher, description }: ModelVersion,
  inputs: Inputs,
  wantsExtras: boolean,
  withinMs: number,
): Promise<BlockResult> {
  return new Promise((resolve, reject) => {
    if (dispatcher.queued + inputs.size > MOST_WAITING_ROWS) {
      const told = `${dispatcher.queued} rows wait for ${id} already, of at most ${MOST_WAITING_ROWS}; got ${inputs.size} more`
      reject(new ServeError('OVERLOADED', told, { retryAfterS: 1 }))
      return
    }
    const block = new Block(id, inputs, description, wantsExtras, performance.now() + withinMs, (result, error) => {
      if (result === null) reject(error)
      else resolve(result)
    })
    if (inputs.size === 0) block.empty()
    else dispatcher.enqueueBlock(block)
  })
}
