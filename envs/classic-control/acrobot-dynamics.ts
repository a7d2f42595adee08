/**
 * Two links hanging from a bar, driven at the joint between them (Sutton, 1996; the equations of Sutton and Barto's book, or of the paper):
 * θ₁ from hanging down, θ₂ relative to the first link, and their velocities. One Runge–Kutta step of 200 ms. Links are 1 m and 1 kg, centres
 * of mass in their middle, moments of inertia 1. Every operation is in Gymnasium's order.
 */
import { Box, Discrete } from '../spaces/index.js'
import { cosine, sine } from './trigonometry.js'

const DT = 0.2
const HALF_DT = DT / 2
const SIXTH_DT = DT / 6
const GRAVITY = 9.8
const CENTRE = 0.5
const INERTIA = 1
const HALF_PI = Math.PI / 2
const MAX_SPEED_1 = 4 * Math.PI
const MAX_SPEED_2 = 9 * Math.PI

export const STATE_SIZE = 4
/** Reset states are uniform in ±0.1 unless told otherwise. */
export const RESET_LOW = -0.1
export const RESET_HIGH = 0.1
export const RENDER_FPS = 15

export const acrobotActionSpace = () => new Discrete(3)
export function acrobotObservationSpace(): Box {
  const high = [1, 1, 1, 1, MAX_SPEED_1, MAX_SPEED_2]
  return new Box(
    high.map((value) => -value),
    high,
  )
}

/** The accelerations at a point of the state space; `slope` gets them after the velocities. */
function derivatives(y: Float64Array, torque: number, nips: boolean, slope: Float64Array): void {
  const theta1 = y[0]!
  const theta2 = y[1]!
  const speed1 = y[2]!
  const speed2 = y[3]!
  const cos2 = cosine(theta2)
  const sin2 = sine(theta2)
  const d1 = CENTRE * CENTRE + (1 + CENTRE * CENTRE + cos2) + INERTIA + INERTIA
  const d2 = CENTRE * CENTRE + CENTRE * cos2 + INERTIA
  const phi2 = CENTRE * GRAVITY * cosine(theta1 + theta2 - HALF_PI)
  const phi1 = -CENTRE * (speed2 * speed2) * sin2 - speed2 * speed1 * sin2 + (CENTRE + 1) * GRAVITY * cosine(theta1 - HALF_PI) + phi2
  const driven = nips ? torque + (d2 / d1) * phi1 - phi2 : torque + (d2 / d1) * phi1 - CENTRE * (speed1 * speed1) * sin2 - phi2
  const acceleration2 = driven / (CENTRE * CENTRE + INERTIA - (d2 * d2) / d1)
  slope[0] = speed1
  slope[1] = speed2
  slope[2] = -(d2 * acceleration2 + phi1) / d1
  slope[3] = acceleration2
}

const k1 = new Float64Array(STATE_SIZE)
const k2 = new Float64Array(STATE_SIZE)
const k3 = new Float64Array(STATE_SIZE)
const k4 = new Float64Array(STATE_SIZE)
const point = new Float64Array(STATE_SIZE)

function along(state: Float64Array, step: number, slope: Float64Array): Float64Array {
  for (let i = 0; i < STATE_SIZE; i++) point[i] = state[i]! + step * slope[i]!
  return point
}

/** Moves the links [θ₁, θ₂, θ̇₁, θ̇₂] by one step. Gives back whether the tip is one link above the bar. @param nips the paper's equations */
export function advanceAcrobot(state: Float64Array, torque: number, nips: boolean): boolean {
  derivatives(state, torque, nips, k1)
  derivatives(along(state, HALF_DT, k1), torque, nips, k2)
  derivatives(along(state, HALF_DT, k2), torque, nips, k3)
  derivatives(along(state, DT, k3), torque, nips, k4)
  for (let i = 0; i < STATE_SIZE; i++) state[i] = state[i]! + SIXTH_DT * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!)
  state[0] = wrapped(state[0]!)
  state[1] = wrapped(state[1]!)
  state[2] = Math.min(Math.max(state[2]!, -MAX_SPEED_1), MAX_SPEED_1)
  state[3] = Math.min(Math.max(state[3]!, -MAX_SPEED_2), MAX_SPEED_2)
  return -cosine(state[0]!) - cosine(state[1]! + state[0]!) > 1
}

/** By whole turns into [−π, π]. */
function wrapped(angle: number): number {
  while (angle > Math.PI) angle -= 2 * Math.PI
  while (angle < -Math.PI) angle += 2 * Math.PI
  return angle
}

/** [cos θ₁, sin θ₁, cos θ₂, sin θ₂, θ̇₁, θ̇₂] as float32. */
export function observeAcrobot(state: Float64Array): Float32Array {
  const observation = new Float32Array(6)
  observation[0] = cosine(state[0]!)
  observation[1] = sine(state[0]!)
  observation[2] = cosine(state[1]!)
  observation[3] = sine(state[1]!)
  observation[4] = state[2]!
  observation[5] = state[3]!
  return observation
}
