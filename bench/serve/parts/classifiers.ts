/** Classifiers that a benchmark can make by itself: Gaussian classes, and the nearest of their fitted means. */
import type { npRandom } from 'gymnura/envs'
import type { PublishOptions } from 'gymnura/serve'

type Generator = ReturnType<typeof npRandom>[0]

/** An input and the class that it is of. */
export interface Labelled {
  readonly input: number[]
  readonly label: number
}

export const normals = (generator: Generator, length: number, deviation = 1): number[] =>
  Array.from({ length }, () => deviation * generator.standardNormal())

/** A point of each class. @returns `[classes][length]` */
export const points = (generator: Generator, classes: number, length: number, deviation = 1): number[][] =>
  Array.from({ length: classes }, () => normals(generator, length, deviation))

export const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value + b[i]!)

/** The mean input of each class. @param from, to the part of the input that is looked at */
export function fittedMeans(samples: readonly Labelled[], classes: number, from: number, to: number): number[][] {
  const sums = Array.from({ length: classes }, () => new Array<number>(to - from).fill(0))
  const counts = new Array<number>(classes).fill(0)
  for (const { input, label } of samples) {
    counts[label]!++
    for (let i = from; i < to; i++) sums[label]![i - from]! += input[i]!
  }
  return sums.map((sum, label) => sum.map((value) => value / Math.max(1, counts[label]!)))
}

/** The class whose mean is nearest, as a function's source that a container runs. */
export function nearestMean(
  means: readonly (readonly number[])[],
  from: number,
): { source: Uint8Array; predict: (input: number[]) => number } {
  const text = `(inputs) => {
    const means = ${JSON.stringify(means)}
    return inputs.map((input) => {
      let best = 0
      let least = Infinity
      for (let label = 0; label < means.length; label++) {
        let distance = 0
        for (let i = 0; i < means[label].length; i++) distance += (input[${from} + i] - means[label][i]) ** 2
        if (distance < least) { least = distance; best = label }
      }
      return best
    })
  }`
  // The same text here, to know what each model would have said.
  const run = new Function(`return ${text}`)() as (inputs: number[][]) => number[]
  return { source: Buffer.from(text), predict: (input) => run([input])[0]! }
}

export const classifierOptions = (inputSize: number): PublishOptions => ({
  kind: 'function',
  isolation: 'inline',
  application: false,
  inputSize,
  outputs: [{ name: 'class', type: 'integers', shape: [] }],
})
