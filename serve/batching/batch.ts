import type { BatchInputs } from '../containers/container.js'
import type { Elements } from '../containers/element-types.js'
import type { Slice } from './block.js'
import type { Evaluation } from './evaluation.js'

/** What waits in a queue and travels in batches: one input, or some rows of a block. */
export type Item = Evaluation | Slice

/** Items that travel into a container together. */
export class Batch implements BatchInputs {
  /**
   * @param size rows of all items together
   * @param inputSize elements of each input, null where each has its own length
   */
  constructor(
    readonly items: readonly Item[],
    readonly size: number,
    readonly inputSize: number | null,
    readonly sentAt: number,
  ) {}

  get wantsExtras(): boolean {
    return this.items.some(({ wantsExtras }) => wantsExtras)
  }

  get length(): number {
    if (this.inputSize !== null) return this.size * this.inputSize
    return this.items.reduce((sum, { inputs, row, rows }) => sum + inputs.length(row, rows), 0)
  }

  offsets(): Uint32Array | undefined {
    if (this.inputSize !== null) return undefined
    const offsets = new Uint32Array(this.size + 1)
    let to = 0
    for (const { inputs, row, rows } of this.items) {
      for (let i = row; i < row + rows; i++, to++) offsets[to + 1] = offsets[to]! + inputs.length(i, 1)
    }
    return offsets
  }

  gather(into: Elements): void {
    let to = 0
    for (const { inputs, row, rows } of this.items) to = inputs.copyRows(row, rows, into, to)
  }
}
