/**
 * What can be wrong with a policy. `code` is for programs, the message says what was given, what was expected and what to do.
 *
 * | code | meaning |
 * | --- | --- |
 * | `POLICY_NOT_FOUND` | there is no such file |
 * | `POLICY_NOT_SAFETENSORS` | the bytes are no safetensors file |
 * | `POLICY_TRUNCATED` | a safetensors file that ends too early |
 * | `POLICY_NOT_GYMNURA` | a safetensors file without Gymnura's metadata |
 * | `POLICY_VERSION` | written by a newer Gymnura |
 * | `POLICY_INVALID` | Gymnura's metadata, but not a policy that can act |
 * | `POLICY_SPACES` | the policy's spaces are not those of the environment, or an observation does not fit |
 */
export type PolicyErrorCode =
  | 'POLICY_NOT_FOUND'
  | 'POLICY_NOT_SAFETENSORS'
  | 'POLICY_TRUNCATED'
  | 'POLICY_NOT_GYMNURA'
  | 'POLICY_VERSION'
  | 'POLICY_INVALID'
  | 'POLICY_SPACES'

export class PolicyError extends Error {
  override readonly name = 'PolicyError'
  readonly code: PolicyErrorCode
  constructor(code: PolicyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
