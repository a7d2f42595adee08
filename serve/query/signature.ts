import type { ModelDescription } from '../containers/container.js'

/** A model's input or one of its outputs, as APIs that speak of tensors name it. */
export interface TensorSpec {
  readonly name: string
  readonly type: 'integer' | 'floats'
  /** Of one item: `[]` for a bare number. */
  readonly shape: readonly number[]
}

export interface Signature {
  readonly input: TensorSpec
  /** The answer first, then what the model gives besides. */
  readonly outputs: readonly TensorSpec[]
}

const product = (shape: readonly number[]) => shape.reduce((size, side) => size * side, 1)

/** The shape of a Box space, if that is what it is and `size` numbers are in it; else flat. */
function shapeOf(space: unknown, size: number): readonly number[] {
  const { shape } = (space ?? {}) as { shape?: unknown }
  return Array.isArray(shape) && product(shape) === size ? shape : [size]
}

/** A policy takes `observation` and answers `action` first, then `probabilities`, `logProb`, `value` where it has them. */
export function signatureOf(description: ModelDescription): Signature {
  const { inputSize, outputSize, outputType, observationSpace, actionSpace, extras = {} } = description
  const isPolicy = actionSpace !== undefined
  const answer: TensorSpec = {
    name: isPolicy ? 'action' : 'output',
    type: outputType,
    shape: outputType === 'integer' ? [] : shapeOf(actionSpace, outputSize),
  }
  const others = Object.entries(extras).map(([name, width]): TensorSpec => ({ name, type: 'floats', shape: width === 1 ? [] : [width] }))
  return {
    input: { name: isPolicy ? 'observation' : 'input', type: 'floats', shape: shapeOf(observationSpace, inputSize) },
    outputs: [answer, ...others],
  }
}
