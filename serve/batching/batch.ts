import type { BatchInputs } from '../containers/container.js'
import type { Elements } from '../containers/element-types.js'
import type { Evaluation } from './evaluation.js'

/** Evaluations that travel into a container together. */
export class Batch implements BatchInputs {
  /** Whether one of them wants all of the model's outputs. */
  readonly detailed: boolean

  /** @param inputSize elements of each input, null where each has its own length */
  constructor(
    readonly evaluations: readonly Evaluation[],
    readonly inputSize: number | null,
    readonly sentAt: number,
  ) {
    this.detailed = evaluations.some(({ model }) => model.detailed)
  }

  get size(): number {
    return this.evaluations.length
  }

  get length(): number {
    if (this.inputSize !== null) return this.size * this.inputSize
    return this.evaluations.reduce((sum, { inputs, row }) => sum + inputs.length(row), 0)
  }

  offsets(): Uint32Array | undefined {
    if (this.inputSize !== null) return undefined
    const offsets = new Uint32Array(this.size + 1)
    for (const [item, { inputs, row }] of this.evaluations.entries()) offsets[item + 1] = offsets[item]! + inputs.length(row)
    return offsets
  }

  gather(into: Elements): void {
    let at = 0
    for (const { inputs, row } of this.evaluations) {
      inputs.copyRow(row, into, at)
      at += inputs.length(row)
    }
  }
}
