/** The spaces of actions and observations. */
export { Box, type BoxOptions } from './box.js'
export { Discrete, type DiscreteOptions } from './discrete.js'
export type { Dtype, DtypeArray, DtypeArrays, IntegerDtype } from './dtype.js'
export { spaceFromJSON } from './json.js'
export { MultiDiscrete, type MultiDiscreteOptions } from './multi-discrete.js'
export { type JSONNumber, type SampleOptions, Space, type SpaceJSON } from './space.js'
export { batchSpace, flatdim } from './utils.js'
