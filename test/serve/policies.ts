/** Policies for the tests: linear ones, whose answers can be said by hand. */
export interface LinearPolicy {
  /** `[actions, inputSize]`: one row of weights an action. */
  readonly weights: readonly (readonly number[])[]
}

const bytesOf = (policy: object) => new Uint8Array(Buffer.from(JSON.stringify(policy)))

/** Acts in a Discrete space: the row with the largest product, ties to the lowest. */
export function discretePolicy(weights: LinearPolicy['weights']): Uint8Array {
  return bytesOf({ weights, discrete: true })
}

/** Pushes in the direction of the fourth number of CartPole's observation: action 1 when it is positive, else 0. */
export const pushPolicy = () =>
  discretePolicy([
    [0, 0, 0, -1],
    [0, 0, 0, 1],
  ])

/** What `pushPolicy` does, said by hand. */
export const pushAction = (observation: readonly number[]) => (observation[3]! > 0 ? 1 : 0)
