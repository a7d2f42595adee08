/**
 * Freeway: cross eight lanes of cars, each with a speed and a direction of its own, drawn anew after each crossing. Reward 1 a crossing; a
 * car that hits the player throws it back to the bottom. Ends after 2,500 steps.
 */
const TERMINAL = 0
const PLAYER_Y = 1
const MOVE_TIMER = 2
const STEPS_LEFT = 3
/** From here on the lanes 1 to 8: column, steps to the next move, steps between moves with the sign of the direction. */
const CARS = 4
const WORDS_EACH = 3
const LANES = 8

const PLAYER_SPEED = 3
const STEPS = 2500
/** The player's column. */
const COLUMN = 4

function drawCars(s: Words, draws: Draws): void {
  for (let lane = 0; lane < LANES; lane++) s[CARS + lane * WORDS_EACH + 1] = draws.randint(1, 6)
  for (let lane = 0; lane < LANES; lane++) {
    const at = CARS + lane * WORDS_EACH
    s[at + 2] = draws.random() < 0.5 ? -s[at + 1] : s[at + 1]
  }
}

export function resetFreeway(s: Words, draws: Draws): void {
  for (let lane = 0; lane < LANES; lane++) s[CARS + lane * WORDS_EACH] = 0
  drawCars(s, draws)
  s[TERMINAL] = 0
  s[PLAYER_Y] = 9
  s[MOVE_TIMER] = PLAYER_SPEED
  s[STEPS_LEFT] = STEPS
}

/** Plays one step and gives the reward. @param action 2 up, 4 down, others nothing */
export function actFreeway(s: Words, action: i32, draws: Draws): i32 {
  let reward = 0
  if (action === 2 && s[MOVE_TIMER] === 0) {
    s[MOVE_TIMER] = PLAYER_SPEED
    s[PLAYER_Y] = s[PLAYER_Y] > 0 ? s[PLAYER_Y] - 1 : 0
  } else if (action === 4 && s[MOVE_TIMER] === 0) {
    s[MOVE_TIMER] = PLAYER_SPEED
    s[PLAYER_Y] = s[PLAYER_Y] < 9 ? s[PLAYER_Y] + 1 : 9
  }
  if (s[PLAYER_Y] === 0) {
    reward = 1
    drawCars(s, draws)
    s[PLAYER_Y] = 9
  }
  for (let lane = 0; lane < LANES; lane++) {
    const at = CARS + lane * WORDS_EACH
    if (s[at] === COLUMN && lane + 1 === s[PLAYER_Y]) s[PLAYER_Y] = 9
    if (s[at + 1] !== 0) {
      s[at + 1] = s[at + 1] - 1
      continue
    }
    const speed = s[at + 2]
    s[at + 1] = speed > 0 ? speed : -speed
    let x = speed > 0 ? s[at] + 1 : s[at] - 1
    if (x < 0) x = 9
    else if (x > 9) x = 0
    s[at] = x
    if (x === COLUMN && lane + 1 === s[PLAYER_Y]) s[PLAYER_Y] = 9
  }
  if (s[MOVE_TIMER] > 0) s[MOVE_TIMER] = s[MOVE_TIMER] - 1
  s[STEPS_LEFT] = s[STEPS_LEFT] - 1
  if (s[STEPS_LEFT] < 0) s[TERMINAL] = 1
  return reward
}

/** Channels: chicken, car, and a trail for each of the five speeds. */
export function observeFreeway(s: Words, obs: Bytes): void {
  obs[(s[PLAYER_Y] * 10 + COLUMN) * 7] = 1
  for (let lane = 0; lane < LANES; lane++) {
    const at = CARS + lane * WORDS_EACH
    const left = (lane + 1) * 10
    const x = s[at]
    const speed = s[at + 2]
    obs[(left + x) * 7 + 1] = 1
    let back = speed > 0 ? x - 1 : x + 1
    if (back < 0) back = 9
    else if (back > 9) back = 0
    obs[(left + back) * 7 + 1 + (speed > 0 ? speed : -speed)] = 1
  }
}
