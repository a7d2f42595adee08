/**
 * A pole on a cart (Barto, Sutton and Anderson, 1983; equations as corrected by Florian, 2007), one Euler step of 20 ms.
 * The states of n carts lie side by side in one array: all positions, then all velocities, angles, angular velocities (m, m/s, rad, rad/s).
 * Every operation is in Gymnasium's order, so that the doubles are the same.
 */
import { Box, Discrete } from '../spaces/index.js'
import { cosine, sine } from './trigonometry.js'

const GRAVITY = 9.8
const POLE_MASS = 0.1
const TOTAL_MASS = POLE_MASS + 1
/** Half the pole's length. */
export const HALF_LENGTH = 0.5
const POLE_MASS_LENGTH = POLE_MASS * HALF_LENGTH
const FORCE = 10
const TAU = 0.02
const THETA_LIMIT = (12 * 2 * Math.PI) / 360
export const X_LIMIT = 2.4

export const STATE_SIZE = 4
/** Reset states are uniform in ±0.05 unless told otherwise. */
export const RESET_LOW = -0.05
export const RESET_HIGH = 0.05
export const RENDER_FPS = 50

export const cartPoleActionSpace = () => new Discrete(2)

/** Twice the limits, so that a failing observation is still inside. */
export function cartPoleObservationSpace(): Box {
  const high = [X_LIMIT * 2, Infinity, THETA_LIMIT * 2, Infinity]
  return new Box(
    high.map((value) => -value),
    high,
  )
}

/** Moves cart i of n by one step. Action 1 pushes right, 0 left. Gives back whether it has failed: off the track, or the pole beyond 12°. */
export function advanceCartPole(states: Float64Array, n: number, i: number, action: number): boolean {
  const iv = n + i
  const it = iv + n
  const iw = it + n
  const x = states[i]!
  const velocity = states[iv]!
  const theta = states[it]!
  const omega = states[iw]!
  const force = action === 1 ? FORCE : -FORCE
  const cos = cosine(theta)
  const sin = sine(theta)
  const temp = (force + POLE_MASS_LENGTH * (omega * omega) * sin) / TOTAL_MASS
  const thetaAcceleration = (GRAVITY * sin - cos * temp) / (HALF_LENGTH * (4 / 3 - (POLE_MASS * (cos * cos)) / TOTAL_MASS))
  const xAcceleration = temp - (POLE_MASS_LENGTH * thetaAcceleration * cos) / TOTAL_MASS
  const nextX = x + TAU * velocity
  const nextTheta = theta + TAU * omega
  states[i] = nextX
  states[iv] = velocity + TAU * xAcceleration
  states[it] = nextTheta
  states[iw] = omega + TAU * thetaAcceleration
  return nextX < -X_LIMIT || nextX > X_LIMIT || nextTheta < -THETA_LIMIT || nextTheta > THETA_LIMIT
}
