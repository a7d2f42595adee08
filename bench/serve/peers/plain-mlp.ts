/** The policy's network in plain JavaScript, for the floor without a serving tier and to check every answer with. */
import { readFileSync } from 'node:fs'

interface Layer {
  readonly weight: Float32Array
  readonly bias: Float32Array
}

function readLayers(file: string): Layer[] {
  const bytes = readFileSync(file)
  const length = Number(bytes.readBigUInt64LE(0))
  const tensors = JSON.parse(bytes.toString('utf8', 8, 8 + length))
  const tensor = (name: string) => {
    const [begin, end] = tensors[name].data_offsets
    return new Float32Array(Uint8Array.from(bytes.subarray(8 + length + begin, 8 + length + end)).buffer)
  }
  return [0, 2, 4].map((i) => ({ weight: tensor(`actor.${i}.weight`), bias: tensor(`actor.${i}.bias`) }))
}

/** @param file a policy's .safetensors; what it gives maps 4 numbers to the logits of the actions */
export function plainMlp(file: string): (input: ArrayLike<number>) => Float64Array {
  const layers = readLayers(file)
  return (input) => {
    let values = Float64Array.from(input)
    layers.forEach(({ weight, bias }, depth) => {
      const next = new Float64Array(bias.length)
      for (let row = 0; row < bias.length; row++) {
        let sum = bias[row]!
        for (let k = 0; k < values.length; k++) sum += weight[row * values.length + k]! * values[k]!
        next[row] = depth < layers.length - 1 ? Math.tanh(sum) : sum
      }
      values = next
    })
    return values
  }
}
