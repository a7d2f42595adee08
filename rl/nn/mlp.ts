/**
 * A multi-layer perceptron on the SIMD kernels: tanh or ReLU between layers, linear at the end.
 *
 * An `Mlp` holds a workspace and no parameters: those are one flat array that the caller passes in, so that an actor and a critic can
 * share an array (and with it one gradient norm and one optimiser), and so that threads can share parameters while each has an `Mlp`
 * and gradients of its own. Rows are worked on in blocks that fit the first-level cache.
 *
 * Forward is exact per row: an observation gives bit for bit the same output alone and in any batch, at any place in it.
 * Gradients are sums over rows, so there the last bits depend on how the rows are cut into batches.
 */
import { NnError } from './errors.js'
import type { Heap } from './heap.js'
import { ACTIVATIONS, type Kernels, loadKernels } from './kernels/index.js'
import { fromTensors, type Layer, layersOf, type MlpDescription, type NamedTensor, padTo4, toTensors, writeWeight } from './layout.js'
import { type NormalSource, orthogonal } from './orthogonal.js'

export type { MlpDescription, NamedTensor } from './layout.js'
export type { NormalSource } from './orthogonal.js'

/** Rows a block: weights (16 KiB for 64 × 64) and two blocks of 64-wide rows stay in a 32 KiB cache. */
const BLOCK_ROWS = 32

const FLOAT = 4

export class Mlp {
  readonly description: MlpDescription
  /** Floats in the flat array of parameters, padding included; a multiple of 16, so that several networks can lie one after another. */
  readonly parameterCount: number
  readonly maxBatch: number
  readonly #heap: Heap
  readonly #kernels: Kernels
  readonly #layers: Layer[]
  readonly #activation: number
  /** Byte offsets: each hidden layer's activations [maxBatch, columns]; each hidden layer's weights transposed, for the way back. */
  readonly #hidden: number[]
  readonly #transposed: number[]
  readonly #output: Float32Array
  /** Byte offsets of two blocks [BLOCK_ROWS, widest columns], for what flows back. */
  readonly #blocks: readonly [number, number]
  #result: Float32Array
  #rows = -1

  constructor(heap: Heap, description: MlpDescription, { maxBatch }: { maxBatch: number }) {
    const { layers, parameterCount } = layersOf(description)
    if (!Number.isInteger(maxBatch) || maxBatch < 1) {
      throw new NnError('BAD_NETWORK', `maxBatch must be a whole number ≥ 1; given ${maxBatch}`)
    }
    this.description = { sizes: [...description.sizes], activation: description.activation }
    this.parameterCount = parameterCount
    this.maxBatch = maxBatch
    this.#heap = heap
    this.#kernels = loadKernels(heap.memory)
    this.#layers = layers
    this.#activation = ACTIVATIONS[description.activation]
    const hidden = layers.slice(0, -1)
    this.#hidden = hidden.map(({ columns }) => heap.float32(maxBatch * columns).byteOffset)
    // The first layer's are never needed: nothing flows back into observations.
    this.#transposed = hidden.map(({ columns, inputs }, l) => (l === 0 ? 0 : heap.float32(columns * padTo4(inputs)).byteOffset))
    this.#output = heap.float32(maxBatch * layers.at(-1)!.outputs)
    const block = BLOCK_ROWS * Math.max(...layers.map(({ columns }) => columns))
    this.#blocks = [heap.float32(block).byteOffset, heap.float32(block).byteOffset]
    this.#result = this.#output
  }

  /** A new flat array of zeros for this network's parameters (or gradients). */
  parameters(): Float32Array {
    return this.#heap.float32(this.parameterCount)
  }

  /** Orthogonal weights times a gain a layer (√2 for hidden layers, 0.01 for a policy's output, 1 for a value), biases zero. */
  initialize(params: Float32Array, random: NormalSource, gains: number[]): void {
    this.#heap.address(params, this.parameterCount, 'params')
    if (gains.length !== this.#layers.length) {
      throw new NnError('BAD_NETWORK', `one gain a layer is needed (${this.#layers.length}); given ${gains.length}`)
    }
    params.fill(0, 0, this.parameterCount)
    this.#layers.forEach((layer, l) => {
      writeWeight(params, layer, orthogonal(layer.outputs, layer.inputs, random), gains[l])
    })
  }

  /**
   * The outputs [n, out] for the rows x [n, in]. The view is this network's own: the next `forward` overwrites it.
   * Activations are kept for `backward`.
   */
  forward(params: Float32Array, x: Float32Array, n: number): Float32Array {
    const layers = this.#layers
    const kernels = this.#kernels
    const width = layers[0]!.inputs
    const last = layers.length - 1
    const top = layers[last]!
    const p = this.#heap.address(params, this.parameterCount, 'params')
    const input = this.#heap.address(x, this.#checkRows(n) * width, 'x')
    for (let start = 0; start < n; start += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, n - start)
      let from = input + start * width * FLOAT
      let stride = width
      for (let l = 0; l < last; l++) {
        const { inputs, columns, weight, bias } = layers[l]!
        const to = this.#hidden[l]! + start * columns * FLOAT
        kernels.dense(from, stride, p + weight * FLOAT, p + bias * FLOAT, to, rows, inputs, columns, this.#activation)
        from = to
        stride = columns
      }
      from = this.#padded(from, stride, rows)
      const to = this.#output.byteOffset + start * top.outputs * FLOAT
      kernels.output(from, p + top.weight * FLOAT, p + top.bias * FLOAT, to, rows, top.columns, top.outputs)
    }
    if (n !== this.#rows) {
      this.#rows = n
      this.#result = this.#output.subarray(0, n * top.outputs)
    }
    return this.#result
  }

  /** Adds to `gradients` those of Σ dOutput · output for the rows of the last `forward` (same params, x and n). */
  backward(params: Float32Array, gradients: Float32Array, x: Float32Array, dOutput: Float32Array, n: number): void {
    if (n !== this.#rows) {
      const before = this.#rows < 0 ? 'there was none' : `the last one had ${this.#rows}`
      throw new NnError('BACKWARD_FIRST', `backward of ${n} rows needs the forward of the same rows just before it; ${before}`)
    }
    const layers = this.#layers
    const kernels = this.#kernels
    const width = layers[0]!.inputs
    const last = layers.length - 1
    const top = layers[last]!
    const p = this.#heap.address(params, this.parameterCount, 'params')
    const g = this.#heap.address(gradients, this.parameterCount, 'gradients')
    const input = this.#heap.address(x, n * width, 'x')
    const slope = this.#heap.address(dOutput, n * top.outputs, 'dOutput')
    for (let l = 1; l < last; l++) {
      kernels.transpose(p + layers[l]!.weight * FLOAT, this.#transposed[l]!, layers[l]!.inputs, layers[l]!.columns)
    }
    for (let start = 0; start < n; start += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, n - start)
      const seen = input + start * width * FLOAT
      const dy = slope + start * top.outputs * FLOAT
      let [dz, next] = this.#blocks
      const into = last === 0 ? this.#padded(seen, width, rows) : this.#hidden[last - 1]! + start * top.columns * FLOAT
      kernels.weightGradients(dy, top.outputs, into, rows, top.outputs, top.columns, g + top.weight * FLOAT)
      kernels.biasGradients(dy, rows, top.outputs, g + top.bias * FLOAT)
      if (last === 0) continue
      kernels.denseBackward(dy, top.outputs, p + top.weight * FLOAT, into, dz, rows, top.outputs, top.columns, this.#activation)
      for (let l = last - 1; l >= 0; l--) {
        const { inputs, outputs, columns, weight, bias } = layers[l]!
        const stride = l === 0 ? width : padTo4(inputs)
        const h = l === 0 ? seen : this.#hidden[l - 1]! + start * stride * FLOAT
        kernels.weightGradients(h, stride, dz, rows, inputs, columns, g + weight * FLOAT)
        kernels.biasGradients(dz, rows, columns, g + bias * FLOAT)
        if (l === 0) break
        kernels.denseBackward(dz, columns, this.#transposed[l]!, h, next, rows, outputs, stride, this.#activation)
        ;[dz, next] = [next, dz]
      }
    }
  }

  /** Copies of the parameters under PyTorch's names and shapes: `actor.0.weight` [out, in], `actor.0.bias` [out], `actor.2.weight` … */
  toTensors(params: Float32Array, prefix: string): NamedTensor[] {
    this.#heap.address(params, this.parameterCount, 'params')
    return toTensors(this.#layers, params, prefix)
  }

  /** Fills `params` from such tensors; those under other prefixes are passed over. */
  fromTensors(params: Float32Array, tensors: Iterable<NamedTensor>, prefix: string): void {
    this.#heap.address(params, this.parameterCount, 'params')
    fromTensors(this.#layers, params, tensors, prefix)
  }

  /** The output layer reads rows of a multiple of 4; only a network without hidden layers may have others, and gets them copied. */
  #padded(x: number, stride: number, rows: number): number {
    const { columns } = this.#layers.at(-1)!
    if (stride === columns) return x
    this.#kernels.copyRows(x, stride, this.#blocks[0], columns, rows, stride)
    return this.#blocks[0]
  }

  #checkRows(n: number): number {
    if (Number.isInteger(n) && n >= 0 && n <= this.maxBatch) return n
    throw new NnError('BATCH_TOO_LARGE', `n must be a whole number up to maxBatch = ${this.maxBatch}; given ${n}`)
  }
}
