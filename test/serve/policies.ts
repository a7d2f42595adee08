/** Policies for the tests: linear ones, whose answers can be said by hand. */

/**
 * The artifact of a policy without hidden layers: observations of `weights[0].length` numbers, a Discrete action a row of weights;
 * it takes the row with the largest product, ties to the lowest.
 */
export function linearPolicy(weights: readonly (readonly number[])[]): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify({ weights, discrete: true })))
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
