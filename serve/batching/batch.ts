import type { BatchInputs } from '../containers/container.js'
import type { Evaluation } from './evaluation.js'

/** Evaluations that travel into a container together. */
export class Batch implements BatchInputs {
  constructor(
    readonly evaluations: readonly Evaluation[],
    readonly inputSize: number,
    readonly sentAt: number,
  ) {}

  get size(): number {
    return this.evaluations.length
  }

  gather(into: Float32Array): void {
    const { evaluations, inputSize } = this
    let to = 0
    for (const { inputs, row } of evaluations) {
      const { floats } = inputs.slab
      const from = inputs.start + row * inputSize
      // Short rows: a loop beats the set-up of a subarray.
      if (inputSize <= 32) for (let i = 0; i < inputSize; i++) into[to + i] = floats[from + i]!
      else into.set(floats.subarray(from, from + inputSize), to)
      to += inputSize
    }
  }
}
