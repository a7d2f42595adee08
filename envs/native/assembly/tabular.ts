/**
 * ../../toy-text/transition-table.ts: FrozenLake, CliffWalking, Taxi. State: the number of the state. Table: entries of 32 bytes (running sum,
 * probability and reward as doubles, next state and termination as int32) for each state, action and outcome; the running sums of first
 * states; masks of actions. Own params: states, actions, outcomes, masked actions, and for Taxi whether passengers may be fickle and how
 * likely. Extra: a byte, 1 where the destination may still change.
 */
import { Batch, begin, chooseByMask, finish, OWN_PARAMS, param, resetInstead, SAME_STEP, streamOf } from './batch'
import { integerBelow, nextDouble } from './pcg64'

const ENTRY: usize = 32
/** Taxi's destinations, and what a state is made of besides the cell. */
const PLACES: u32 = 4
const PER_CELL: u32 = 20
const IN_TAXI: u32 = 4

export function tabularStep(p: usize): void {
  const b = changetype<Batch>(p)
  begin(b)
  const n: u32 = b.n
  const choices: usize = b.choices
  const outcomes = <u32>param(b, OWN_PARAMS + 2)
  const masked = <u32>param(b, OWN_PARAMS + 3)
  const fickle = param(b, OWN_PARAMS + 4) != 0
  for (let i: u32 = 0; i < n; i++) {
    if (load<u8>(b.ended + i)) {
      resetInstead(b, i)
      continue
    }
    const state = <u32>load<f64>(b.states + (i << 3))
    const action = load<u32>(b.actions + (i << 2))
    const stream = streamOf(b, i)
    const draw = nextDouble(stream)
    const first = b.table + ENTRY * (((<usize>state) * choices + action) * outcomes)
    let entry = first
    let k: u32 = 0
    while (k < outcomes && !(load<f64>(entry) > draw)) {
      entry += ENTRY
      k++
    }
    // Sums may end below 1; then the first outcome it is.
    if (k == outcomes) entry = first
    let next = load<u32>(entry, 24)
    if (fickle && load<u8>(b.extra + i)) next = fickleArrival(b, i, stream, state, next)
    store<f64>(b.states + (i << 3), <f64>next)
    store<f64>(b.rewards + (i << 3), load<f64>(entry, 16))
    store<u32>(b.observations + (i << 2), next)
    store<f64>(b.probabilities + (i << 3), load<f64>(entry, 8))
    if (masked) copyMask(b, i, next, masked)
    const steps = load<u32>(b.steps + (i << 2)) + 1
    store<u32>(b.steps + (i << 2), steps)
    const terminated = load<u32>(entry, 28) != 0
    const late = steps >= b.limit
    if (terminated || late) conclude(b, i, terminated, late, masked)
  }
  resetChosen(b, masked)
}

function conclude(b: Batch, i: u32, terminated: bool, late: bool, masked: u32): void {
  finish(b, i, terminated, late)
  if (b.mode != SAME_STEP || !load<u8>(b.finalMask + i)) return
  store<f64>(b.finalProbabilities + (i << 3), load<f64>(b.probabilities + (i << 3)))
  if (masked) memory.copy(b.finalActionMasks + i * masked, b.actionMasks + i * masked, masked)
}

/** On the first move with the passenger another destination is drawn. */
function fickleArrival(b: Batch, i: u32, stream: usize, from: u32, to: u32): u32 {
  if ((from / PLACES) % 5 != IN_TAXI || from / PER_CELL == to / PER_CELL) return to
  store<u8>(b.extra + i, 0)
  const drawn = integerBelow(stream, PLACES - 1)
  return to - (to % PLACES) + drawn + u32(drawn >= from % PLACES)
}

// @ts-ignore: decorator
@inline
function firstStates(b: Batch): usize {
  return b.table + ENTRY * <usize>(param(b, OWN_PARAMS) * param(b, OWN_PARAMS + 1) * param(b, OWN_PARAMS + 2))
}

function copyMask(b: Batch, i: u32, state: u32, masked: u32): void {
  const masks = firstStates(b) + (<usize>param(b, OWN_PARAMS) << 3)
  const to = b.actionMasks + i * masked
  const from = masks + state * masked
  // Six bytes: Taxi's. A call of memory.copy takes longer than all the rest.
  store<u32>(to, load<u32>(from))
  store<u16>(to, load<u16>(from, 4), 4)
}

export function tabularReset(p: usize): void {
  const b = changetype<Batch>(p)
  chooseByMask(b)
  resetChosen(b, <u32>param(b, OWN_PARAMS + 3))
}

function resetChosen(b: Batch, masked: u32): void {
  const fickle = param(b, OWN_PARAMS + 4) != 0
  for (let k: u32 = 0; k < b.resetCount; k++) {
    const i = load<u32>(b.resetting + (k << 2))
    const stream = streamOf(b, i)
    const state = firstState(b, nextDouble(stream))
    store<u32>(b.steps + (i << 2), 0)
    store<f64>(b.states + (i << 3), <f64>state)
    store<u32>(b.observations + (i << 2), state)
    store<f64>(b.probabilities + (i << 3), 1)
    store<u8>(b.extra + i, fickle && nextDouble(stream) < param(b, OWN_PARAMS + 5))
    if (masked) copyMask(b, i, state, masked)
  }
}

/** The first whose sum is above the draw, or 0. */
function firstState(b: Batch, draw: f64): u32 {
  const sums = firstStates(b)
  const states = <u32>param(b, OWN_PARAMS)
  let from: u32 = 0
  let to = states
  while (from < to) {
    const middle = (from + to) >> 1
    if (load<f64>(sums + (middle << 3)) <= draw) from = middle + 1
    else to = middle
  }
  return from == states ? 0 : from
}
