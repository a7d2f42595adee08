/**
 * A car in a valley whose engine is too weak to climb straight out (Moore, 1990; Singh and Sutton, 1996): position and velocity.
 * The valley's floor is sin(3x), so gravity pulls with cos(3x). Every operation is in Gymnasium's order and in the precision it has there.
 */
import { Box, Discrete } from '../spaces/index.js'
import { cosine } from './trigonometry.js'

export const MIN_POSITION = -1.2
export const MAX_POSITION = 0.6
const MAX_SPEED = 0.07
export const GOAL = 0.5
export const CONTINUOUS_GOAL = 0.45
const FORCE = 0.001
const POWER = 0.0015
const GRAVITY = 0.0025

export const STATE_SIZE = 2
/** Reset positions are uniform in [−0.6, −0.4] unless told otherwise; the car stands still. */
export const RESET_LOW = -0.6
export const RESET_HIGH = -0.4
export const RENDER_FPS = 30

export const mountainCarActionSpace = () => new Discrete(3)
export const continuousMountainCarActionSpace = () => new Box(-1, 1, { shape: [1] })
export const mountainCarObservationSpace = () => new Box([MIN_POSITION, -MAX_SPEED], [MAX_POSITION, MAX_SPEED])

/** Moves the car [position, velocity] by one step, in doubles. Action 0 pushes left, 1 not, 2 right. Gives back whether it is at the goal. */
export function advanceMountainCar(state: Float64Array, action: number, goalVelocity: number): boolean {
  let position = state[0]!
  let velocity = state[1]!
  velocity += (action - 1) * FORCE + cosine(3 * position) * -GRAVITY
  velocity = Math.min(Math.max(velocity, -MAX_SPEED), MAX_SPEED)
  position += velocity
  position = Math.min(Math.max(position, MIN_POSITION), MAX_POSITION)
  if (position === MIN_POSITION && velocity < 0) velocity = 0
  state[0] = position
  state[1] = velocity
  return position >= GOAL && velocity >= goalVelocity
}

const F = Math.fround
const POWER_32 = F(POWER)
const SPEED_32 = F(MAX_SPEED)
const MIN_32 = F(MIN_POSITION)
const MAX_32 = F(MAX_POSITION)
const GOAL_32 = F(CONTINUOUS_GOAL)

/**
 * Moves the car with a push in [−1, 1] (a float32). In Gymnasium the state is a double only until the first step of an episode
 * (`first`), afterwards float32, and so is most of the arithmetic; what is stored here is always exact in both.
 */
export function advanceContinuousMountainCar(state: Float64Array, push: number, first: boolean, goalVelocity: number): boolean {
  return first ? firstStep(state, push, goalVelocity) : laterStep(state, push, goalVelocity)
}

/** What the engine and gravity add to the velocity: a float32, unless the push was cut to a bound, which is a Python float. */
function acceleration(push: number, cos: number): number {
  if (push < -1 || push > 1) return (push < 0 ? -1 : 1) * POWER - GRAVITY * cos
  return F(F(push * POWER_32) - F(GRAVITY * cos))
}

function firstStep(state: Float64Array, push: number, goalVelocity: number): boolean {
  const start = state[0]!
  let velocity = state[1]! + acceleration(push, cosine(3 * start))
  velocity = Math.min(Math.max(velocity, -MAX_SPEED), MAX_SPEED)
  const position = Math.min(Math.max(start + velocity, MIN_POSITION), MAX_POSITION)
  if (position === MIN_POSITION && velocity < 0) velocity = 0
  state[0] = F(position)
  state[1] = F(velocity)
  return position >= CONTINUOUS_GOAL && velocity >= goalVelocity
}

function laterStep(state: Float64Array, push: number, goalVelocity: number): boolean {
  const start = state[0]!
  let velocity = F(state[1]! + F(acceleration(push, cosine(F(3 * start)))))
  velocity = Math.min(Math.max(velocity, -SPEED_32), SPEED_32)
  const position = Math.min(Math.max(F(start + velocity), MIN_32), MAX_32)
  if (position === MIN_32 && velocity < 0) velocity = 0
  state[0] = position
  state[1] = velocity
  return position >= GOAL_32 && velocity >= F(goalVelocity)
}

/** −0.1 u² for the engine, and 100 at the goal. @param push as it was given, not cut to [−1, 1] */
export function continuousMountainCarReward(push: number, terminated: boolean): number {
  return (terminated ? 100 : 0) - push * push * 0.1
}
