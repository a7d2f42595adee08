/** The same mathematics in plain float64, and seeded random data: what the kernels are compared with. */
import type { MlpDescription, NamedTensor } from '../../../rl/nn/mlp.js'

export type Random = { uniform(): number; standardNormal(): number; integer(below: number): number }

/** mulberry32 and Box-Muller: good enough for test data. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    uniform,
    standardNormal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer: (below) => Math.floor(uniform() * below),
  }
}

export function fillNormal(array: Float32Array, random: Random, scale = 1): Float32Array {
  for (let i = 0; i < array.length; i++) array[i] = random.standardNormal() * scale
  return array
}

/** Tensors in PyTorch's shapes, widened to float64. */
export type Weights = { name: string; data: Float64Array }[]

export const widen = (tensors: NamedTensor[]): Weights => tensors.map(({ name, data }) => ({ name, data: Float64Array.from(data) }))

/**
 * The outputs [n][out] of the network for rows x [n][in], layer by layer from its weights [out, in] and biases.
 * `onHidden` sees every hidden unit's value before its activation.
 */
export function forward(
  { sizes, activation }: MlpDescription,
  weights: Weights,
  x: number[][],
  onHidden?: (value: number) => void,
): number[][] {
  return x.map((row) => {
    let h = row
    for (let l = 0; l + 1 < sizes.length; l++) {
      const w = weights[2 * l]!.data
      const b = weights[2 * l + 1]!.data
      const z = Array.from({ length: sizes[l + 1]! }, (_, o) => h.reduce((sum, value, i) => sum + value * w[o * sizes[l]! + i]!, b[o]!))
      const isHidden = l + 2 < sizes.length
      if (isHidden && onHidden) z.forEach(onHidden)
      h = !isHidden ? z : z.map((value) => (activation === 'tanh' ? Math.tanh(value) : Math.max(0, value)))
    }
    return h
  })
}

/** (f(v + h) - f(v - h)) / 2h for the element `index` of `values`, which is put back. */
export function centralDifference(f: () => number, values: Float64Array, index: number, h = 1e-6): number {
  const kept = values[index]!
  values[index] = kept + h
  const above = f()
  values[index] = kept - h
  const below = f()
  values[index] = kept
  return (above - below) / (2 * h)
}

export const rowsOf = (flat: ArrayLike<number>, width: number): number[][] =>
  Array.from({ length: flat.length / width }, (_, r) => Array.from({ length: width }, (_, c) => flat[r * width + c]!))

/** ln softmax of one row. */
export function logSoftmax(row: number[]): number[] {
  const max = Math.max(...row)
  const logSum = Math.log(row.reduce((sum, value) => sum + Math.exp(value - max), 0))
  return row.map((value) => value - max - logSum)
}

/** The largest error of a, absolute below 1 and relative above; NaN if there is one. */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0
  for (let i = 0; i < b.length; i++) {
    const error = Math.abs(a[i]! - b[i]!) / Math.max(1, Math.abs(b[i]!))
    if (!(error <= most)) most = error
  }
  return most
}

export function refuses(run: () => unknown, code: string, words: RegExp): void {
  let thrown: { code?: string; message?: string } | undefined
  try {
    run()
  } catch (error) {
    thrown = error as { code?: string; message?: string }
  }
  if (thrown?.code !== code || !words.test(thrown.message ?? '')) {
    throw new Error(`expected ${code} with ${words}, got ${thrown ? `${thrown.code}: ${thrown.message}` : 'no error'}`)
  }
}
