/** The policy artifact: everything needed to act, in one file. */
export { PolicyError, type PolicyErrorCode } from './errors.js'
export { type ActOptions, type Acts, loadPolicy, type Observation, Policy } from './policy.js'
