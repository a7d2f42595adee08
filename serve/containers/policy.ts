import { loadPolicy, type Policy } from '../../rl/policy/index.js'
import type { BatchReply, ModelDescription, OutputDescription } from './container.js'
import type { Column } from './element-types.js'
import type { LoadedModel } from './model.js'

/** Enough calls for the compiler to have seen small and large batches; zeros are as good as any input. */
const WARM_SIZES = [1, 2, 8, 64]
const WARM_ROUNDS = 25

/** A trained policy: the action, and in detail also the probabilities of all actions, the action's log-probability and the critic's value. */
export async function loadPolicyModel(artifact: Uint8Array): Promise<LoadedModel> {
  const model = new PolicyModel(await loadPolicy(artifact))
  for (const size of WARM_SIZES) {
    const zeros = new Float32Array(size * model.description.inputSize)
    for (let round = 0; round < WARM_ROUNDS; round++) model.evaluate({ type: 'floats', elements: zeros }, size, round === 0)
  }
  return model
}

class PolicyModel implements LoadedModel {
  readonly isSynchronous = true
  readonly description: ModelDescription & { readonly inputSize: number }
  readonly #policy: Policy

  constructor(policy: Policy) {
    this.#policy = policy
    const { inputSize, algorithm, environmentId } = policy
    const observationSpace = policy.observationSpace.toJSON()
    const actionSpace = policy.actionSpace.toJSON()
    const outputs = describeOutputs(policy)
    this.description = { inputType: 'floats', inputSize, outputs, algorithm, environmentId, observationSpace, actionSpace }
  }

  evaluate({ elements }: Column, size: number, wantsExtras: boolean): BatchReply {
    const acts = this.#policy.act(elements as Float32Array, size, { deterministic: true, extras: wantsExtras })
    const action = columnOf(acts.actions)
    if (!wantsExtras) return { outputs: [action] }
    const extras = [acts.probabilities, acts.logProbs, acts.values].filter((values) => values !== undefined)
    return { outputs: [action, ...extras.map(columnOf)] }
  }
}

const columnOf = (elements: Float32Array | Int32Array): Column => ({
  type: elements instanceof Int32Array ? 'integers' : 'floats',
  elements,
})

/** What it says beside its action is seen by letting it act. */
function describeOutputs(policy: Policy): ModelDescription['outputs'] {
  const { actions, probabilities, logProbs, values } = policy.act(new Float32Array(policy.inputSize), 1, {
    deterministic: true,
    extras: true,
  })
  const isDiscrete = actions instanceof Int32Array
  const rest: OutputDescription[] = []
  if (probabilities !== undefined) rest.push({ name: 'probabilities', type: 'floats', shape: [probabilities.length] })
  if (logProbs !== undefined) rest.push({ name: 'logProb', type: 'floats', shape: [] })
  if (values !== undefined) rest.push({ name: 'value', type: 'floats', shape: [] })
  return [{ name: 'action', type: isDiscrete ? 'integers' : 'floats', shape: isDiscrete ? [] : [policy.outputSize] }, ...rest]
}
