import { checkResetOptions, Env, type EnvMetadata, type Info, type RenderFrame, type ResetOptions, type StepResult } from '../env.js'
import { InvalidAction, InvalidKwargs, ResetNeeded } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { rasterized } from '../rendering/raster.js'
import { shown } from '../shown.js'
import { Box, Discrete } from '../spaces/index.js'
import { tMazeDrawing, tMazeText } from './t-maze-drawing.js'

export interface TMazeOptions {
  /** Steps from the start to the junction; 10 unless told. */
  corridorLength?: number
  renderMode?: string | null
}

const LONGEST = 10_000
const [NORTH, EAST, SOUTH] = [0, 1, 2]
const ACTIONS = 4
const FOUND = 4
const MISSED = -0.1

/** What is seen at the start (the goal lies north, or south), in the corridor and at the junction. */
const SIGNS = { north: [0, 1, 1], south: [1, 1, 0], corridor: [1, 0, 1], junction: [0, 1, 0] } as const

/**
 * The T-maze of Bakker, "Reinforcement Learning with Long Short-Term Memory" (2001): a sign at the start of a corridor tells whether to turn
 * north or south at its end, and is not seen again. Whoever forgets it can do no better than 1.95 on average; remembering gives 4.
 *
 * Actions: 0 north, 1 east, 2 south, 3 west. Observation: three numbers of 0 and 1. Reward 4 for the right turn, −0.1 for the wrong one and
 * for walking against a wall, 0 otherwise; terminated after the turn. Infos: none, they would give it away. `make` adds a time limit.
 */
export class TMazeEnv extends Env<Float32Array, number> {
  override readonly actionSpace = new Discrete(ACTIONS)
  override readonly observationSpace = new Box(0, 1, { shape: [3] })
  override metadata: EnvMetadata = {
    renderModes: ['rgb_array', 'ansi'],
    renderFps: 8,
    keysToAction: { ArrowUp: 0, ArrowRight: 1, ArrowDown: 2, ArrowLeft: 3 },
  }
  private at = -1
  private goalIsNorth = false
  readonly #length: number

  /** @throws InvalidKwargs */
  constructor(options: TMazeOptions = {}) {
    super()
    checkKwargs('TMaze', options, ['corridorLength', 'renderMode'])
    const { corridorLength = 10 } = options
    if (!(Number.isInteger(corridorLength) && corridorLength >= 1 && corridorLength <= LONGEST)) {
      throw new InvalidKwargs(`corridorLength of TMaze is a whole number from 1 to ${LONGEST}, got ${shown(corridorLength)}`)
    }
    this.#length = corridorLength
    this.renderMode = options.renderMode ?? null
  }

  override reset(given: ResetOptions = {}): [Float32Array, Info] {
    checkResetOptions(given)
    this.seedRandom(given.seed)
    this.goalIsNorth = this.npRandom.integers(2) === 0
    this.at = 0
    return [this.#observe(), {}]
  }

  /** @throws InvalidAction, ResetNeeded */
  override step(action: number): StepResult<Float32Array> {
    if (this.at < 0) throw new ResetNeeded('cannot step before reset; call env.reset() first')
    if (!this.actionSpace.contains(action)) {
      throw new InvalidAction(`TMaze has the actions 0 (north), 1 (east), 2 (south) and 3 (west), got ${shown(action)}`)
    }
    const atJunction = this.at === this.#length
    if (atJunction && (action === NORTH || action === SOUTH)) {
      const found = (action === NORTH) === this.goalIsNorth
      return [this.#observe(), found ? FOUND : MISSED, true, false, {}]
    }
    const next = action === EAST ? this.at + 1 : action === NORTH || action === SOUTH ? -1 : this.at - 1
    const blocked = next < 0 || next > this.#length
    if (!blocked) this.at = next
    return [this.#observe(), blocked ? MISSED : 0, false, false, {}]
  }

  #observe(): Float32Array {
    if (this.at === 0) return Float32Array.from(this.goalIsNorth ? SIGNS.north : SIGNS.south)
    return Float32Array.from(this.at === this.#length ? SIGNS.junction : SIGNS.corridor)
  }

  override render(): RenderFrame | null {
    if (this.renderMode === null || this.at < 0) return null
    return this.renderMode === 'ansi' ? tMazeText(this.at, this.#length, this.goalIsNorth) : rasterized(this.drawing()!)
  }

  override drawing(): Drawing | null {
    return this.at < 0 ? null : tMazeDrawing(this.at, this.#length, this.goalIsNorth)
  }
}
