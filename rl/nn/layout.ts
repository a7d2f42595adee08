/**
 * How a multi-layer perceptron's parameters lie in one flat array: layer by layer the weights, then the bias, each beginning on a multiple
 * of 16 floats (64 bytes). Kernels vectorise along the longer side of a matrix, so
 *
 * - a hidden layer's weights lie [inputs, columns], columns = outputs (the transpose of PyTorch's),
 * - the output layer's lie [outputs, columns], columns = inputs (as PyTorch's),
 *
 * with columns rounded up to a multiple of 4; what is in the gaps is zero and stays zero.
 */
import { NnError } from './errors.js'

export interface MlpDescription {
  /** Widths from the input to the output, e.g. [4, 64, 64, 2]. */
  sizes: number[]
  /** What follows every hidden layer; the output layer is linear. */
  activation: 'tanh' | 'relu'
}

export interface Layer {
  readonly inputs: number
  readonly outputs: number
  /** The row length of the weights in memory; for a hidden layer that of its activations too. */
  readonly columns: number
  readonly isOutput: boolean
  /** Where the parts begin in the flat array, in floats. */
  readonly weight: number
  readonly bias: number
}

/** A tensor by PyTorch's name and shape, as in a safetensors file. */
export interface NamedTensor {
  name: string
  shape: number[]
  data: Float32Array
}

export const padTo4 = (count: number) => Math.ceil(count / 4) * 4
const padTo16 = (count: number) => Math.ceil(count / 16) * 16

export function layersOf({ sizes, activation }: MlpDescription): { layers: Layer[]; parameterCount: number } {
  if (sizes.length < 2 || sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new NnError('BAD_NETWORK', `sizes must be two or more whole numbers ≥ 1, input to output; given [${sizes.join(', ')}]`)
  }
  if (activation !== 'tanh' && activation !== 'relu') {
    throw new NnError('BAD_NETWORK', `activation must be 'tanh' or 'relu'; given '${activation}'`)
  }
  const layers: Layer[] = []
  let offset = 0
  for (let l = 0; l + 1 < sizes.length; l++) {
    const inputs = sizes[l]!
    const outputs = sizes[l + 1]!
    const isOutput = l + 2 === sizes.length
    const columns = padTo4(isOutput ? inputs : outputs)
    const bias = offset + padTo16((isOutput ? outputs : inputs) * columns)
    layers.push({ inputs, outputs, columns, isOutput, weight: offset, bias })
    offset = bias + padTo16(outputs)
  }
  return { layers, parameterCount: offset }
}

const indexOf = ({ weight, columns, isOutput }: Layer, o: number, i: number) => weight + (isOutput ? o * columns + i : i * columns + o)

/** Writes a weight matrix [outputs, inputs] into the flat array. */
export function writeWeight(params: Float32Array, layer: Layer, matrix: ArrayLike<number>, gain = 1): void {
  for (let o = 0; o < layer.outputs; o++) {
    for (let i = 0; i < layer.inputs; i++) params[indexOf(layer, o, i)] = matrix[o * layer.inputs + i]! * gain
  }
}

/** Copies out of the flat array, under the names that `torch.nn.Sequential` gives linear layers with activations between them. */
export function toTensors(layers: readonly Layer[], params: Float32Array, prefix: string): NamedTensor[] {
  return layers.flatMap((layer, l) => {
    const weight = new Float32Array(layer.outputs * layer.inputs)
    for (let o = 0; o < layer.outputs; o++) {
      for (let i = 0; i < layer.inputs; i++) weight[o * layer.inputs + i] = params[indexOf(layer, o, i)]!
    }
    return [
      { name: `${prefix}.${2 * l}.weight`, shape: [layer.outputs, layer.inputs], data: weight },
      { name: `${prefix}.${2 * l}.bias`, shape: [layer.outputs], data: params.slice(layer.bias, layer.bias + layer.outputs) },
    ]
  })
}

/** Fills the flat array from tensors; all of `prefix`'s tensors must be there, in the right shapes, and no others. */
export function fromTensors(layers: readonly Layer[], params: Float32Array, tensors: Iterable<NamedTensor>, prefix: string): void {
  const given = new Map<string, NamedTensor>()
  for (const tensor of tensors) if (tensor.name.startsWith(`${prefix}.`)) given.set(tensor.name, tensor)
  const found = [...given.keys()].join(', ') || 'none'
  const take = (name: string, shape: number[]): Float32Array => {
    const tensor = given.get(name)
    if (!tensor) throw new NnError('TENSOR_MISMATCH', `tensor ${name} [${shape}] is missing; given under '${prefix}': ${found}`)
    const length = shape.reduce((product, size) => product * size, 1)
    if (tensor.shape.join() !== shape.join() || tensor.data.length !== length) {
      throw new NnError(
        'TENSOR_MISMATCH',
        `tensor ${name} must have shape [${shape}] and ${length} values; given [${tensor.shape}] and ${tensor.data.length}`,
      )
    }
    given.delete(name)
    return tensor.data
  }
  const parts = layers.map((layer, l) => ({
    layer,
    weight: take(`${prefix}.${2 * l}.weight`, [layer.outputs, layer.inputs]),
    bias: take(`${prefix}.${2 * l}.bias`, [layer.outputs]),
  }))
  if (given.size > 0) {
    throw new NnError('TENSOR_MISMATCH', `this network has no tensor ${[...given.keys()].join(', ')}; it has ${layers.length} layers`)
  }
  for (const { layer, weight, bias } of parts) {
    writeWeight(params, layer, weight)
    params.set(bias, layer.bias)
  }
}
