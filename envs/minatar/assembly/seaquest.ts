/**
 * Seaquest: a submarine shoots fish and submarines (reward 1 each) and takes up divers; coming up with six of them gives up to 10, by the
 * oxygen left. Ends on touching anything hostile, without oxygen, and on coming up without a diver. Each time up makes it harder.
 *
 * The package keeps its fish, submarines, bullets and divers in Python lists, goes through them from the end, and `list.remove` takes
 * away the first *equal* element. Where two are equal, that decides who comes next, so lists here do the same.
 */
const TERMINAL = 0
const OXYGEN = 1
const DIVERS_ABOARD = 2
const SUB_X = 3
const SUB_Y = 4
/** 1 where the submarine's front is to the right. */
const FACES_RIGHT = 5
const SPAWN_SPEED = 6
const SPAWN_TIMER = 7
const DIVER_TIMER = 8
const MOVE_SPEED = 9
const RAMP_INDEX = 10
const SHOT_TIMER = 11
const AT_SURFACE = 12
/**
 * Lists: a word for the length, then five words an element: column, row, whether it goes right, and for some steps to the next move and
 * steps to the next shot. None gets longer than fits: an own bullet lives 10 steps and they come every 5, a diver 60 and they come every
 * 30, an enemy at most 60 and one comes a step, an enemy's bullet 10 and each submarine fires every 11.
 */
const OWN_BULLETS = 13, DIVERS = 54, FISH = 95, SUBS = 416, ENEMY_BULLETS = 737
const EACH = 5
const X = 0, Y = 1, RIGHT = 2, TO_MOVE = 3, TO_SHOT = 4

const MAX_OXYGEN = 200
const FIRST_SPAWN_SPEED = 20
const DIVER_SPAWN_SPEED = 30
const FIRST_MOVE_INTERVAL = 5, LEAST_MOVE_INTERVAL = 2
const SHOT_COOL_DOWN = 5, ENEMY_SHOT_INTERVAL = 10
const DIVER_MOVE_INTERVAL = 5
const FULL_CREW = 6

function place(list: i32, k: i32): i32 {
  return list + 1 + k * EACH
}

function append(s: Words, list: i32, x: i32, y: i32, right: i32, toMove: i32, toShot: i32): void {
  const at = place(list, s[list])
  s[at + X] = x
  s[at + Y] = y
  s[at + RIGHT] = right
  s[at + TO_MOVE] = toMove
  s[at + TO_SHOT] = toShot
  s[list] = s[list] + 1
}

function equal(s: Words, a: i32, b: i32): boolean {
  for (let k = 0; k < EACH; k++) if (s[a + k] !== s[b + k]) return false
  return true
}

/** Takes away the first element equal to element k, and gives its index. */
function remove(s: Words, list: i32, k: i32): i32 {
  const like = place(list, k)
  let first = 0
  while (first < k && !equal(s, place(list, first), like)) first++
  s[list] = s[list] - 1
  const end = place(list, s[list])
  for (let at = place(list, first); at < end; at++) s[at] = s[at + EACH]
  return first
}

/** The first element at a place, or −1. */
function findAt(s: Words, list: i32, x: i32, y: i32): i32 {
  for (let k = 0; k < s[list]; k++) {
    const at = place(list, k)
    if (s[at + X] === x && s[at + Y] === y) return k
  }
  return -1
}

function touchesSub(s: Words, at: i32): boolean {
  return s[at + X] === s[SUB_X] && s[at + Y] === s[SUB_Y]
}

function advance(s: Words, at: i32): boolean {
  s[at + X] = s[at + X] + (s[at + RIGHT] === 1 ? 1 : -1)
  return s[at + X] >= 0 && s[at + X] <= 9
}

export function resetSeaquest(s: Words): void {
  s[TERMINAL] = 0
  s[OXYGEN] = MAX_OXYGEN
  s[DIVERS_ABOARD] = 0
  s[SUB_X] = 5
  s[SUB_Y] = 0
  s[FACES_RIGHT] = 0
  s[SPAWN_SPEED] = FIRST_SPAWN_SPEED
  s[SPAWN_TIMER] = FIRST_SPAWN_SPEED
  s[DIVER_TIMER] = DIVER_SPAWN_SPEED
  s[MOVE_SPEED] = FIRST_MOVE_INTERVAL
  s[RAMP_INDEX] = 0
  s[SHOT_TIMER] = 0
  s[AT_SURFACE] = 1
  s[OWN_BULLETS] = 0
  s[DIVERS] = 0
  s[FISH] = 0
  s[SUBS] = 0
  s[ENEMY_BULLETS] = 0
}

function goesAgainst(s: Words, list: i32, row: i32, right: i32): boolean {
  for (let k = 0; k < s[list]; k++) {
    const at = place(list, k)
    if (s[at + Y] === row && s[at + RIGHT] !== right) return true
  }
  return false
}

/** None where another comes the opposite way in the row drawn. */
function spawnEnemy(s: Words, draws: Draws): void {
  const right = draws.random() < 0.5 ? 1 : 0
  const isSub = draws.random() < 1.0 / 3.0
  const row = draws.randint(1, 9)
  if (goesAgainst(s, SUBS, row, right) || goesAgainst(s, FISH, row, right)) return
  const column = right === 1 ? 0 : 9
  if (isSub) append(s, SUBS, column, row, right, s[MOVE_SPEED], ENEMY_SHOT_INTERVAL)
  else append(s, FISH, column, row, right, s[MOVE_SPEED], 0)
}

function spawnDiver(s: Words, draws: Draws): void {
  const right = draws.random() < 0.5 ? 1 : 0
  const row = draws.randint(1, 9)
  append(s, DIVERS, right === 1 ? 0 : 9, row, right, DIVER_MOVE_INTERVAL, 0)
}

function obey(s: Words, action: i32): void {
  if (action === 5 && s[SHOT_TIMER] === 0) {
    append(s, OWN_BULLETS, s[SUB_X], s[SUB_Y], s[FACES_RIGHT], 0, 0)
    s[SHOT_TIMER] = SHOT_COOL_DOWN
  } else if (action === 1) {
    s[SUB_X] = s[SUB_X] > 0 ? s[SUB_X] - 1 : 0
    s[FACES_RIGHT] = 0
  } else if (action === 3) {
    s[SUB_X] = s[SUB_X] < 9 ? s[SUB_X] + 1 : 9
    s[FACES_RIGHT] = 1
  } else if (action === 2) s[SUB_Y] = s[SUB_Y] > 0 ? s[SUB_Y] - 1 : 0
  else if (action === 4) s[SUB_Y] = s[SUB_Y] < 8 ? s[SUB_Y] + 1 : 8
}

function moveOwnBullets(s: Words): i32 {
  let reward = 0
  for (let k = s[OWN_BULLETS] - 1; k >= 0 && k < s[OWN_BULLETS]; k--) {
    const at = place(OWN_BULLETS, k)
    if (!advance(s, at)) {
      remove(s, OWN_BULLETS, k)
      continue
    }
    const fish = findAt(s, FISH, s[at + X], s[at + Y])
    const sub = fish < 0 ? findAt(s, SUBS, s[at + X], s[at + Y]) : -1
    if (fish >= 0) remove(s, FISH, fish)
    else if (sub >= 0) remove(s, SUBS, sub)
    else continue
    remove(s, OWN_BULLETS, k)
    reward++
  }
  return reward
}

function moveDivers(s: Words): void {
  for (let k = s[DIVERS] - 1; k >= 0 && k < s[DIVERS]; k--) {
    const at = place(DIVERS, k)
    if (!touchesSub(s, at) || s[DIVERS_ABOARD] >= FULL_CREW) {
      if (s[at + TO_MOVE] !== 0) {
        s[at + TO_MOVE] = s[at + TO_MOVE] - 1
        continue
      }
      s[at + TO_MOVE] = DIVER_MOVE_INTERVAL
      if (!advance(s, at)) {
        remove(s, DIVERS, k)
        continue
      }
      if (!touchesSub(s, at) || s[DIVERS_ABOARD] >= FULL_CREW) continue
    }
    remove(s, DIVERS, k)
    s[DIVERS_ABOARD] = s[DIVERS_ABOARD] + 1
  }
}

/** Fish or submarines. Each of the latter also fires, even as it is shot or leaves the board. */
function moveEnemies(s: Words, list: i32): i32 {
  let reward = 0
  for (let k = s[list] - 1; k >= 0 && k < s[list]; k--) {
    let at = place(list, k)
    let gone = false
    if (touchesSub(s, at)) s[TERMINAL] = 1
    const right = s[at + RIGHT]
    const row = s[at + Y]
    const toShot = s[at + TO_SHOT]
    let column = s[at + X]
    if (s[at + TO_MOVE] !== 0) s[at + TO_MOVE] = s[at + TO_MOVE] - 1
    else {
      s[at + TO_MOVE] = s[MOVE_SPEED]
      const inside = advance(s, at)
      column = s[at + X]
      const bullet = inside && !touchesSub(s, at) ? findAt(s, OWN_BULLETS, column, row) : -1
      if (!inside || bullet >= 0) {
        // An equal one before this one went in its place: this one is now where the next would have been.
        if (remove(s, list, k) === k) gone = true
        else at = place(list, k - 1)
        if (bullet >= 0) {
          remove(s, OWN_BULLETS, bullet)
          reward++
        }
      } else if (touchesSub(s, at)) s[TERMINAL] = 1
    }
    if (list !== SUBS) continue
    if (toShot === 0) append(s, ENEMY_BULLETS, column, row, right, 0, 0)
    if (!gone) s[at + TO_SHOT] = toShot === 0 ? ENEMY_SHOT_INTERVAL : toShot - 1
  }
  return reward
}

function moveEnemyBullets(s: Words): void {
  for (let k = s[ENEMY_BULLETS] - 1; k >= 0 && k < s[ENEMY_BULLETS]; k--) {
    const at = place(ENEMY_BULLETS, k)
    if (touchesSub(s, at)) s[TERMINAL] = 1
    if (!advance(s, at)) remove(s, ENEMY_BULLETS, k)
    else if (touchesSub(s, at)) s[TERMINAL] = 1
  }
}

/** Oxygen again, one diver less (after a full crew too, which leaves −1), harder: the reward is for a full crew. */
function comeUp(s: Words, ramping: i32): i32 {
  let reward = 0
  s[AT_SURFACE] = 1
  if (s[DIVERS_ABOARD] === FULL_CREW) {
    s[DIVERS_ABOARD] = 0
    reward = ((s[OXYGEN] * 10) / MAX_OXYGEN) | 0
  }
  s[OXYGEN] = MAX_OXYGEN
  s[DIVERS_ABOARD] = s[DIVERS_ABOARD] - 1
  if (ramping === 1 && (s[SPAWN_SPEED] > 1 || s[MOVE_SPEED] > LEAST_MOVE_INTERVAL)) {
    if (s[MOVE_SPEED] > LEAST_MOVE_INTERVAL && (s[RAMP_INDEX] & 1) === 1) s[MOVE_SPEED] = s[MOVE_SPEED] - 1
    if (s[SPAWN_SPEED] > 1) s[SPAWN_SPEED] = s[SPAWN_SPEED] - 1
    s[RAMP_INDEX] = s[RAMP_INDEX] + 1
  }
  return reward
}

/** Plays one step and gives the reward. @param action 1 left, 2 up, 3 right, 4 down, 5 fire, 0 nothing @param ramping 1: ever harder */
export function actSeaquest(s: Words, action: i32, ramping: i32, draws: Draws): i32 {
  if (s[SPAWN_TIMER] === 0) {
    spawnEnemy(s, draws)
    s[SPAWN_TIMER] = s[SPAWN_SPEED]
  }
  if (s[DIVER_TIMER] === 0) {
    spawnDiver(s, draws)
    s[DIVER_TIMER] = DIVER_SPAWN_SPEED
  }
  obey(s, action)
  let reward = moveOwnBullets(s)
  moveDivers(s)
  reward += moveEnemies(s, SUBS)
  moveEnemyBullets(s)
  reward += moveEnemies(s, FISH)
  for (let timer = SPAWN_TIMER; timer <= DIVER_TIMER; timer++) if (s[timer] > 0) s[timer] = s[timer] - 1
  if (s[SHOT_TIMER] > 0) s[SHOT_TIMER] = s[SHOT_TIMER] - 1
  if (s[OXYGEN] <= 0) s[TERMINAL] = 1
  if (s[SUB_Y] > 0) {
    s[OXYGEN] = s[OXYGEN] - 1
    s[AT_SURFACE] = 0
  } else if (s[AT_SURFACE] === 0) {
    if (s[DIVERS_ABOARD] === 0) s[TERMINAL] = 1
    else reward += comeUp(s, ramping)
  }
  return reward
}

function paintList(s: Words, list: i32, channel: i32, trail: boolean, obs: Bytes): void {
  for (let k = 0; k < s[list]; k++) {
    const at = place(list, k)
    const left = s[at + Y] * 10
    obs[(left + s[at + X]) * 10 + channel] = 1
    const back = s[at + RIGHT] === 1 ? s[at + X] - 1 : s[at + X] + 1
    if (trail && back >= 0 && back <= 9) obs[(left + back) * 10 + 3] = 1
  }
}

/** Channels: front, back, own bullet, trail, enemy's bullet, fish, submarine, oxygen, divers aboard, diver. */
export function observeSeaquest(s: Words, obs: Bytes): void {
  const x = s[SUB_X]
  const left = s[SUB_Y] * 10
  obs[(left + x) * 10] = 1
  obs[(left + (s[FACES_RIGHT] === 1 ? x - 1 : x + 1)) * 10 + 1] = 1
  const oxygen = s[OXYGEN] > 0 ? ((s[OXYGEN] * 10) / MAX_OXYGEN) | 0 : 0
  for (let k = 0; k < oxygen; k++) obs[(90 + k) * 10 + 7] = 1
  for (let k = 9 - s[DIVERS_ABOARD]; k < 9; k++) obs[(90 + k) * 10 + 8] = 1
  paintList(s, OWN_BULLETS, 2, false, obs)
  paintList(s, ENEMY_BULLETS, 4, false, obs)
  paintList(s, FISH, 5, true, obs)
  paintList(s, SUBS, 6, true, obs)
  paintList(s, DIVERS, 9, true, obs)
}
