/**
 * The kernels of `rl/nn`, compiled to one WebAssembly module. Every pointer is a byte offset into the imported memory, every
 * stride and count is in elements. Nothing here allocates, keeps state or checks its arguments: `rl/nn/*.ts` does that.
 *
 * Multiply and add are rounded apart (WebAssembly SIMD has no fused one); relaxed SIMD's `f32x4.relaxed_madd` would go into
 * `madd` of dense.ts, output.ts and gradients.ts, as a second build, because it rounds differently.
 */
export { dense, denseBackward } from './dense'
export { biasGradients, weightGradients } from './gradients'
export { output } from './output'
export { adam, sumOfSquares } from './adam'
export { entropy, greedy, logProb, probabilities, sample } from './categorical'
export { ppoCategorical, valueLoss } from './losses'
export { addInto, copyRows, gatherRows, transpose } from './rows'
export { expArray, logArray, tanhArray } from './activations'
