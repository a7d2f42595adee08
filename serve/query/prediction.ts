/** What a model said about one input: made once, shared by every query that asked for it and by the cache. */
export class Prediction {
  readonly output: number | readonly number[]
  #json: string | undefined

  constructor(output: number | readonly number[]) {
    this.output = output
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.output)
    return this.#json
  }

  /** About what it costs to keep, bytes. */
  get bytes(): number {
    return 64 + (typeof this.output === 'number' ? 16 : 32 * this.output.length)
  }
}

/** Whole numbers that models answer all the time: actions of a Discrete space. */
const SMALL = Array.from({ length: 256 }, (_, output) => new Prediction(output))

function scalarPrediction(output: number): Prediction | undefined {
  const small = SMALL[output]
  if (small !== undefined && !Object.is(output, -0)) return small
  return Number.isFinite(output) ? new Prediction(output) : undefined
}

/**
 * The prediction in row `item` of a batch's outputs, `[size, outputSize]` row-major;
 * undefined when the model answered something that is not finite.
 */
export function predictionAt(
  outputs: Float32Array | Int32Array,
  item: number,
  outputSize: number,
  scalar: boolean,
): Prediction | undefined {
  if (scalar) return scalarPrediction(outputs[item * outputSize]!)
  const output = new Array<number>(outputSize)
  for (let i = 0; i < outputSize; i++) {
    const value = outputs[item * outputSize + i]!
    if (!Number.isFinite(value)) return undefined
    output[i] = value
  }
  return new Prediction(output)
}
