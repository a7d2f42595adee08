import type { ModelDescription, OutputDescription } from '../containers/container.js'
import { type InputType, sizeOf } from '../containers/element-types.js'

/** A model's input, as APIs that speak of tensors name it. */
export interface InputSpec {
  readonly name: string
  readonly type: InputType
  /** Of one item: `[]` for one text, -1 for any length. */
  readonly shape: readonly number[]
}

export interface Signature {
  readonly input: InputSpec
  /** The answer first, then what the model gives besides. */
  readonly outputs: readonly OutputDescription[]
}

function inputShape({ inputType, inputSize, observationSpace }: ModelDescription): readonly number[] {
  if (inputType === 'strings') return []
  if (inputSize === null) return inputType === 'bytes' ? [] : [-1]
  // The shape of a Box, if the observation is one; else it is flat.
  const { shape } = (observationSpace ?? {}) as { shape?: unknown }
  return Array.isArray(shape) && sizeOf(shape) === inputSize ? shape : [inputSize]
}

/** A policy takes `observation`, other models `input`; outputs have the names that the model gave them. */
export function signatureOf(description: ModelDescription): Signature {
  const name = description.observationSpace === undefined ? 'input' : 'observation'
  return { input: { name, type: description.inputType, shape: inputShape(description) }, outputs: description.outputs }
}
