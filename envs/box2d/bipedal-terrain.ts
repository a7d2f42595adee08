/** The ground that the bipedal walker walks on, drawn in Gymnasium's order: grass, and in the hard version stumps, pits and stairs. */
import type { Point } from '../rendering/canvas.js'
import type { RandomGenerator } from '../seeding.js'

/** Pixels a metre. */
export const SCALE = 30
export const TERRAIN_STEP = 14 / SCALE
/** In steps. */
export const TERRAIN_LENGTH = 200
export const TERRAIN_GRASS = 10
export const TERRAIN_STARTPAD = 20
export const VIEW_WIDTH = 600
export const VIEW_HEIGHT = 400
export const TERRAIN_HEIGHT = VIEW_HEIGHT / SCALE / 4

const [GRASS, STUMP, STAIRS, PIT, KINDS] = [0, 1, 2, 3, 4]

export interface Terrain {
  /** Corners of the ground's line, m. */
  xs: number[]
  ys: number[]
  /** What stands on it: four corners each. */
  obstacles: Point[][]
}

export interface Cloud {
  outline: Point[]
  left: number
  right: number
}

/** Draws the ground step by step. A class since each kind of stretch remembers how it began. */
class Ground {
  readonly terrain: Terrain = { xs: [], ys: [], obstacles: [] }
  #kind = GRASS
  /** Whether the stretch begins at this step. */
  #begins = false
  #left = TERRAIN_STARTPAD
  #y = TERRAIN_HEIGHT
  #slope = 0
  #originalY = 0
  #stairs = { steps: 0, width: 0, height: 0 }

  constructor(
    private readonly draws: RandomGenerator,
    private readonly hardcore: boolean,
  ) {}

  step(i: number): void {
    const x = i * TERRAIN_STEP
    this.terrain.xs.push(x)
    if (this.#kind === GRASS && !this.#begins) this.#grass(i)
    else if (this.#kind === STUMP && this.#begins) this.#stump(x)
    else if (this.#kind === STAIRS) this.#begins ? this.#beginStairs(x) : this.#climb()
    else if (this.#kind === PIT) this.#begins ? this.#beginPit(x) : this.#sink()
    this.#begins = false
    this.terrain.ys.push(this.#y)
    if (--this.#left > 0) return
    this.#left = this.draws.integers(TERRAIN_GRASS / 2, TERRAIN_GRASS)
    this.#kind = this.#kind === GRASS && this.hardcore ? this.draws.integers(1, KINDS) : GRASS
    this.#begins = true
  }

  #grass(i: number): void {
    this.#slope = 0.8 * this.#slope + 0.01 * Math.sign(TERRAIN_HEIGHT - this.#y)
    if (i > TERRAIN_STARTPAD) this.#slope += this.draws.uniform(-1, 1) / SCALE
    this.#y += this.#slope
  }

  #stump(x: number): void {
    const y = this.#y
    const size = this.draws.integers(1, 3)
    this.#left = size
    this.#obstacle(x, x + size * TERRAIN_STEP, y, y + size * TERRAIN_STEP)
  }

  #beginStairs(x: number): void {
    const y = this.#y
    const height = this.draws.random() > 0.5 ? 1 : -1
    const width = this.draws.integers(4, 5)
    const steps = this.draws.integers(3, 5)
    this.#stairs = { steps, width, height }
    this.#originalY = y
    for (let s = 0; s < steps; s++) {
      const top = y + s * height * TERRAIN_STEP
      this.#obstacle(x + s * width * TERRAIN_STEP, x + (1 + s) * width * TERRAIN_STEP, top, y + (-1 + s * height) * TERRAIN_STEP)
    }
    this.#left = steps * width
  }

  #climb(): void {
    const { steps, width, height } = this.#stairs
    const n = (steps * width - this.#left - height) / width
    this.#y = this.#originalY + n * height * TERRAIN_STEP
  }

  #beginPit(x: number): void {
    const y = this.#y
    const width = this.draws.integers(3, 5)
    this.#obstacle(x, x + TERRAIN_STEP, y, y - 4 * TERRAIN_STEP)
    this.#obstacle(x + TERRAIN_STEP * width, x + TERRAIN_STEP + TERRAIN_STEP * width, y, y - 4 * TERRAIN_STEP)
    this.#left = width + 2
    this.#originalY = y
  }

  #sink(): void {
    this.#y = this.#left > 1 ? this.#originalY - 4 * TERRAIN_STEP : this.#originalY
  }

  #obstacle(left: number, right: number, y: number, otherY: number): void {
    this.terrain.obstacles.push([
      [left, y],
      [right, y],
      [right, otherY],
      [left, otherY],
    ])
  }
}

export function drawTerrain(draws: RandomGenerator, hardcore: boolean): Terrain {
  const ground = new Ground(draws, hardcore)
  for (let i = 0; i < TERRAIN_LENGTH; i++) ground.step(i)
  return ground.terrain
}

/** Pentagons with ragged corners, above the ground. */
export function drawClouds(draws: RandomGenerator): Cloud[] {
  return Array.from({ length: TERRAIN_LENGTH / 20 }, () => {
    const x = draws.uniform(0, TERRAIN_LENGTH) * TERRAIN_STEP
    const y = ((VIEW_HEIGHT / SCALE) * 3) / 4
    const outline = Array.from({ length: 5 }, (_, a): Point => {
      // Gymnasium's 3.14, not π.
      const turn = (314e-2 * 2 * a) / 5
      const px = x + 15 * TERRAIN_STEP * Math.sin(turn) + draws.uniform(0, 5 * TERRAIN_STEP)
      return [px, y + 5 * TERRAIN_STEP * Math.cos(turn) + draws.uniform(0, 5 * TERRAIN_STEP)]
    })
    const xs = outline.map(([px]) => px)
    return { outline, left: Math.min(...xs), right: Math.max(...xs) }
  })
}
