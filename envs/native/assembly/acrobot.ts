/**
 * ../../classic-control/acrobot-dynamics.ts, two at once. States: θ₁, θ₂, θ̇₁, θ̇₂. Own params: 1 for the paper's equations, and the torque's
 * noise.
 */
import { Batch, begin, chooseByMask, countPair, finish, intervalOf, OWN_PARAMS, param, resetInstead, setReward, streamOf } from './batch'
import { uniform } from './pcg64'
import { clipped } from './rounding'
import { cosine, lastCosines, sineAndCosine } from './trigonometry'

const PI: f64 = 3.141592653589793
const MAX_SPEED_1: f64 = 4.0 * PI
const MAX_SPEED_2: f64 = 9.0 * PI
const DT: f64 = 0.2
const ROW: u32 = 24

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 {
  return f64x2.add(a, b)
}

// @ts-ignore: decorator
@inline
function sub(a: v128, b: v128): v128 {
  return f64x2.sub(a, b)
}

// @ts-ignore: decorator
@inline
function mul(a: v128, b: v128): v128 {
  return f64x2.mul(a, b)
}

// @ts-ignore: decorator
@inline
function all(x: f64): v128 {
  return f64x2.splat(x)
}

/** What `accelerations` gives. */
let acceleration1: v128 = i64x2.splat(0)
let acceleration2: v128 = i64x2.splat(0)

function accelerations(theta1: v128, theta2: v128, speed1: v128, speed2: v128, torque: v128, nips: bool): void {
  const sin2 = sineAndCosine(theta2)
  const cos2 = lastCosines()
  const d1 = add(add(add(all(0.25), add(all(1.25), cos2)), all(1)), all(1))
  const d2 = add(add(all(0.25), mul(all(0.5), cos2)), all(1))
  const phi2 = mul(all(0.5 * 9.8), cosine(sub(add(theta1, theta2), all(PI / 2.0))))
  const swing = mul(mul(all(-0.5), mul(speed2, speed2)), sin2)
  const cross = mul(mul(speed2, speed1), sin2)
  const hang = mul(all(1.5 * 9.8), cosine(sub(theta1, all(PI / 2.0))))
  const phi1 = add(add(sub(swing, cross), hang), phi2)
  let driven = add(torque, mul(f64x2.div(d2, d1), phi1))
  if (!nips) driven = sub(driven, mul(mul(all(0.5), mul(speed1, speed1)), sin2))
  driven = sub(driven, phi2)
  acceleration2 = f64x2.div(driven, sub(all(1.25), f64x2.div(mul(d2, d2), d1)))
  acceleration1 = f64x2.div(f64x2.neg(add(mul(d2, acceleration2), phi1)), d1)
}

/** start + DT / 6 · (k₁ + 2 k₂ + 2 k₃ + k₄) */
// @ts-ignore: decorator
@inline
function advanced(start: v128, k1: v128, k2: v128, k3: v128, k4: v128): v128 {
  return add(start, mul(all(DT / 6.0), add(add(add(k1, mul(all(2), k2)), mul(all(2), k3)), k4)))
}

/** By whole turns into [−π, π]. */
function wrapped(angle: v128): v128 {
  let above = f64x2.gt(angle, all(PI))
  let below = f64x2.lt(angle, all(-PI))
  while (v128.any_true(v128.or(above, below))) {
    angle = sub(angle, v128.and(all(2.0 * PI), above))
    angle = add(angle, v128.and(all(2.0 * PI), below))
    above = f64x2.gt(angle, all(PI))
    below = f64x2.lt(angle, all(-PI))
  }
  return angle
}

export function acrobotStep(p: usize): void {
  const b = changetype<Batch>(p)
  begin(b)
  const n: u32 = b.n
  const column: usize = b.columnBytes
  const limits = i32x4.splat(b.limit)
  const nips = param(b, OWN_PARAMS) != 0
  const noise = param(b, OWN_PARAMS + 1)
  const half = all(DT / 2.0)
  const whole = all(DT)
  for (let i: u32 = 0; i < n; i += 2) {
    const at = b.states + (i << 3)
    const a = v128.load(at)
    const c = v128.load(at + column)
    const v = v128.load(at + 2 * column)
    const w = v128.load(at + 3 * column)
    let torque = sub(f64x2.convert_low_i32x4_s(v128.load64_zero(b.actions + (i << 2))), all(1))
    if (noise > 0) torque = add(torque, noises(b, i, n, noise))
    accelerations(a, c, v, w, torque, nips)
    const v1 = acceleration1
    const w1 = acceleration2
    const v2 = add(v, mul(half, v1))
    const w2 = add(w, mul(half, w1))
    accelerations(add(a, mul(half, v)), add(c, mul(half, w)), v2, w2, torque, nips)
    const dv2 = acceleration1
    const dw2 = acceleration2
    const v3 = add(v, mul(half, dv2))
    const w3 = add(w, mul(half, dw2))
    accelerations(add(a, mul(half, v2)), add(c, mul(half, w2)), v3, w3, torque, nips)
    const dv3 = acceleration1
    const dw3 = acceleration2
    const v4 = add(v, mul(whole, dv3))
    const w4 = add(w, mul(whole, dw3))
    accelerations(add(a, mul(whole, v3)), add(c, mul(whole, w3)), v4, w4, torque, nips)
    const nextA = wrapped(advanced(a, v, v2, v3, v4))
    const nextC = wrapped(advanced(c, w, w2, w3, w4))
    const nextV = clipped(advanced(v, v1, dv2, dv3, acceleration1), all(-MAX_SPEED_1), all(MAX_SPEED_1))
    const nextW = clipped(advanced(w, w1, dw2, dw3, acceleration2), all(-MAX_SPEED_2), all(MAX_SPEED_2))
    v128.store(at, nextA)
    v128.store(at + column, nextC)
    v128.store(at + 2 * column, nextV)
    v128.store(at + 3 * column, nextW)
    const cos1 = observe(b.observations + ROW * i, nextA, nextC, nextV, nextW)
    const height = sub(f64x2.neg(cos1), cosine(add(nextC, nextA)))
    v128.store(b.rewards + (i << 3), all(-1))
    const up: u32 = i64x2.bitmask(f64x2.gt(height, all(1)))
    const late = countPair(b.steps + (i << 2), limits)
    if (up | late | load<u16>(b.ended + i)) {
      conclude(b, i, up & 1, late & 1)
      if (i + 1 < n) conclude(b, i + 1, up >> 1, late >> 1)
    }
  }
  resetChosen(b, true)
}

/** Two rows of six numbers; gives back the cosines of the first angles. */
// @ts-ignore: decorator
@inline
function observe(row: usize, a: v128, c: v128, v: v128, w: v128): v128 {
  const sin1 = f32x4.demote_f64x2_zero(sineAndCosine(a))
  const cos1 = lastCosines()
  const first = i32x4.shuffle(f32x4.demote_f64x2_zero(cos1), sin1, 0, 4, 1, 5)
  const sin2 = f32x4.demote_f64x2_zero(sineAndCosine(c))
  const second = i32x4.shuffle(f32x4.demote_f64x2_zero(lastCosines()), sin2, 0, 4, 1, 5)
  const speeds = i32x4.shuffle(f32x4.demote_f64x2_zero(v), f32x4.demote_f64x2_zero(w), 0, 4, 1, 5)
  v128.store(row, i64x2.shuffle(first, second, 0, 2))
  v128.store64_lane(row, speeds, 0, 16)
  v128.store64_lane(row, first, 1, 24)
  v128.store64_lane(row, second, 1, 32)
  v128.store64_lane(row, speeds, 1, 40)
  return cos1
}

/** Who is about to be reset draws none. */
function noises(b: Batch, i: u32, n: u32, most: f64): v128 {
  const first = load<u8>(b.ended + i) ? 0.0 : uniform(streamOf(b, i), -most, most)
  const second = i + 1 >= n || load<u8>(b.ended + i + 1) ? 0.0 : uniform(streamOf(b, i + 1), -most, most)
  return f64x2.replace_lane(all(first), 1, second)
}

function conclude(b: Batch, i: u32, up: u32, late: u32): void {
  if (load<u8>(b.ended + i)) {
    resetInstead(b, i)
    return
  }
  if (up) setReward(b, i, 0)
  finish(b, i, up != 0, late != 0)
}

export function acrobotReset(p: usize): void {
  const b = changetype<Batch>(p)
  chooseByMask(b)
  resetChosen(b, false)
}

/** The state that a reset draws is rounded to float32. */
function resetChosen(b: Batch, withinStep: bool): void {
  const low = load<f64>(intervalOf(b, withinStep))
  const high = load<f64>(intervalOf(b, withinStep), 8)
  for (let k: u32 = 0; k < b.resetCount; k++) {
    const i = load<u32>(b.resetting + (k << 2))
    const stream = streamOf(b, i)
    const row = b.observations + ROW * i
    store<u32>(b.steps + (i << 2), 0)
    for (let c: u32 = 0; c < 4; c++) {
      const value = <f32>uniform(stream, low, high)
      store<f64>(b.states + <usize>c * b.columnBytes + (i << 3), <f64>value)
      if (c < 2) {
        store<f32>(row + (c << 3), <f32>f64x2.extract_lane(sineAndCosine(all(<f64>value)), 0), 4)
        store<f32>(row + (c << 3), <f32>f64x2.extract_lane(lastCosines(), 0))
      } else store<f32>(row + 8 + (c << 2), value)
    }
  }
}
