/** Policies for the tests: linear ones, whose answers can be said by hand. */
import { spaces } from 'gymnura/envs'
import { describeCategorical, METADATA_KEY } from '../../rl/policy/description.js'
import { encodeSafetensors } from '../../rl/policy/safetensors.js'

/**
 * The artifact of a policy without hidden layers: observations of `weights[0].length` numbers, a Discrete action a row of weights;
 * it takes the row with the largest product, ties to the lowest.
 */
export function linearPolicy(weights: readonly (readonly number[])[]): Uint8Array {
  const inputs = weights[0].length
  const actions = weights.length
  const description = describeCategorical({
    algorithm: 'by hand',
    environmentId: 'Test-v0',
    observationSpace: new spaces.Box(-Infinity, Infinity, { shape: [inputs] }).toJSON(),
    actionSpace: new spaces.Discrete(actions).toJSON(),
    normalizer: null,
    network: { actor: { sizes: [inputs, actions], activation: 'tanh' }, critic: null },
    hyperparameters: {},
    seed: null,
    steps: 0,
  })
  const tensors = [
    { name: 'actor.0.weight', shape: [actions, inputs], data: Float32Array.from(weights.flat()) },
    { name: 'actor.0.bias', shape: [actions], data: new Float32Array(actions) },
  ]
  return encodeSafetensors(tensors, { [METADATA_KEY]: JSON.stringify(description) })
}

/** For observations of four numbers: action 1 when the fourth is positive, else 0. */
export const pushPolicy = () =>
  linearPolicy([
    [0, 0, 0, 0],
    [0, 0, 0, 1],
  ])

/** What `pushPolicy` does, said by hand. */
export const pushAction = (observation: readonly number[]) => (observation[3]! > 0 ? 1 : 0)

/** The opposite of `pushPolicy`, ties aside: action 0 when the fourth number is positive. */
export const pullPolicy = () =>
  linearPolicy([
    [0, 0, 0, 1],
    [0, 0, 0, 0],
  ])
