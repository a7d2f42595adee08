/**
 * N CartPoles by a kernel: `CartPoleNative` with a random stream for each environment (the numbers of 'sync'), `CartPoleVectorEnv` with
 * one for all (the numbers, and the float32 rewards, of Gymnasium's class of that name).
 */
import { checkFlags, checkKwargs } from '../kwargs.js'
import { type NativeTask, NativeVectorEnv } from '../native/native-vector-env.js'
import { NATIVE_OPTIONS } from '../native/options.js'
import type { VectorEnvKwargs } from '../vector/vector-env.js'
import { CART_POLE_METADATA } from './cartpole.js'
import { cartPoleActionSpace, cartPoleObservationSpace, RESET_HIGH, RESET_LOW, STATE_SIZE } from './cartpole-dynamics.js'
import { renderCartPole } from './cartpole-render.js'
import { resetBounds } from './reset-bounds.js'

/** @throws InvalidKwargs */
function cartPoleTask(kwargs: VectorEnvKwargs, asGymnasium: boolean): NativeTask {
  checkKwargs('CartPole', kwargs, [...NATIVE_OPTIONS, 'suttonBartoReward'])
  const { suttonBartoReward = false } = kwargs
  checkFlags('CartPole', { suttonBartoReward })
  return {
    name: 'CartPole',
    kernel: 'cartPole',
    metadata: CART_POLE_METADATA,
    observationSpace: cartPoleObservationSpace(),
    actionSpace: cartPoleActionSpace(),
    stateColumns: STATE_SIZE,
    resetInterval: [RESET_LOW, RESET_HIGH],
    intervalOf: (options) => resetBounds(options, RESET_LOW, RESET_HIGH),
    params: suttonBartoReward ? [0, -1] : [1, 1],
    asGymnasium,
    frame: (mode, [x, , theta]) => renderCartPole(mode, x!, theta!),
  }
}

/** Environment i has its own stream, seeded with seed + i. */
export class CartPoleNative extends NativeVectorEnv {
  constructor(kwargs: VectorEnvKwargs) {
    super(kwargs, cartPoleTask(kwargs, false))
  }
}

/**
 * One stream for all; the states of all that reset in a step are drawn together, first all positions, then all velocities and so on.
 * As in Gymnasium's class, the interval given to the last `reset` stays for the resets within steps.
 */
export class CartPoleVectorEnv extends NativeVectorEnv {
  override columnMajor = true

  constructor(kwargs: VectorEnvKwargs) {
    super(kwargs, cartPoleTask(kwargs, true))
  }
}
