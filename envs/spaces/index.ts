/** The spaces of actions and observations. */
export { type Batched, batchDifferingSpaces, batchSpace } from './batch.js'
export { Box, type BoxOptions } from './box.js'
export { concatenate, iterate, putElement } from './concatenate.js'
export { createEmptyArray, createZeros } from './create-arrays.js'
export { Dict, type DictElement, type DictMask, type DictOptions, type DictProbability } from './dict.js'
export { Discrete, type DiscreteOptions } from './discrete.js'
export type { Dtype, DtypeArray, DtypeArrays, IntegerDtype } from './dtype.js'
export { isSpaceDtypeShapeEquiv } from './equivalence.js'
export { flatten, flattenInto } from './flatten.js'
export { flatdim, flattenSpace } from './flatten-space.js'
export { Graph, type GraphElement, type GraphInstance, type GraphSampleOptions, type GraphWeights } from './graph.js'
export { spaceFromJSON } from './json.js'
export type { Jsonable } from './jsonable.js'
export { MultiBinary } from './multi-binary.js'
export { MultiDiscrete, type MultiDiscreteOptions, type NestedWeights } from './multi-discrete.js'
export { OneOf, type OneOfElement } from './one-of.js'
export { Sequence, type SequenceElement, type SequenceWeights } from './sequence.js'
export type { NestedNumbers } from './shape.js'
export {
  type ElementOf,
  type JSONNumber,
  type MaskOf,
  type NestedSeed,
  type ProbabilityOf,
  type SampleOptions,
  Space,
  type SpaceJSON,
  type SpaceState,
} from './space.js'
export { Text, type TextOptions, type TextWeights } from './text.js'
export { Tuple, type TupleElement, type TupleMask, type TupleProbability } from './tuple.js'
export { unflatten } from './unflatten.js'
export type { Mask, Probabilities } from './weights.js'
