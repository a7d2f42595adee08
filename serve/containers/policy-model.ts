import { loadPolicy, type Policy } from '../../rl/policy/index.js'
import { type BatchReply, ITEM_FAILED, type ModelDescription } from './container.js'

/** Enough calls for the compiler to have seen small and large batches; zeros are as good as any input. */
const WARM_SIZES = [1, 2, 8, 64]
const WARM_ROUNDS = 25

const isDiscrete = (space: unknown) => (space as { type?: unknown }).type === 'Discrete'

/** A policy that answers batches: what a policy container runs, in a process of its own or inline. */
export class PolicyModel {
  readonly description: ModelDescription
  readonly #policy: Policy

  private constructor(policy: Policy) {
    this.#policy = policy
    const { inputSize, outputSize, algorithm, environmentId } = policy
    const observationSpace = policy.observationSpace.toJSON()
    const actionSpace = policy.actionSpace.toJSON()
    const outputType = isDiscrete(actionSpace) ? 'integer' : 'floats'
    const spaces = { observationSpace, actionSpace }
    const extras = { probabilities: policy.numActions, logProb: 1, ...(policy.description.network.critic && { value: 1 }) }
    this.description = { inputType: 'floats', inputSize, outputSize, outputType, extras, algorithm, environmentId, ...spaces }
  }

  /** @throws PolicyError for an artifact that is damaged or not ours */
  static async load(artifact: Uint8Array): Promise<PolicyModel> {
    const model = new PolicyModel(await loadPolicy(artifact))
    for (const size of WARM_SIZES) {
      const zeros = new Float32Array(size * model.description.inputSize)
      for (let round = 0; round < WARM_ROUNDS; round++) model.#act(zeros, size)
    }
    return model
  }

  /** Actions, and in their order what the description calls extras. */
  #act(inputs: Float32Array, size: number, extras = false): BatchReply {
    const { actions, probabilities, logProbs, values } = this.#policy.act(inputs, size, { deterministic: true, extras })
    if (!extras) return { outputs: actions }
    return { outputs: actions, extras: [probabilities, logProbs, values].filter((array) => array !== undefined) }
  }

  /** `inputs` is `[size, inputSize]`; the reply's views are valid until the next call. */
  evaluate(inputs: Float32Array, size: number, wantsExtras: boolean): BatchReply {
    try {
      return this.#act(inputs, size, wantsExtras)
    } catch {
      return this.#evaluateEach(inputs, size, wantsExtras)
    }
  }

  /** One input the policy throws on must not spoil the others of its batch. */
  #evaluateEach(inputs: Float32Array, size: number, wantsExtras: boolean): BatchReply {
    const { inputSize, outputSize, outputType } = this.description
    const outputs = outputType === 'integer' ? new Int32Array(size * outputSize) : new Float32Array(size * outputSize)
    const widths = wantsExtras ? Object.values(this.description.extras ?? {}) : []
    const extras = widths.map((width) => new Float32Array(size * width))
    const statuses = new Uint8Array(size)
    const errors: Record<number, string> = {}
    for (let item = 0; item < size; item++) {
      try {
        const one = this.#act(inputs.subarray(item * inputSize, (item + 1) * inputSize), 1, wantsExtras)
        outputs.set(one.outputs, item * outputSize)
        for (const [i, extra] of extras.entries()) extra.set(one.extras![i]!, item * widths[i]!)
      } catch (error) {
        statuses[item] = ITEM_FAILED
        errors[item] = (error as Error).message
      }
    }
    return { outputs, extras: wantsExtras ? extras : undefined, statuses, errors }
  }
}
