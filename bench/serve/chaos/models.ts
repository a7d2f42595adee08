/** The chaos' models, and what each of their versions answers: an answer says by which version it was made, and is made again here. */
import { spaces } from '../../../envs/index.js'
import { describeCategorical, METADATA_KEY } from '../../../rl/policy/description.js'
import { encodeSafetensors } from '../../../rl/policy/safetensors.js'

export type Input = readonly number[]

/** Inputs are whole numbers, so that float32 and JSON hold them exactly. */
export const INPUT_SIZE = 4

/** What a model that has no versions answers. */
export const steady = (x: Input) => 3 * x[0] - x[2] + x[1] * x[3]

/** A model whose versions answer differently. */
export interface Family {
  readonly name: string
  readonly kind: 'policy' | 'function' | 'python'
  source(version: number): Uint8Array
  expected(version: number, x: Input): unknown
  /** By which version an output was made. */
  versionOf(output: unknown): number | undefined
}

const MOST_VERSIONS = 200

/** Version v has the actions 2v and 2v + 1: the second where the last number is positive. */
function policyOf(version: number): Uint8Array {
  const actions = 2 * MOST_VERSIONS
  const description = describeCategorical({
    algorithm: 'by hand',
    environmentId: 'Chaos-v0',
    observationSpace: new spaces.Box(-Infinity, Infinity, { shape: [INPUT_SIZE] }).toJSON(),
    actionSpace: new spaces.Discrete(actions).toJSON(),
    normalizer: null,
    network: { actor: { sizes: [INPUT_SIZE, actions], activation: 'tanh' }, critic: null },
    hyperparameters: {},
    seed: null,
    steps: 0,
  })
  const weights = new Float32Array(actions * INPUT_SIZE)
  weights[(2 * version + 1) * INPUT_SIZE + 3] = 1
  const biases = new Float32Array(actions)
  biases.fill(1e6, 2 * version, 2 * version + 2)
  const tensors = [
    { name: 'actor.0.weight', shape: [actions, INPUT_SIZE], data: weights },
    { name: 'actor.0.bias', shape: [actions], data: biases },
  ]
  return encodeSafetensors(tensors, { [METADATA_KEY]: JSON.stringify(description) })
}

export const policy: Family = {
  name: 'policy',
  kind: 'policy',
  source: policyOf,
  expected: (version, x) => 2 * version + (x[3] > 0 ? 1 : 0),
  versionOf: (output) => (typeof output === 'number' ? Math.floor(output / 2) : undefined),
}

const tagged = (version: number, x: Input) => [version, 3 * x[0] + version * x[1] - x[2] + x[3] / 4]
const firstOf = (output: unknown) => (Array.isArray(output) && typeof output[0] === 'number' ? output[0] : undefined)

export const fn: Family = {
  name: 'fn',
  kind: 'function',
  source: (version) =>
    Buffer.from(`export const inputSize = ${INPUT_SIZE}
export const outputs = [{ name: 'y', type: 'doubles', shape: [2] }]
export default (inputs) => inputs.map((x) => [${version}, 3 * x[0] + ${version} * x[1] - x[2] + x[3] / 4])`),
  expected: tagged,
  versionOf: firstOf,
}

export const py: Family = {
  name: 'py',
  kind: 'python',
  source: (version) =>
    Buffer.from(`import numpy as np
class Model:
    input_size = ${INPUT_SIZE}
    outputs = [{"name": "y", "type": "doubles", "shape": [2]}]
    def predict(self, batch):
        x = batch.astype("f8")
        return np.stack([np.full(len(x), ${version}), 3 * x[:, 0] + ${version} * x[:, 1] - x[:, 2] + x[:, 3] / 4], axis=1)
`),
  expected: tagged,
  versionOf: firstOf,
}

/** Arms of bandits: each says which it is. */
export const armSource = (arm: number): Uint8Array => fn.source(arm)

/** Members of an ensemble: all say the same, but for the one that fails now and then in every way it can. */
export const memberSource = (troubled: boolean): Uint8Array =>
  Buffer.from(`export const inputSize = ${INPUT_SIZE}
export const outputs = [{ name: 'y', type: 'doubles', shape: [] }]
const right = (x) => 3 * x[0] - x[2] + x[1] * x[3]
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export default async (inputs) => {
  const chance = ${troubled} ? Math.random() : 1
  if (chance < 0.01) return inputs.map(() => NaN)
  if (chance < 0.02) throw new Error('on purpose')
  if (chance < 0.03) return [...inputs.map(right), 0]
  if (chance < 0.05) await pause(300)
  if (chance < 0.052) process.exit(3)
  return inputs.map(right)
}`)

/** What the last number of an input does to the model that is in trouble. */
export const TROUBLES = {
  NaN: 1001,
  throws: 1002,
  'answers too few': 1003,
  'takes 300 ms': 1004,
  'never answers': 1005,
  'loops without end': 1006,
  exits: 1007,
  'floods its standard error': 1008,
  'answers 100,000 numbers': 1009,
} as const

export const troubleSource = (): Uint8Array =>
  Buffer.from(`export const inputSize = ${INPUT_SIZE}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export default async (inputs) => {
  const trouble = (code) => inputs.some((x) => x[3] === code)
  if (trouble(1002)) throw new Error('on purpose')
  if (trouble(1003)) return []
  if (trouble(1004)) await pause(300)
  if (trouble(1005)) await new Promise(() => {})
  if (trouble(1006)) for (;;);
  if (trouble(1007)) process.exit(4)
  if (trouble(1008)) for (let i = 0; i < 5000; i++) process.stderr.write('x'.repeat(10000))
  return inputs.map((x) => (x[3] === 1001 ? NaN : x[3] === 1009 ? new Array(100000).fill(x[0]) : 3 * x[0] - x[2] + x[1] * x[3]))
}`)

/** What an input of the model in trouble may be answered with; undefined: nothing but the default. */
export function troubledAnswer(x: Input): unknown {
  if (x[3] === TROUBLES.NaN) return undefined
  if (x[3] === TROUBLES['answers 100,000 numbers']) return new Array<number>(100_000).fill(x[0])
  return steady(x)
}
