/**
 * The errors of rl/nn.
 *
 * | code               | when                                                                          |
 * | ------------------ | ----------------------------------------------------------------------------- |
 * | `HEAP_FULL`        | the shared memory cannot grow to what was asked for                           |
 * | `VIEW_OUTSIDE_HEAP`| an array does not lie in the heap that its function works on                  |
 * | `VIEW_TOO_SHORT`   | an array has fewer elements than the shapes given with it need                |
 * | `BAD_NETWORK`      | a network's description cannot be built                                       |
 * | `BATCH_TOO_LARGE`  | more rows than the network's workspace holds (`maxBatch`)                     |
 * | `BACKWARD_FIRST`   | `backward` without the `forward` of the same rows before it                   |
 * | `TENSOR_MISMATCH`  | tensors whose names or shapes are not this network's                          |
 * | `NOT_FINITE`       | a NaN or an infinity where a number is needed: training has diverged          |
 * | `BAD_INDEX`        | an action or a row index outside its range                                    |
 */
export type NnErrorCode =
  | 'HEAP_FULL'
  | 'VIEW_OUTSIDE_HEAP'
  | 'VIEW_TOO_SHORT'
  | 'BAD_NETWORK'
  | 'BATCH_TOO_LARGE'
  | 'BACKWARD_FIRST'
  | 'TENSOR_MISMATCH'
  | 'NOT_FINITE'
  | 'BAD_INDEX'

export class NnError extends Error {
  override readonly name = 'NnError'
  readonly code: NnErrorCode

  constructor(code: NnErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
