/**
 * Space Invaders: a block of aliens moves sideways and down, and the one nearest to the cannon shoots. Reward 1 an alien; the fewer are left,
 * the faster they move; each new wave starts a little faster. Ends when an alien or a bullet hits the cannon.
 */
const TERMINAL = 0
const CANNON = 1
const DIRECTION = 2
const MOVE_INTERVAL = 3
const MOVE_TIMER = 4
const ALIEN_SHOT_TIMER = 5
const SHOT_TIMER = 6
const RAMP_INDEX = 7
/** Three boards from here on, a row a word, a cell a bit. */
const OWN_BULLETS = 8
const ALIEN_BULLETS = 18
const ALIENS = 28

const SHOT_COOL_DOWN = 5
const FIRST_MOVE_INTERVAL = 12
const LEAST_MOVE_INTERVAL = 6
const ALIEN_SHOT_INTERVAL = 10
/** Columns 2 to 7. */
const WAVE_ROW = 252

function newWave(s: Words): void {
  for (let row = 0; row < 4; row++) s[ALIENS + row] = WAVE_ROW
}

export function resetSpaceInvaders(s: Words): void {
  s[TERMINAL] = 0
  s[CANNON] = 5
  s[DIRECTION] = -1
  s[MOVE_INTERVAL] = FIRST_MOVE_INTERVAL
  s[MOVE_TIMER] = FIRST_MOVE_INTERVAL
  s[ALIEN_SHOT_TIMER] = ALIEN_SHOT_INTERVAL
  s[SHOT_TIMER] = 0
  s[RAMP_INDEX] = 0
  for (let k = OWN_BULLETS; k < ALIENS + 10; k++) s[k] = 0
  newWave(s)
}

function bitsIn(row: i32): i32 {
  let rest = row
  let count = 0
  while (rest !== 0) {
    rest = rest & (rest - 1)
    count++
  }
  return count
}

function countAliens(s: Words): i32 {
  let count = 0
  for (let row = 0; row < 10; row++) count += bitsIn(s[ALIENS + row])
  return count
}

function hitsCannon(s: Words, board: i32): boolean {
  return ((s[board + 9] >> s[CANNON]) & 1) === 1
}

/** Sideways, or down where the edge is reached; what leaves the board comes in again on the other side. */
function moveAliens(s: Words): void {
  let columns = 0
  for (let row = 0; row < 10; row++) columns = columns | s[ALIENS + row]
  const atEdge = s[DIRECTION] < 0 ? (columns & 1) !== 0 : (columns & 512) !== 0
  if (atEdge) {
    s[DIRECTION] = -s[DIRECTION]
    if (s[ALIENS + 9] !== 0) s[TERMINAL] = 1
    const bottom = s[ALIENS + 9]
    for (let row = 9; row > 0; row--) s[ALIENS + row] = s[ALIENS + row - 1]
    s[ALIENS] = bottom
  } else {
    // No alien is at that edge, so nothing goes around.
    for (let row = 0; row < 10; row++) s[ALIENS + row] = s[DIRECTION] < 0 ? s[ALIENS + row] >> 1 : s[ALIENS + row] << 1
  }
}

/** The lowest alien of the column nearest to the cannon, the left one of two, drops a bullet where it is. */
function alienShoots(s: Words): void {
  let columns = 0
  for (let row = 0; row < 10; row++) columns = columns | s[ALIENS + row]
  for (let distance = 0; distance < 10; distance++) {
    const left = s[CANNON] - distance
    const right = s[CANNON] + distance
    let column = -1
    if (left >= 0 && ((columns >> left) & 1) === 1) column = left
    else if (right <= 9 && ((columns >> right) & 1) === 1) column = right
    if (column < 0) continue
    for (let row = 9; row >= 0; row--) {
      if (((s[ALIENS + row] >> column) & 1) === 0) continue
      s[ALIEN_BULLETS + row] = s[ALIEN_BULLETS + row] | (1 << column)
      return
    }
  }
}

/** Plays one step and gives the reward. @param action 1 left, 3 right, 5 fire, others nothing @param ramping 1: ever faster waves */
export function actSpaceInvaders(s: Words, action: i32, ramping: i32): i32 {
  let reward = 0
  if (action === 5 && s[SHOT_TIMER] === 0) {
    s[OWN_BULLETS + 9] = s[OWN_BULLETS + 9] | (1 << s[CANNON])
    s[SHOT_TIMER] = SHOT_COOL_DOWN
  } else if (action === 1) s[CANNON] = s[CANNON] > 0 ? s[CANNON] - 1 : 0
  else if (action === 3) s[CANNON] = s[CANNON] < 9 ? s[CANNON] + 1 : 9
  for (let row = 0; row < 9; row++) s[OWN_BULLETS + row] = s[OWN_BULLETS + row + 1]
  s[OWN_BULLETS + 9] = 0
  for (let row = 9; row > 0; row--) s[ALIEN_BULLETS + row] = s[ALIEN_BULLETS + row - 1]
  s[ALIEN_BULLETS] = 0
  if (hitsCannon(s, ALIEN_BULLETS) || hitsCannon(s, ALIENS)) s[TERMINAL] = 1
  if (s[MOVE_TIMER] === 0) {
    const count = countAliens(s)
    s[MOVE_TIMER] = count < s[MOVE_INTERVAL] ? count : s[MOVE_INTERVAL]
    moveAliens(s)
    if (hitsCannon(s, ALIENS)) s[TERMINAL] = 1
  }
  if (s[ALIEN_SHOT_TIMER] === 0) {
    s[ALIEN_SHOT_TIMER] = ALIEN_SHOT_INTERVAL
    alienShoots(s)
  }
  let left = 0
  for (let row = 0; row < 10; row++) {
    const killed = s[ALIENS + row] & s[OWN_BULLETS + row]
    if (killed !== 0) {
      reward += bitsIn(killed)
      s[ALIENS + row] = s[ALIENS + row] ^ killed
      s[OWN_BULLETS + row] = s[OWN_BULLETS + row] ^ killed
    }
    left = left | s[ALIENS + row]
  }
  if (s[SHOT_TIMER] > 0) s[SHOT_TIMER] = s[SHOT_TIMER] - 1
  s[MOVE_TIMER] = s[MOVE_TIMER] - 1
  s[ALIEN_SHOT_TIMER] = s[ALIEN_SHOT_TIMER] - 1
  if (left === 0) {
    if (s[MOVE_INTERVAL] > LEAST_MOVE_INTERVAL && ramping === 1) {
      s[MOVE_INTERVAL] = s[MOVE_INTERVAL] - 1
      s[RAMP_INDEX] = s[RAMP_INDEX] + 1
    }
    newWave(s)
  }
  return reward
}

function paint(cells: i32, row: i32, channel: i32, obs: Bytes): void {
  let rest = cells
  for (let x = 0; rest !== 0; x++) {
    if ((rest & 1) === 1) obs[(row * 10 + x) * 6 + channel] = 1
    rest = rest >> 1
  }
}

/** Channels: cannon, alien, alien going left, alien going right, own bullet, alien's bullet. */
export function observeSpaceInvaders(s: Words, obs: Bytes): void {
  obs[(90 + s[CANNON]) * 6] = 1
  for (let row = 0; row < 10; row++) {
    paint(s[ALIENS + row], row, 1, obs)
    paint(s[ALIENS + row], row, s[DIRECTION] < 0 ? 2 : 3, obs)
    paint(s[OWN_BULLETS + row], row, 4, obs)
    paint(s[ALIEN_BULLETS + row], row, 5, obs)
  }
}
