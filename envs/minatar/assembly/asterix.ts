/**
 * Asterix: enemies and gold cross the board from both sides, each in a row of its own. Reward 1 for gold; ends on touching an enemy.
 * Both come faster and more often as time goes on.
 */
const TERMINAL = 0
const PLAYER_X = 1
const PLAYER_Y = 2
const SPAWN_SPEED = 3
const SPAWN_TIMER = 4
const MOVE_SPEED = 5
const MOVE_TIMER = 6
const RAMP_TIMER = 7
const RAMP_INDEX = 8
/** From here on the eight rows 1 to 8: whether something is there, its column, whether it goes right, whether it is gold. */
const ENTITIES = 9
const WORDS_EACH = 4
const ROWS = 8

const RAMP_INTERVAL = 100
const FIRST_SPAWN_SPEED = 10
const FIRST_MOVE_SPEED = 5

export function resetAsterix(s: Words): void {
  s[TERMINAL] = 0
  s[PLAYER_X] = 5
  s[PLAYER_Y] = 5
  s[SPAWN_SPEED] = FIRST_SPAWN_SPEED
  s[SPAWN_TIMER] = FIRST_SPAWN_SPEED
  s[MOVE_SPEED] = FIRST_MOVE_SPEED
  s[MOVE_TIMER] = FIRST_MOVE_SPEED
  s[RAMP_TIMER] = RAMP_INTERVAL
  s[RAMP_INDEX] = 0
  for (let k = 0; k < ROWS * WORDS_EACH; k++) s[ENTITIES + k] = 0
}

/** In a free row, if there is one; the direction and the kind are drawn even where there is none. */
function spawn(s: Words, draws: Draws): void {
  const goesRight = draws.random() < 0.5
  const isGold = draws.random() < 1.0 / 3.0
  let free = 0
  for (let row = 0; row < ROWS; row++) if (s[ENTITIES + row * WORDS_EACH] === 0) free++
  if (free === 0) return
  let skip = draws.randint(0, free)
  for (let row = 0; row < ROWS; row++) {
    const at = ENTITIES + row * WORDS_EACH
    if (s[at] !== 0 || skip-- > 0) continue
    s[at] = 1
    s[at + 1] = goesRight ? 0 : 9
    s[at + 2] = goesRight ? 1 : 0
    s[at + 3] = isGold ? 1 : 0
    return
  }
}

/** What happens where the player and the entity at `at` may have met: gold is taken (1), an enemy ends the game. */
function meet(s: Words, row: i32): i32 {
  const at = ENTITIES + row * WORDS_EACH
  if (s[at + 1] !== s[PLAYER_X] || row + 1 !== s[PLAYER_Y]) return 0
  if (s[at + 3] === 1) {
    s[at] = 0
    return 1
  }
  s[TERMINAL] = 1
  return 0
}

function ramp(s: Words): void {
  if (s[SPAWN_SPEED] <= 1 && s[MOVE_SPEED] <= 1) return
  if (s[RAMP_TIMER] >= 0) {
    s[RAMP_TIMER] = s[RAMP_TIMER] - 1
    return
  }
  if (s[MOVE_SPEED] > 1 && (s[RAMP_INDEX] & 1) === 1) s[MOVE_SPEED] = s[MOVE_SPEED] - 1
  if (s[SPAWN_SPEED] > 1) s[SPAWN_SPEED] = s[SPAWN_SPEED] - 1
  s[RAMP_INDEX] = s[RAMP_INDEX] + 1
  s[RAMP_TIMER] = RAMP_INTERVAL
}

/** Plays one step and gives the reward. @param action 1 left, 2 up, 3 right, 4 down, others nothing @param ramping 1: ever harder */
export function actAsterix(s: Words, action: i32, ramping: i32, draws: Draws): i32 {
  let reward = 0
  if (s[SPAWN_TIMER] === 0) {
    spawn(s, draws)
    s[SPAWN_TIMER] = s[SPAWN_SPEED]
  }
  if (action === 1) s[PLAYER_X] = s[PLAYER_X] > 0 ? s[PLAYER_X] - 1 : 0
  else if (action === 3) s[PLAYER_X] = s[PLAYER_X] < 9 ? s[PLAYER_X] + 1 : 9
  else if (action === 2) s[PLAYER_Y] = s[PLAYER_Y] > 1 ? s[PLAYER_Y] - 1 : 1
  else if (action === 4) s[PLAYER_Y] = s[PLAYER_Y] < 8 ? s[PLAYER_Y] + 1 : 8
  for (let row = 0; row < ROWS; row++) if (s[ENTITIES + row * WORDS_EACH] === 1) reward += meet(s, row)
  if (s[MOVE_TIMER] === 0) {
    s[MOVE_TIMER] = s[MOVE_SPEED]
    for (let row = 0; row < ROWS; row++) {
      const at = ENTITIES + row * WORDS_EACH
      if (s[at] === 0) continue
      const x = s[at + 1] + (s[at + 2] === 1 ? 1 : -1)
      if (x < 0 || x > 9) {
        s[at] = 0
        continue
      }
      s[at + 1] = x
      reward += meet(s, row)
    }
  }
  s[SPAWN_TIMER] = s[SPAWN_TIMER] - 1
  s[MOVE_TIMER] = s[MOVE_TIMER] - 1
  if (ramping === 1) ramp(s)
  return reward
}

/** Channels: player, enemy, trail, gold. */
export function observeAsterix(s: Words, obs: Bytes): void {
  obs[(s[PLAYER_Y] * 10 + s[PLAYER_X]) * 4] = 1
  for (let row = 0; row < ROWS; row++) {
    const at = ENTITIES + row * WORDS_EACH
    if (s[at] === 0) continue
    const x = s[at + 1]
    const left = (row + 1) * 10
    obs[(left + x) * 4 + (s[at + 3] === 1 ? 3 : 1)] = 1
    const back = s[at + 2] === 1 ? x - 1 : x + 1
    if (back >= 0 && back <= 9) obs[(left + back) * 4 + 2] = 1
  }
}
