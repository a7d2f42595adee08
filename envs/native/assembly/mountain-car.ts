/** ../../classic-control/mountain-car-dynamics.ts, two cars at once. States: position, velocity. Own param: the velocity wanted at the goal. */
import { Batch, begin, chooseByMask, countPair, finish, intervalOf, OWN_PARAMS, param, resetInstead, streamOf } from './batch'
import { uniform } from './pcg64'
import { clipped } from './rounding'
import { cosine } from './trigonometry'

export function mountainCarStep(p: usize): void {
  const b = changetype<Batch>(p)
  begin(b)
  const n: u32 = b.n
  const positions = b.states
  const velocities = positions + b.columnBytes
  const actions = b.actions
  const observations = b.observations
  const rewards = b.rewards
  const steps = b.steps
  const ended = b.ended
  const limits = i32x4.splat(b.limit)
  const goalVelocity = f64x2.splat(param(b, OWN_PARAMS))
  for (let i: u32 = 0; i < n; i += 2) {
    const at: usize = i << 3
    let position = v128.load(positions + at)
    let velocity = v128.load(velocities + at)
    const action = f64x2.convert_low_i32x4_s(v128.load64_zero(actions + (i << 2)))
    const engine = f64x2.mul(f64x2.sub(action, f64x2.splat(1)), f64x2.splat(0.001))
    const gravity = f64x2.mul(cosine(f64x2.mul(f64x2.splat(3), position)), f64x2.splat(-0.0025))
    velocity = clipped(f64x2.add(velocity, f64x2.add(engine, gravity)), f64x2.splat(-0.07), f64x2.splat(0.07))
    position = clipped(f64x2.add(position, velocity), f64x2.splat(-1.2), f64x2.splat(0.6))
    // At the left wall the car stands.
    const stopped = v128.and(f64x2.eq(position, f64x2.splat(-1.2)), f64x2.lt(velocity, f64x2.splat(0)))
    velocity = v128.andnot(velocity, stopped)
    v128.store(positions + at, position)
    v128.store(velocities + at, velocity)
    v128.store(observations + at, i32x4.shuffle(f32x4.demote_f64x2_zero(position), f32x4.demote_f64x2_zero(velocity), 0, 4, 1, 5))
    v128.store(rewards + at, f64x2.splat(-1))
    const arrived: u32 = i64x2.bitmask(v128.and(f64x2.ge(position, f64x2.splat(0.5)), f64x2.ge(velocity, goalVelocity)))
    const late = countPair(steps + (i << 2), limits)
    if (arrived | late | load<u16>(ended + i)) {
      conclude(b, i, arrived & 1, late & 1)
      if (i + 1 < n) conclude(b, i + 1, arrived >> 1, late >> 1)
    }
  }
  resetChosen(b, true)
}

function conclude(b: Batch, i: u32, arrived: u32, late: u32): void {
  if (load<u8>(b.ended + i)) resetInstead(b, i)
  else finish(b, i, arrived != 0, late != 0)
}

export function mountainCarReset(p: usize): void {
  const b = changetype<Batch>(p)
  chooseByMask(b)
  resetChosen(b, false)
}

/** Of cars that push as they like, too. */
export function resetChosen(b: Batch, withinStep: bool): void {
  const low = load<f64>(intervalOf(b, withinStep))
  const high = load<f64>(intervalOf(b, withinStep), 8)
  for (let k: u32 = 0; k < b.resetCount; k++) {
    const i = load<u32>(b.resetting + (k << 2))
    const position = uniform(streamOf(b, i), low, high)
    store<u32>(b.steps + (i << 2), 0)
    store<f64>(b.states + (i << 3), position)
    store<f64>(b.states + b.columnBytes + (i << 3), 0)
    store<f32>(b.observations + (i << 3), <f32>position)
    store<f32>(b.observations + (i << 3), 0, 4)
  }
}
