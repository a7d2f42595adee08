/** ../../classic-control/cartpole-dynamics.ts, four carts at once. States: x, ẋ, θ, θ̇. Own params: the rewards upright and for the fall. */
import { Batch, begin, chooseByMask, finish, FLOAT32_REWARDS, intervalOf, ONE_STREAM, OWN_PARAMS, param, resetInstead, setReward, streamOf } from './batch'
import { uniform } from './pcg64'
import { bothNearZero, cosineWithin, lastCosines, sineAndCosine, sineWithin } from './trigonometry'

const POLE_MASS_LENGTH: f64 = 0.1 * 0.5
const TOTAL_MASS: f64 = 0.1 + 1.0
const THETA_LIMIT: f64 = (12.0 * 2.0 * 3.141592653589793) / 360.0

/** In both lanes, and in memory; see trigonometry.ts. */
// prettier-ignore
const TABLE = memory.data<f64>([
  9.8, 9.8,
  0.1, 0.1,
  TOTAL_MASS, TOTAL_MASS,
  0.5, 0.5,
  POLE_MASS_LENGTH, POLE_MASS_LENGTH,
  0.02, 0.02,
  2.4, 2.4,
  THETA_LIMIT, THETA_LIMIT,
  4.0 / 3.0, 4.0 / 3.0,
  20, 20,
  10, 10
], 16)
const GRAVITY = 0
const POLE_MASS = 1
const TOTAL = 2
const HALF_LENGTH = 3
const MASS_LENGTH = 4
const TAU = 5
const X_BOUND = 6
const THETA_BOUND = 7
const FOUR_THIRDS = 8
const TWICE_FORCE = 9
const FORCE = 10
const COLUMNS: u32 = 4

// @ts-ignore: decorator
@inline
function constant(k: usize): v128 {
  return v128.load(TABLE + (k << 4))
}

/** Moves two carts whose sines and cosines are known, and writes their observations. Bits 0 and 1 say which have fallen. */
// @ts-ignore: decorator
@inline
function movePair(states: usize, column: usize, row: usize, action: usize, sin: v128, cos: v128): u32 {
  const velocities = states + column
  const thetas = velocities + column
  const omegas = thetas + column
  const velocity = v128.load(velocities)
  const omega = v128.load(omegas)
  const push = f64x2.convert_low_i32x4_s(v128.load64_zero(action))
  const force = f64x2.sub(f64x2.mul(push, constant(TWICE_FORCE)), constant(FORCE))
  const temp = f64x2.div(f64x2.add(force, f64x2.mul(f64x2.mul(constant(MASS_LENGTH), f64x2.mul(omega, omega)), sin)), constant(TOTAL))
  const inertia = f64x2.sub(constant(FOUR_THIRDS), f64x2.div(f64x2.mul(constant(POLE_MASS), f64x2.mul(cos, cos)), constant(TOTAL)))
  const thetaAcceleration = f64x2.div(
    f64x2.sub(f64x2.mul(constant(GRAVITY), sin), f64x2.mul(cos, temp)),
    f64x2.mul(constant(HALF_LENGTH), inertia),
  )
  const xAcceleration = f64x2.sub(temp, f64x2.div(f64x2.mul(f64x2.mul(constant(MASS_LENGTH), thetaAcceleration), cos), constant(TOTAL)))
  const nextX = f64x2.add(v128.load(states), f64x2.mul(constant(TAU), velocity))
  const nextVelocity = f64x2.add(velocity, f64x2.mul(constant(TAU), xAcceleration))
  const nextTheta = f64x2.add(v128.load(thetas), f64x2.mul(constant(TAU), omega))
  const nextOmega = f64x2.add(omega, f64x2.mul(constant(TAU), thetaAcceleration))
  v128.store(states, nextX)
  v128.store(velocities, nextVelocity)
  v128.store(thetas, nextTheta)
  v128.store(omegas, nextOmega)
  const xv = i32x4.shuffle(f32x4.demote_f64x2_zero(nextX), f32x4.demote_f64x2_zero(nextVelocity), 0, 4, 1, 5)
  const to = i32x4.shuffle(f32x4.demote_f64x2_zero(nextTheta), f32x4.demote_f64x2_zero(nextOmega), 0, 4, 1, 5)
  v128.store(row, i64x2.shuffle(xv, to, 0, 2))
  v128.store(row, i64x2.shuffle(xv, to, 1, 3), 16)
  return i64x2.bitmask(
    v128.or(f64x2.gt(f64x2.abs(nextX), constant(X_BOUND)), f64x2.gt(f64x2.abs(nextTheta), constant(THETA_BOUND))),
  )
}

/** Two pairs a turn: one waits for its sines while the other computes. */
export function cartPoleStep(p: usize): void {
  const b = changetype<Batch>(p)
  begin(b)
  const n: u32 = b.n
  const limits = i32x4.splat(b.limit)
  const column: usize = b.columnBytes
  const states = b.states
  const thetas = states + 2 * column
  const observations = b.observations
  const actions = b.actions
  const rewards = b.rewards
  const steps = b.steps
  const ended = b.ended
  const float32 = (b.flags & FLOAT32_REWARDS) != 0
  const upright = f64x2.splat(param(b, OWN_PARAMS))
  const upright32 = f32x4.splat(<f32>param(b, OWN_PARAMS))
  for (let i: u32 = 0; i < n; i += 4) {
    const at: usize = i << 3
    const first = v128.load(thetas + at)
    const second = v128.load(thetas + at, 16)
    let sin1: v128
    let cos1: v128
    let sin2: v128
    let cos2: v128
    if (bothNearZero(first) & bothNearZero(second)) {
      sin1 = sineWithin(first)
      cos1 = cosineWithin(first)
      sin2 = sineWithin(second)
      cos2 = cosineWithin(second)
    } else {
      sin1 = sineAndCosine(first)
      cos1 = lastCosines()
      sin2 = sineAndCosine(second)
      cos2 = lastCosines()
    }
    let fell = movePair(states + at, column, observations + (i << 4), actions + (i << 2), sin1, cos1)
    fell |= movePair(states + at + 16, column, observations + (i << 4) + 32, actions + (i << 2) + 8, sin2, cos2) << 2
    const count = i32x4.sub(v128.load(steps + (i << 2)), i32x4.splat(-1))
    v128.store(steps + (i << 2), count)
    const late: u32 = i32x4.bitmask(i32x4.ge_u(count, limits))
    if (float32) v128.store(rewards + (i << 2), upright32)
    else {
      v128.store(rewards + at, upright)
      v128.store(rewards + at, upright, 16)
    }
    if (fell | late | load<u32>(ended + i)) {
      for (let k: u32 = i; k < min(i + 4, n); k++) conclude(b, k, (fell >> (k - i)) & 1, (late >> (k - i)) & 1)
    }
  }
  resetChosen(b, true)
}

function conclude(b: Batch, i: u32, fell: u32, late: u32): void {
  if (load<u8>(b.ended + i)) {
    resetInstead(b, i)
    return
  }
  if (!(fell | late)) return
  if (fell) setReward(b, i, param(b, OWN_PARAMS + 1))
  finish(b, i, fell != 0, late != 0)
}

export function cartPoleReset(p: usize): void {
  const b = changetype<Batch>(p)
  chooseByMask(b)
  resetChosen(b, false)
}

/** With one stream for all, first all positions are drawn, then all velocities and so on. */
function resetChosen(b: Batch, withinStep: bool): void {
  const low = load<f64>(intervalOf(b, withinStep))
  const high = load<f64>(intervalOf(b, withinStep), 8)
  const column: usize = b.columnBytes
  if (b.flags & ONE_STREAM) {
    for (let c: u32 = 0; c < COLUMNS; c++) {
      for (let k: u32 = 0; k < b.resetCount; k++) {
        store<f64>(b.states + <usize>c * column + (load<u32>(b.resetting + (k << 2)) << 3), uniform(b.streams, low, high))
      }
    }
  }
  for (let k: u32 = 0; k < b.resetCount; k++) {
    const i = load<u32>(b.resetting + (k << 2))
    store<u32>(b.steps + (i << 2), 0)
    for (let c: u32 = 0; c < COLUMNS; c++) {
      const at = b.states + <usize>c * column + (i << 3)
      if (!(b.flags & ONE_STREAM)) store<f64>(at, uniform(streamOf(b, i), low, high))
      store<f32>(b.observations + (i << 4) + (c << 2), <f32>load<f64>(at))
    }
  }
}
