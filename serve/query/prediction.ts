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
  if (scalar) {
    const output = outputs[item * outputSize]!
    return Number.isFinite(output) ? new Prediction(output) : undefined
  }
  const output = new Array<number>(outputSize)
  for (let i = 0; i < outputSize; i++) {
    const value = outputs[item * outputSize + i]!
    if (!Number.isFinite(value)) return undefined
    output[i] = value
  }
  return new Prediction(output)
}
