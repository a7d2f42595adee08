/**
 * A pendulum to be swung up and held by a weak motor: θ from upright, θ̇ (rad, rad/s); θ̈ = 3g/2l sin θ + 3u/ml², semi-implicit Euler
 * steps of 50 ms, with m = l = 1. Every operation is in Gymnasium's order; the torque is a float32 there, and so is all that is made of
 * it alone.
 */
import { Box } from '../spaces/index.js'
import { cosine, sine } from './trigonometry.js'

const MAX_SPEED = 8
export const MAX_TORQUE = 2
const DT = 0.05
const TURN = 2 * Math.PI
const F = Math.fround
const TORQUE_COST = F(0.001)

export const STATE_SIZE = 2
/** Reset states are uniform in ±π and ±1 unless told otherwise. */
export const RESET_ANGLE = Math.PI
export const RESET_SPEED = 1
export const DEFAULT_GRAVITY = 10
export const RENDER_FPS = 30

export const pendulumActionSpace = () => new Box(-MAX_TORQUE, MAX_TORQUE, { shape: [1] })
export const pendulumObservationSpace = () => new Box([-1, -1, -MAX_SPEED], [1, 1, MAX_SPEED])

export const clippedTorque = (torque: number) => Math.min(Math.max(torque, -MAX_TORQUE), MAX_TORQUE)

/** The angle in [−π, π), by Python's modulo, whose sign is the divisor's. */
function normalized(angle: number): number {
  const rest = (angle + Math.PI) % TURN
  return (rest < 0 ? rest + TURN : rest) - Math.PI
}

/** Moves the pendulum [θ, θ̇] by one step and gives back the reward, which is that of the state before. @param torque a float32 within ±2 */
export function advancePendulum(state: Float64Array, torque: number, gravity: number): number {
  const theta = state[0]!
  const speed = state[1]!
  const angle = normalized(theta)
  const cost = angle * angle + 0.1 * (speed * speed) + F(TORQUE_COST * F(torque * torque))
  const faster = speed + (((3 * gravity) / 2) * sine(theta) + F(3 * torque)) * DT
  const next = Math.min(Math.max(faster, -MAX_SPEED), MAX_SPEED)
  state[0] = theta + next * DT
  state[1] = next
  return -cost
}

/** [cos θ, sin θ, θ̇] as float32. */
export function observePendulum(state: Float64Array): Float32Array {
  const observation = new Float32Array(3)
  observation[0] = cosine(state[0]!)
  observation[1] = sine(state[0]!)
  observation[2] = state[1]!
  return observation
}
