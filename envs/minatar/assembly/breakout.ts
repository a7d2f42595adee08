/**
 * Breakout: three rows of bricks, a ball that moves along diagonals, a paddle in the bottom row. Reward 1 a brick; a cleared wall is put
 * up again. Ends when the ball falls past the paddle.
 *
 * Source of all five games: Young and Tian, "MinAtar: An Atari-Inspired Testbed for Thorough and Reproducible Reinforcement Learning
 * Experiments" (2019), and the behaviour of the package MinAtar 1.0.15, whose order of events and of random draws is kept.
 */
const TERMINAL = 0
const BALL_X = 1
const BALL_Y = 2
/** 0 up left, 1 up right, 2 down right, 3 down left. */
const DIRECTION = 3
const PADDLE = 4
const LAST_X = 5
const LAST_Y = 6
/** 1 while the ball is within the wall after a hit: one bounce breaks one brick. */
const STRIKE = 7
/** From here on a row of bricks a word, a brick a bit, rows 0 to 9. */
const BRICKS = 8

const FULL_ROW = 1023

function fillWall(s: Words): void {
  for (let row = 1; row <= 3; row++) s[BRICKS + row] = FULL_ROW
}

export function resetBreakout(s: Words, draws: Draws): void {
  const right = draws.randint(0, 2) === 1
  s[TERMINAL] = 0
  s[BALL_X] = right ? 9 : 0
  s[BALL_Y] = 3
  s[DIRECTION] = right ? 3 : 2
  s[PADDLE] = 4
  s[LAST_X] = s[BALL_X]
  s[LAST_Y] = s[BALL_Y]
  s[STRIKE] = 0
  for (let row = 0; row < 10; row++) s[BRICKS + row] = 0
  fillWall(s)
}

/** Plays one step and gives the reward. @param action 1 left, 3 right, others nothing */
export function actBreakout(s: Words, action: i32): i32 {
  let reward = 0
  if (action === 1) s[PADDLE] = s[PADDLE] > 0 ? s[PADDLE] - 1 : 0
  else if (action === 3) s[PADDLE] = s[PADDLE] < 9 ? s[PADDLE] + 1 : 9
  const fromX = s[BALL_X]
  const fromY = s[BALL_Y]
  s[LAST_X] = fromX
  s[LAST_Y] = fromY
  let direction = s[DIRECTION]
  let x = direction === 1 || direction === 2 ? fromX + 1 : fromX - 1
  let y = direction < 2 ? fromY - 1 : fromY + 1
  if (x < 0 || x > 9) {
    x = x < 0 ? 0 : 9
    // Left and right change places: 0 ↔ 1, 2 ↔ 3.
    direction = direction ^ 1
  }
  let inWall = false
  if (y < 0) {
    y = 0
    direction = 3 - direction
  } else if (((s[BRICKS + y] >> x) & 1) === 1) {
    inWall = true
    if (s[STRIKE] === 0) {
      reward = 1
      s[STRIKE] = 1
      s[BRICKS + y] = s[BRICKS + y] & ~(1 << x)
      y = fromY
      direction = 3 - direction
    }
  } else if (y === 9) {
    let left = 0
    for (let row = 0; row < 10; row++) left = left | s[BRICKS + row]
    if (left === 0) fillWall(s)
    if (fromX === s[PADDLE]) {
      direction = 3 - direction
      y = fromY
    } else if (x === s[PADDLE]) {
      direction = direction ^ 2
      y = fromY
    } else s[TERMINAL] = 1
  }
  if (!inWall) s[STRIKE] = 0
  s[BALL_X] = x
  s[BALL_Y] = y
  s[DIRECTION] = direction
  return reward
}

/** Channels: paddle, ball, trail, brick. */
export function observeBreakout(s: Words, obs: Bytes): void {
  for (let row = 1; row <= 3; row++) {
    const bricks = s[BRICKS + row]
    for (let x = 0; x < 10; x++) obs[(row * 10 + x) * 4 + 3] = (bricks >> x) & 1
  }
  obs[(90 + s[PADDLE]) * 4] = 1
  obs[(s[BALL_Y] * 10 + s[BALL_X]) * 4 + 1] = 1
  obs[(s[LAST_Y] * 10 + s[LAST_X]) * 4 + 2] = 1
}
