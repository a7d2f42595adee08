/** ../../classic-control/pendulum-dynamics.ts, two at once. States: θ, θ̇. Own params: least and greatest torque, gravity. */
import { Batch, begin, chooseByMask, countPair, finish, intervalOf, OWN_PARAMS, param, resetInstead, streamOf } from './batch'
import { uniform } from './pcg64'
import { clipped, fround } from './rounding'
import { lastCosines, sineAndCosine } from './trigonometry'

// @ts-ignore: decorator
@external("env", "remainder")
declare function engineRemainder(x: f64, by: f64): f64

const PI: f64 = 3.141592653589793
const TURN: f64 = 2.0 * PI
/** TURN in two parts, of which a whole multiple below 2¹³ of the first, 40 binary digits, is exact, and one of the second too. */
const TURN_1: f64 = 6.283185307176609
const TURN_2: f64 = TURN - TURN_1
const FARTHEST: f64 = 6000
const TORQUE_COST: f64 = <f64>(<f32>0.001)
const DT: f64 = 0.05

/** The remainder of x by a whole turn, with the sign of x: exact, as JavaScript's %. */
function remainder(x: v128): v128 {
  if (!i64x2.all_true(f64x2.lt(f64x2.abs(x), f64x2.splat(FARTHEST)))) {
    const far = f64x2.splat(engineRemainder(f64x2.extract_lane(x, 0), TURN))
    return f64x2.replace_lane(far, 1, engineRemainder(f64x2.extract_lane(x, 1), TURN))
  }
  const turns = f64x2.trunc(f64x2.div(x, f64x2.splat(TURN)))
  let rest = f64x2.sub(f64x2.sub(x, f64x2.mul(turns, f64x2.splat(TURN_1))), f64x2.mul(turns, f64x2.splat(TURN_2)))
  // The quotient may have been rounded up to the next whole number: then the rest has the other sign.
  const signed = v128.bitselect(x, f64x2.splat(TURN), i64x2.splat(i64.MIN_VALUE))
  const other = f64x2.lt(f64x2.mul(rest, x), f64x2.splat(0))
  rest = f64x2.add(rest, v128.and(signed, other))
  const whole = f64x2.ge(f64x2.abs(rest), f64x2.splat(TURN))
  return f64x2.sub(rest, v128.and(signed, whole))
}

export function pendulumStep(p: usize): void {
  const b = changetype<Batch>(p)
  begin(b)
  const n: u32 = b.n
  const thetas = b.states
  const speeds = thetas + b.columnBytes
  const actions = b.actions
  const observations = b.observations
  const rewards = b.rewards
  const steps = b.steps
  const ended = b.ended
  const limits = i32x4.splat(b.limit)
  const pull = f64x2.splat((3.0 * param(b, OWN_PARAMS + 2)) / 2.0)
  for (let i: u32 = 0; i < n; i += 2) {
    const at: usize = i << 3
    const torque = f64x2.promote_low_f32x4(v128.load64_zero(actions + (i << 2)))
    const theta = v128.load(thetas + at)
    const speed = v128.load(speeds + at)
    let angle = remainder(f64x2.add(theta, f64x2.splat(PI)))
    angle = f64x2.add(angle, v128.and(f64x2.splat(TURN), f64x2.lt(angle, f64x2.splat(0))))
    angle = f64x2.sub(angle, f64x2.splat(PI))
    const effort = fround(f64x2.mul(f64x2.splat(TORQUE_COST), fround(f64x2.mul(torque, torque))))
    const cost = f64x2.add(f64x2.add(f64x2.mul(angle, angle), f64x2.mul(f64x2.splat(0.1), f64x2.mul(speed, speed))), effort)
    v128.store(rewards + at, f64x2.neg(cost))
    const driven = f64x2.add(f64x2.mul(pull, sineAndCosine(theta)), fround(f64x2.mul(f64x2.splat(3), torque)))
    const next = clipped(f64x2.add(speed, f64x2.mul(driven, f64x2.splat(DT))), f64x2.splat(-8), f64x2.splat(8))
    const nextTheta = f64x2.add(theta, f64x2.mul(next, f64x2.splat(DT)))
    v128.store(thetas + at, nextTheta)
    v128.store(speeds + at, next)
    const sin = f32x4.demote_f64x2_zero(sineAndCosine(nextTheta))
    const cos = f32x4.demote_f64x2_zero(lastCosines())
    const fast = f32x4.demote_f64x2_zero(next)
    const row = observations + 12 * i
    v128.store(row, i32x4.shuffle(i32x4.shuffle(cos, sin, 0, 4, 1, 5), i32x4.shuffle(fast, cos, 0, 5, 1, 1), 0, 1, 4, 5))
    v128.store64_lane(row, i32x4.shuffle(sin, fast, 1, 5, 1, 5), 0, 16)
    const late = countPair(steps + (i << 2), limits)
    if (late | load<u16>(ended + i)) {
      conclude(b, i, late & 1)
      if (i + 1 < n) conclude(b, i + 1, late >> 1)
    }
  }
  resetChosen(b, true)
}

function conclude(b: Batch, i: u32, late: u32): void {
  if (load<u8>(b.ended + i)) resetInstead(b, i)
  else finish(b, i, false, late != 0)
}

export function pendulumReset(p: usize): void {
  const b = changetype<Batch>(p)
  chooseByMask(b)
  resetChosen(b, false)
}

/** The interval's two numbers are how far angle and speed may lie from 0. */
function resetChosen(b: Batch, withinStep: bool): void {
  const angle = load<f64>(intervalOf(b, withinStep))
  const speed = load<f64>(intervalOf(b, withinStep), 8)
  for (let k: u32 = 0; k < b.resetCount; k++) {
    const i = load<u32>(b.resetting + (k << 2))
    const stream = streamOf(b, i)
    const theta = uniform(stream, -angle, angle)
    const omega = uniform(stream, -speed, speed)
    store<u32>(b.steps + (i << 2), 0)
    store<f64>(b.states + (i << 3), theta)
    store<f64>(b.states + b.columnBytes + (i << 3), omega)
    const row = b.observations + 12 * i
    store<f32>(row, <f32>f64x2.extract_lane(sineAndCosine(f64x2.splat(theta)), 0), 4)
    store<f32>(row, <f32>f64x2.extract_lane(lastCosines(), 0))
    store<f32>(row, <f32>omega, 8)
  }
}
