/**
 * N environments of one kind in memory. ../native-vector-env.ts lays it out and writes the addresses, in this order, as 32-bit words.
 * Columns are padded to a multiple of four environments, so that a pair of lanes may always be computed; what lies beyond n means nothing.
 */
@unmanaged
export class Batch {
  n: i32
  /** 0 next-step, 1 same-step, 2 disabled. */
  mode: i32
  /** Steps of an episode, u32.MAX_VALUE for no limit. */
  limit: u32
  /** ONE_STREAM, FLOAT32_REWARDS. */
  flags: u32
  /** Bytes of an observation, and of one column of states. */
  rowBytes: u32
  columnBytes: u32
  /** How many actions there are, where they are numbers. */
  choices: u32
  /** How many environments are to be reset, and which: int32 each. */
  resetCount: u32
  resetting: usize
  /** int32 or float32 each. */
  actions: usize
  observations: usize
  rewards: usize
  terminated: usize
  truncated: usize
  /** 1 where an episode has ended and no reset has happened yet. */
  ended: usize
  finalObservations: usize
  finalMask: usize
  /** Of a reset: 1 for each environment to be reset. */
  mask: usize
  /** Columns of doubles. */
  states: usize
  /** Steps so far, uint32 each. */
  steps: usize
  /** PCG64, STREAM_BYTES each; one for all with ONE_STREAM. */
  streams: usize
  /** Doubles: two that say where states begin after a call of `reset`, two for resets within steps, then the task's own. */
  params: usize
  /** What else a task has: a table, bytes an environment. */
  table: usize
  extra: usize
  /** Of a table's infos. */
  probabilities: usize
  finalProbabilities: usize
  actionMasks: usize
  finalActionMasks: usize
}

export const SAME_STEP: i32 = 1
export const ONE_STREAM: u32 = 1
export const FLOAT32_REWARDS: u32 = 2
const STREAM_BYTES: usize = 48
/** Doubles before those of the task. */
export const OWN_PARAMS: usize = 4

// @ts-ignore: decorator
@inline
export function param(b: Batch, k: usize): f64 {
  return load<f64>(b.params + (k << 3))
}

// @ts-ignore: decorator
@inline
export function streamOf(b: Batch, i: u32): usize {
  return b.streams + STREAM_BYTES * (b.flags & ONE_STREAM ? 0 : i)
}

/** Before a step: nothing to be reset, no flags, no final observations. */
export function begin(b: Batch): void {
  b.resetCount = 0
  memory.fill(b.terminated, 0, b.n)
  memory.fill(b.truncated, 0, b.n)
  if (b.mode == SAME_STEP) memory.fill(b.finalMask, 0, b.n)
}

// @ts-ignore: decorator
@inline
export function pushReset(b: Batch, i: u32): void {
  store<u32>(b.resetting + (b.resetCount << 2), i)
  b.resetCount++
}

/** Instead of the step of an environment that ended before: its reset, which comes when all have moved. */
export function resetInstead(b: Batch, i: u32): void {
  setReward(b, i, 0)
  store<u8>(b.ended + i, 0)
  pushReset(b, i)
}

export function setReward(b: Batch, i: u32, reward: f64): void {
  if (b.flags & FLOAT32_REWARDS) store<f32>(b.rewards + (i << 2), <f32>reward)
  else store<f64>(b.rewards + (i << 3), reward)
}

/** The flags of an environment that has moved; its observation must be written already. */
export function finish(b: Batch, i: u32, terminated: bool, late: bool): void {
  if (b.limit == u32.MAX_VALUE) late = false
  store<u8>(b.terminated + i, terminated)
  store<u8>(b.truncated + i, late)
  if (!terminated && !late) return
  if (b.mode != SAME_STEP) {
    store<u8>(b.ended + i, 1)
    return
  }
  store<u8>(b.finalMask + i, 1)
  memory.copy(b.finalObservations + i * b.rowBytes, b.observations + i * b.rowBytes, b.rowBytes)
  pushReset(b, i)
}

/** Counts a step of two environments; bits 0 and 1 say which have reached the limit. @param limits in all lanes */
// @ts-ignore: decorator
@inline
export function countPair(steps: usize, limits: v128): u32 {
  const count = i32x4.sub(v128.load64_zero(steps), i32x4.splat(-1))
  v128.store64_lane(steps, count, 0)
  return i32x4.bitmask(i32x4.ge_u(count, limits)) & 3
}

/** Before a reset: the environments of the mask are to be reset. */
export function chooseByMask(b: Batch): void {
  b.resetCount = 0
  if (b.mode == SAME_STEP) memory.fill(b.finalMask, 0, b.n)
  for (let i: u32 = 0; i < <u32>b.n; i++) if (load<u8>(b.mask + i)) pushReset(b, i)
}

/** Where doubles begin after a reset: those of a call of `reset`, or those of resets within steps. */
// @ts-ignore: decorator
@inline
export function intervalOf(b: Batch, withinStep: bool): usize {
  return b.params + (withinStep ? 16 : 0)
}

/** The first environment whose action is none of its space, or −1. One about to be reset may have any. */
export function wrongChoice(p: usize): i32 {
  const b = changetype<Batch>(p)
  const last = i32x4.splat(b.choices - 1)
  for (let i: i32 = 0; i < b.n; i += 4) {
    if (!v128.any_true(i32x4.gt_u(v128.load(b.actions + (i << 2)), last))) continue
    for (let k = i; k < min(i + 4, b.n); k++) {
      if (load<u32>(b.actions + (k << 2)) >= b.choices && !load<u8>(b.ended + k)) return k
    }
  }
  return -1
}

/** The same for one float32 an environment, within the task's first two own params. */
export function wrongNumber(p: usize): i32 {
  const b = changetype<Batch>(p)
  const low = <f32>param(b, OWN_PARAMS)
  const high = <f32>param(b, OWN_PARAMS + 1)
  for (let i: i32 = 0; i < b.n; i++) {
    const action = load<f32>(b.actions + (i << 2))
    if (!(action >= low && action <= high) && !load<u8>(b.ended + i)) return i
  }
  return -1
}
