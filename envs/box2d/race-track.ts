/** A closed track of CarRacing: a path steered through twelve random checkpoints around the origin, drawn in Gymnasium's order. */
import type { Point } from '../rendering/canvas.js'
import type { RandomGenerator } from '../seeding.js'

const SCALE = 6
const RADIUS = 900 / SCALE
const DETAIL_STEP = 21 / SCALE
const TURN_RATE = 0.31
const WIDTH = 40 / SCALE
const BORDER = 8 / SCALE
/** A border is drawn where the track turns one way over so many steps. */
const BORDER_MIN_COUNT = 4
const CHECKPOINTS = 12
/** Steps after which a path that closes nowhere is given up. */
const MOST_STEPS = 2500

const TURN = 2 * Math.PI

/** Angle around the origin, heading (both rad) and place (m). */
type TrackPoint = readonly [alpha: number, beta: number, x: number, y: number]

interface Checkpoint {
  alpha: number
  x: number
  y: number
}

export interface RaceTrack {
  points: TrackPoint[]
  /** Corners of each tile, from the point to the one before it. */
  tiles: Point[][]
  /** Red and white kerbs; `red` alternates. */
  kerbs: { corners: Point[]; red: boolean }[]
}

/** One attempt. Gives null where the path does not close; then draw again. */
export function drawTrack(draws: RandomGenerator): RaceTrack | null {
  const points = closedLoop(steer(drawCheckpoints(draws)))
  if (points === null) return null
  const tiles = points.map((point, i) => tile(point, points.at(i - 1)!, -WIDTH, WIDTH))
  const kerbs = hardTurns(points).flatMap((hard, i) => {
    if (!hard) return []
    const [point, before] = [points[i]!, points.at(i - 1)!]
    const side = Math.sign(before[1] - point[1])
    return [{ corners: tile(point, before, side * WIDTH, side * (WIDTH + BORDER)), red: i % 2 === 1 }]
  })
  return { points, tiles, kerbs }
}

function drawCheckpoints(draws: RandomGenerator): Checkpoint[] {
  return Array.from({ length: CHECKPOINTS }, (_, c) => {
    const noise = draws.uniform(0, (TURN * 1) / CHECKPOINTS)
    let alpha = (TURN * c) / CHECKPOINTS + noise
    let radius = draws.uniform(RADIUS / 3, RADIUS)
    if (c === 0) {
      alpha = 0
      radius = 1.5 * RADIUS
    }
    if (c === CHECKPOINTS - 1) {
      alpha = (TURN * c) / CHECKPOINTS
      radius = 1.5 * RADIUS
    }
    return { alpha, x: radius * Math.cos(alpha), y: radius * Math.sin(alpha) }
  })
}

/** Drives around, turning towards the next checkpoint with a limited rate, for five laps or until it is hopeless. */
function steer(checkpoints: readonly Checkpoint[]): TrackPoint[] {
  let [x, y, beta] = [1.5 * RADIUS, 0, 0]
  let next = 0
  let laps = 0
  let beyond = false
  const path: TrackPoint[] = []
  for (let step = 0; step < MOST_STEPS; step++) {
    let alpha = Math.atan2(y, x)
    if (beyond && alpha > 0) {
      laps++
      beyond = false
    }
    if (alpha < 0) {
      beyond = true
      alpha += TURN
    }
    let target = checkpoints[next % CHECKPOINTS]!
    while (alpha > target.alpha) {
      // Past the last checkpoint the search begins again, one turn back.
      if (++next % CHECKPOINTS === 0) alpha -= TURN
      target = checkpoints[next % CHECKPOINTS]!
    }
    const [cos, sin] = [Math.cos(beta), Math.sin(beta)]
    const across = (cos * (target.x - x) + sin * (target.y - y)) * SCALE
    while (beta - alpha > 1.5 * Math.PI) beta -= TURN
    while (beta - alpha < -1.5 * Math.PI) beta += TURN
    const before = beta
    const turn = Math.min(TURN_RATE, Math.abs(0.001 * across))
    if (across > 0.3) beta -= turn
    if (across < -0.3) beta += turn
    x += -sin * DETAIL_STEP
    y += cos * DETAIL_STEP
    path.push([alpha, before * 0.5 + beta * 0.5, x, y])
    if (laps > 4) break
  }
  return path
}

/** The last whole lap, if its ends meet. */
function closedLoop(path: readonly TrackPoint[]): TrackPoint[] | null {
  const start = (TURN * -0.5) / CHECKPOINTS
  let [first, last] = [-1, -1]
  for (let i = path.length - 1; first === -1; i--) {
    if (i === 0) return null
    if (!(path[i]![0] > start && path[i - 1]![0] <= start)) continue
    if (last === -1) last = i
    else first = i
  }
  const loop = path.slice(first, last - 1)
  const [, beta, x, y] = loop[0]!
  const [, , endX, endY] = loop.at(-1)!
  const gapX = Math.cos(beta) * (x - endX)
  const gapY = Math.sin(beta) * (y - endY)
  return Math.sqrt(gapX * gapX + gapY * gapY) > DETAIL_STEP ? null : loop
}

function hardTurns(points: readonly TrackPoint[]): boolean[] {
  const hard = points.map((_, i) => {
    let sharp = true
    let oneSide = 0
    for (let back = 0; back < BORDER_MIN_COUNT; back++) {
      const turn = points.at(i - back)![1] - points.at(i - back - 1)![1]
      sharp &&= Math.abs(turn) > TURN_RATE * 0.2
      oneSide += Math.sign(turn)
    }
    return sharp && Math.abs(oneSide) === BORDER_MIN_COUNT
  })
  // A kerb begins before its turn; one that was lengthened lengthens none.
  for (let i = 0; i < points.length; i++) {
    if (!hard[i]) continue
    for (let back = 0; back < BORDER_MIN_COUNT; back++) hard[(i - back + points.length) % points.length] = true
  }
  return hard
}

/** Four corners between two points, from `inner` to `outer` metres across. */
function tile([, beta1, x1, y1]: TrackPoint, [, beta2, x2, y2]: TrackPoint, inner: number, outer: number): Point[] {
  const at = (x: number, y: number, beta: number, across: number): Point => [x + across * Math.cos(beta), y + across * Math.sin(beta)]
  return [at(x1, y1, beta1, inner), at(x1, y1, beta1, outer), at(x2, y2, beta2, outer), at(x2, y2, beta2, inner)]
}
