import { NnError } from './errors.js'
import type { Heap } from './heap.js'
import { type Kernels, loadKernels } from './kernels/index.js'

export interface AdamStep {
  learningRate: number
  /** 0.9 unless told. */
  beta1?: number
  /** 0.999 unless told. */
  beta2?: number
  /** 1e-8 unless told. */
  epsilon?: number
  /** Scales the gradients down to this global norm when theirs is larger. No limit unless told. */
  maxGradNorm?: number
  /** Multiplies the gradients before anything else, e.g. by 1 / shards. 1 unless told. */
  scale?: number
}

/** What a checkpoint keeps: both moments, in the parameters' own layout, and the number of steps taken. */
export interface AdamState {
  m: Float32Array
  v: Float32Array
  t: number
}

/** Adam (Kingma and Ba 2015) as PyTorch computes it, over one flat array of parameters. */
export class Adam {
  readonly parameterCount: number
  readonly #heap: Heap
  readonly #kernels: Kernels
  readonly #m: Float32Array
  readonly #v: Float32Array
  #t = 0

  constructor(heap: Heap, parameterCount: number) {
    this.parameterCount = parameterCount
    this.#heap = heap
    this.#kernels = loadKernels(heap.memory)
    this.#m = heap.float32(parameterCount)
    this.#v = heap.float32(parameterCount)
  }

  /**
   * Moves the parameters by one step and zeroes the gradients. Returns the gradients' global norm, after `scale` and before clipping.
   * Throws NOT_FINITE, and changes nothing, when the norm is not a finite number.
   */
  step(params: Float32Array, gradients: Float32Array, options: AdamStep): number {
    const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, maxGradNorm = Infinity, scale = 1 } = options
    const count = this.parameterCount
    const p = this.#heap.address(params, count, 'params')
    const g = this.#heap.address(gradients, count, 'gradients')
    const norm = Math.sqrt(this.#kernels.sumOfSquares(g, count)) * Math.abs(scale)
    if (!Number.isFinite(norm)) {
      throw new NnError(
        'NOT_FINITE',
        `the gradients' norm is ${norm} at step ${this.#t + 1}; lower the learning rate (${learningRate}), or look for NaN in the data`,
      )
    }
    // The 1e-6 is that of torch.nn.utils.clip_grad_norm_.
    const clip = Math.min(1, maxGradNorm / (norm + 1e-6))
    this.#t++
    this.#kernels.adam(
      p,
      g,
      this.#m.byteOffset,
      this.#v.byteOffset,
      count,
      scale * clip,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      learningRate / (1 - beta1 ** this.#t),
      1 / Math.sqrt(1 - beta2 ** this.#t),
      epsilon,
    )
    return norm
  }

  /** A copy. */
  state(): AdamState {
    return { m: this.#m.slice(), v: this.#v.slice(), t: this.#t }
  }

  load({ m, v, t }: AdamState): void {
    if (m.length !== this.parameterCount || v.length !== this.parameterCount) {
      throw new NnError(
        'TENSOR_MISMATCH',
        `Adam's m and v must have ${this.parameterCount} elements, as the parameters; given ${m.length} and ${v.length}`,
      )
    }
    this.#m.set(m)
    this.#v.set(v)
    this.#t = t
  }
}
