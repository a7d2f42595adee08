/**
 * Many copies of one game. The rules are the files beside this one, compiled from the same source as the single environments'.
 * Each environment has a block of variables (`HEAD` words of its own, then the game's), a RandomState and a row of the observations.
 * Addresses are byte offsets into the module's memory, which minatar-vector.ts lays out.
 */
import './memory'
import { actAsterix, observeAsterix, resetAsterix } from './asterix'
import { actBreakout, observeBreakout, resetBreakout } from './breakout'
import { actFreeway, observeFreeway, resetFreeway } from './freeway'
import { actSeaquest, observeSeaquest, resetSeaquest } from './seaquest'
import { actSpaceInvaders, observeSpaceInvaders, resetSpaceInvaders } from './space-invaders'

/** Words before a game's own: the action before, and the steps of this episode. */
const LAST_ACTION: usize = 0
const STEPS: usize = 4
const HEAD: usize = 8
const DRAWS_BYTES: usize = 2500

const NEXT_STEP = 0
const SAME_STEP = 1

let game: i32
let numEnvs: i32
/** Bytes of an environment's variables, and of its observation. */
let blockBytes: usize
let rowBytes: usize
let stickyActionProb: f64
let ramping: i32
let stepLimit: i32
let autoreset: i32

let blocks: usize
let draws: usize
let actions: usize
let observations: usize
let finals: usize
let finalMask: usize
let rewards: usize
let terminated: usize
let truncated: usize
let ended: usize

export function configure(
  theGame: i32, count: i32, theBlockBytes: i32, theRowBytes: i32, sticky: f64, ramps: i32, limit: i32, autoresetMode: i32,
): void {
  game = theGame
  numEnvs = count
  blockBytes = <usize>theBlockBytes
  rowBytes = <usize>theRowBytes
  stickyActionProb = sticky
  ramping = ramps
  stepLimit = limit
  autoreset = autoresetMode
}

export function place(
  theBlocks: usize, theDraws: usize, theActions: usize, theObservations: usize, theFinals: usize, theFinalMask: usize,
  theRewards: usize, theTerminated: usize, theTruncated: usize, theEnded: usize,
): void {
  blocks = theBlocks
  draws = theDraws
  actions = theActions
  observations = theObservations
  finals = theFinals
  finalMask = theFinalMask
  rewards = theRewards
  terminated = theTerminated
  truncated = theTruncated
  ended = theEnded
}

function act(s: Words, action: i32, d: Draws): i32 {
  if (game == 0) return actBreakout(s, action)
  if (game == 1) return actAsterix(s, action, ramping, d)
  if (game == 2) return actFreeway(s, action, d)
  if (game == 3) return actSeaquest(s, action, ramping, d)
  return actSpaceInvaders(s, action, ramping)
}

function observe(s: Words, row: usize): void {
  memory.fill(row, 0, rowBytes)
  const obs = changetype<Bytes>(row)
  if (game == 0) observeBreakout(s, obs)
  else if (game == 1) observeAsterix(s, obs)
  else if (game == 2) observeFreeway(s, obs)
  else if (game == 3) observeSeaquest(s, obs)
  else observeSpaceInvaders(s, obs)
}

/** Begins an episode of environment i, without a new seed, and writes its observation. */
export function reset(i: i32): void {
  const block = blocks + <usize>i * blockBytes
  const s = changetype<Words>(block + HEAD)
  const d = changetype<Draws>(draws + <usize>i * DRAWS_BYTES)
  store<i32>(block, 0, STEPS)
  if (game == 0) resetBreakout(s, d)
  else if (game == 1) resetAsterix(s)
  else if (game == 2) resetFreeway(s, d)
  else if (game == 3) resetSeaquest(s)
  else resetSpaceInvaders(s)
  observe(s, observations + <usize>i * rowBytes)
}

/** Steps all; actions are the games' own (0 to 5). */
export function step(): void {
  for (let i = 0; i < numEnvs; i++) {
    const at = <usize>i
    if (autoreset === NEXT_STEP && load<u8>(ended + at) === 1) {
      store<u8>(ended + at, 0)
      store<u8>(terminated + at, 0)
      store<u8>(truncated + at, 0)
      store<f64>(rewards + (at << 3), 0)
      reset(i)
      continue
    }
    const block = blocks + at * blockBytes
    const s = changetype<Words>(block + HEAD)
    const d = changetype<Draws>(draws + at * DRAWS_BYTES)
    let action = load<i32>(actions + (at << 2))
    if (d.random() < stickyActionProb) action = load<i32>(block, LAST_ACTION)
    else store<i32>(block, action, LAST_ACTION)
    const reward = act(s, action, d)
    const steps = load<i32>(block, STEPS) + 1
    store<i32>(block, steps, STEPS)
    const over = s[0] === 1
    const late = steps >= stepLimit
    store<f64>(rewards + (at << 3), <f64>reward)
    store<u8>(terminated + at, over ? 1 : 0)
    store<u8>(truncated + at, late ? 1 : 0)
    const row = observations + at * rowBytes
    if (autoreset === SAME_STEP) {
      const done = over || late
      store<u8>(finalMask + at, done ? 1 : 0)
      if (done) {
        observe(s, finals + at * rowBytes)
        reset(i)
        continue
      }
    } else store<u8>(ended + at, over || late ? 1 : 0)
    observe(s, row)
  }
}
