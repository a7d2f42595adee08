/**
 * The car that pushes as it likes, two at once: float32 arithmetic but for the first step of an episode. States: position, velocity. Own
 * params: least and greatest push, the velocity wanted at the goal.
 */
import { Batch, begin, chooseByMask, countPair, finish, OWN_PARAMS, param, resetInstead, setReward } from './batch'
import { resetChosen } from './mountain-car'
import { clipped, fround } from './rounding'
import { cosine } from './trigonometry'

const POWER_32: f64 = <f64>(<f32>0.0015)
const SPEED_32: f64 = <f64>(<f32>0.07)
const MIN_32: f64 = <f64>(<f32>-1.2)
const MAX_32: f64 = <f64>(<f32>0.6)
/** Typed: a literal that is converted would take the type that it is converted to. */
const GRAVITY: f64 = 0.0025
const GOAL_32: f64 = <f64>(<f32>0.45)

export function continuousMountainCarStep(p: usize): void {
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
  const goalVelocity = f64x2.splat(<f64>(<f32>param(b, OWN_PARAMS + 2)))
  const none = i32x4.splat(0)
  for (let i: u32 = 0; i < n; i += 2) {
    const at: usize = i << 3
    const push = f64x2.promote_low_f32x4(v128.load64_zero(actions + (i << 2)))
    const first = i32x4.bitmask(i32x4.eq(v128.load64_zero(steps + (i << 2)), none)) & 3
    const start = v128.load(positions + at)
    const before = v128.load(velocities + at)
    const gravity = fround(f64x2.mul(f64x2.splat(GRAVITY), cosine(fround(f64x2.mul(f64x2.splat(3), start)))))
    const engine = fround(f64x2.mul(push, f64x2.splat(POWER_32)))
    let velocity = fround(f64x2.add(before, fround(f64x2.sub(engine, gravity))))
    velocity = clipped(velocity, f64x2.splat(-SPEED_32), f64x2.splat(SPEED_32))
    const position = clipped(fround(f64x2.add(start, velocity)), f64x2.splat(MIN_32), f64x2.splat(MAX_32))
    const stopped = v128.and(f64x2.eq(position, f64x2.splat(MIN_32)), f64x2.lt(velocity, f64x2.splat(0)))
    velocity = v128.andnot(velocity, stopped)
    v128.store(positions + at, position)
    v128.store(velocities + at, velocity)
    let arrived: u32 = i64x2.bitmask(v128.and(f64x2.ge(position, f64x2.splat(GOAL_32)), f64x2.ge(velocity, goalVelocity)))
    if (first) arrived = firstSteps(b, i, first, arrived, start, before)
    const nextPosition = v128.load(positions + at)
    const nextVelocity = v128.load(velocities + at)
    v128.store(observations + at, i32x4.shuffle(f32x4.demote_f64x2_zero(nextPosition), f32x4.demote_f64x2_zero(nextVelocity), 0, 4, 1, 5))
    v128.store(rewards + at, f64x2.sub(f64x2.splat(0), f64x2.mul(f64x2.mul(push, push), f64x2.splat(0.1))))
    const late = countPair(steps + (i << 2), limits)
    if (arrived | late | load<u16>(ended + i)) {
      conclude(b, i, arrived & 1, late & 1)
      if (i + 1 < n) conclude(b, i + 1, arrived >> 1, late >> 1)
    }
  }
  resetChosen(b, true)
}

/** In doubles, for the lanes of `first`. Gives back who has arrived, of both. */
function firstSteps(b: Batch, i: u32, first: u32, arrived: u32, starts: v128, before: v128): u32 {
  const cosines = cosine(f64x2.mul(f64x2.splat(3), starts))
  for (let lane: u32 = 0; lane < 2; lane++) {
    if (!(first & (1 << lane))) continue
    const start = lane ? f64x2.extract_lane(starts, 1) : f64x2.extract_lane(starts, 0)
    const cos = lane ? f64x2.extract_lane(cosines, 1) : f64x2.extract_lane(cosines, 0)
    const still = lane ? f64x2.extract_lane(before, 1) : f64x2.extract_lane(before, 0)
    const push = <f64>load<f32>(b.actions + ((i + lane) << 2))
    const engine = <f32>(push * POWER_32)
    const pull = <f32>(GRAVITY * cos)
    let velocity = still + <f64>(engine - pull)
    velocity = min(max(velocity, -0.07), 0.07)
    const position = min(max(start + velocity, -1.2), 0.6)
    if (position == -1.2 && velocity < 0) velocity = 0
    const at: usize = (i + lane) << 3
    store<f64>(b.states + at, <f64>(<f32>position))
    store<f64>(b.states + b.columnBytes + at, <f64>(<f32>velocity))
    const there = position >= 0.45 && velocity >= param(b, OWN_PARAMS + 2)
    arrived = (arrived & ~(1 << lane)) | (u32(there) << lane)
  }
  return arrived
}

function conclude(b: Batch, i: u32, arrived: u32, late: u32): void {
  if (load<u8>(b.ended + i)) {
    resetInstead(b, i)
    return
  }
  if (arrived) {
    const push = <f64>load<f32>(b.actions + (i << 2))
    setReward(b, i, 100.0 - push * push * 0.1)
  }
  finish(b, i, arrived != 0, late != 0)
}

export function continuousMountainCarReset(p: usize): void {
  const b = changetype<Batch>(p)
  chooseByMask(b)
  resetChosen(b, false)
}
