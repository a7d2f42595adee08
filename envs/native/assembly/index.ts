/**
 * Environments as kernels, compiled to one WebAssembly module. A pointer is that of a Batch (batch.ts). Nothing here allocates or checks
 * its arguments: ../native-vector-env.ts does that. `…Step` moves all environments by their actions and resets those that have ended;
 * `…Reset` resets those of the mask.
 */
export { wrongChoice, wrongNumber } from './batch'
export { acrobotReset, acrobotStep } from './acrobot'
export { blackjackReset, blackjackStep } from './blackjack'
export { cartPoleReset, cartPoleStep } from './cartpole'
export { continuousMountainCarReset, continuousMountainCarStep } from './continuous-mountain-car'
export { mountainCarReset, mountainCarStep } from './mountain-car'
export { pendulumReset, pendulumStep } from './pendulum'
export { tabularReset, tabularStep } from './tabular'
