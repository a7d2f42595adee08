import type { BatchInputs } from '../containers/container.js'
import type { Inputs } from '../query/inputs.js'
import type { Slice } from './block.js'
import type { Evaluation } from './evaluation.js'

/** What waits in a queue and travels in batches: one input, or some rows of a block. */
export type Item = Evaluation | Slice

/** Items that travel into a container together. */
export class Batch implements BatchInputs {
  /** @param size rows of all items together */
  constructor(
    readonly items: readonly Item[],
    readonly size: number,
    readonly inputSize: number,
    readonly sentAt: number,
  ) {}

  get wantsExtras(): boolean {
    return this.items.some(({ wantsExtras }) => wantsExtras)
  }

  gather(into: Float32Array): void {
    let to = 0
    for (const { inputs, row, rows } of this.items) to = copyRows(inputs, row, rows * this.inputSize, into, to)
  }
}

function copyRows(inputs: Inputs, row: number, length: number, into: Float32Array, to: number): number {
  const { floats } = inputs.slab
  const from = inputs.start + row * inputs.width
  // Short rows: a loop beats the set-up of a subarray.
  if (length <= 32) for (let i = 0; i < length; i++) into[to + i] = floats[from + i]!
  else into.set(floats.subarray(from, from + length), to)
  return to + length
}
