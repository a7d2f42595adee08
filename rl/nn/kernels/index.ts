/**
 * The SIMD kernels on one memory. Pointers are byte offsets, counts and strides are in elements; see `assembly/`.
 * Nothing is checked here: `Heap.address` is where views become pointers.
 */
import { readFileSync } from 'node:fs'

/** Names this build's arithmetic: a policy keeps it, since the last bits depend on it. */
export const KERNELS_BUILD = 'simd128'

/** What a hidden layer applies; the numbers of assembly/activations.ts. */
export const ACTIVATIONS = { linear: 0, tanh: 1, relu: 2 } as const

export interface Kernels {
  dense(
    x: number,
    xStride: number,
    w: number,
    bias: number,
    y: number,
    rows: number,
    depth: number,
    columns: number,
    activation: number,
  ): void
  denseBackward(
    dz: number,
    dzStride: number,
    wT: number,
    h: number,
    dx: number,
    rows: number,
    depth: number,
    columns: number,
    activation: number,
  ): void
  output(x: number, w: number, bias: number, y: number, rows: number, depth: number, outputs: number): void
  weightGradients(a: number, aStride: number, b: number, rows: number, m: number, columns: number, dw: number): void
  biasGradients(dz: number, rows: number, width: number, db: number): void
  transpose(w: number, wT: number, rows: number, columns: number): void
  copyRows(from: number, fromStride: number, to: number, toStride: number, n: number, width: number): void
  gatherRows(source: number, sourceRows: number, indices: number, out: number, n: number, width: number): number
  addInto(target: number, source: number, count: number): void
  tanhArray(x: number, y: number, count: number): void
  expArray(x: number, y: number, count: number): void
  logArray(x: number, y: number, count: number): void
  sumOfSquares(g: number, count: number): number
  adam(
    p: number,
    g: number,
    m: number,
    v: number,
    count: number,
    scale: number,
    keep1: number,
    take1: number,
    keep2: number,
    take2: number,
    stepSize: number,
    root: number,
    epsilon: number,
  ): void
  sample(logits: number, uniforms: number, asFloat64: number, actions: number, logProbs: number, n: number, k: number): number
  greedy(logits: number, actions: number, n: number, k: number): number
  probabilities(logits: number, out: number, n: number, k: number): void
  logProb(logits: number, actions: number, out: number, n: number, k: number): number
  entropy(logits: number, out: number, n: number, k: number): void
  ppoCategorical(
    logits: number,
    actions: number,
    oldLogProbs: number,
    advantages: number,
    n: number,
    k: number,
    clipRange: number,
    entropyCoef: number,
    perRow: number,
    dLogits: number,
    stats: number,
    asFloat64: number,
  ): number
  valueLoss(values: number, returns: number, n: number, perRow: number, oldValues: number, range: number, dValues: number): number
}

let compiled: WebAssembly.Module | undefined
const instances = new WeakMap<WebAssembly.Memory, Kernels>()

/** The kernels on `memory`: compiled once a thread, instantiated once a memory, both synchronously. */
export function loadKernels(memory: WebAssembly.Memory): Kernels {
  let kernels = instances.get(memory)
  if (!kernels) {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)))
    kernels = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels
    instances.set(memory, kernels)
  }
  return kernels
}
