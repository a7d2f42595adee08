import type { EnvMetadata } from '../env.js'
import { checkFlags, checkKwargs } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { CLIFF_COLS, CLIFF_ROWS, cliffWalkingDrawing, cliffWalkingText, GOAL, isCliff, START } from './cliff-walking-grid.js'
import { TabularEnv } from './tabular-env.js'
import { lastMade, type Outcome, TransitionTable } from './transition-table.js'

export interface CliffWalkingOptions {
  /** Whether a step may go to either side instead, each as likely; false unless told. */
  isSlippery?: boolean
  renderMode?: string | null
}

const CLIFF_WALKING_ACTIONS = ['up', 'right', 'down', 'left']
export const CLIFF_WALKING_METADATA: EnvMetadata = { renderModes: ['rgb_array', 'ansi'], renderFps: 4 }

/**
 * CliffWalking (Sutton and Barto, example 6.6): from the bottom left to the bottom right of 4 × 12 cells, past a cliff. Observation:
 * row · 12 + column. Reward −1 a step; −100 and back to the start for the cliff; terminated at the goal.
 */
export class CliffWalkingEnv extends TabularEnv {
  override metadata: EnvMetadata = { ...CLIFF_WALKING_METADATA, keysToAction: { ArrowUp: 0, ArrowRight: 1, ArrowDown: 2, ArrowLeft: 3 } }

  /** @throws InvalidKwargs for an option it does not have */
  constructor(options: CliffWalkingOptions = {}) {
    super('CliffWalking', cliffWalkingTable(options), CLIFF_WALKING_ACTIONS)
    this.renderMode = options.renderMode ?? null
  }

  override drawing(): Drawing | null {
    return this.s < 0 ? null : cliffWalkingDrawing(this.s)
  }

  protected override text(): string {
    return cliffWalkingText(this.s)
  }
}

/** @throws InvalidKwargs */
export function cliffWalkingTable(options: CliffWalkingOptions): TransitionTable {
  checkKwargs('CliffWalking', options, ['isSlippery', 'renderMode'])
  const { isSlippery = false } = options
  checkFlags('CliffWalking', { isSlippery })
  return tableOf(isSlippery ? 'slippery' : 'dry')
}

const DELTAS = [
  [-1, 0],
  [0, 1],
  [1, 0],
  [0, -1],
] as const

const tableOf = lastMade((key) => {
  const outcomes = (state: number, action: number): Outcome[] => {
    const directions = key === 'slippery' ? [(action + 3) % 4, action, (action + 1) % 4] : [action]
    return directions.map((direction) => outcome(state, direction, 1 / directions.length))
  }
  const states = CLIFF_ROWS * CLIFF_COLS
  return new TransitionTable(
    states,
    DELTAS.length,
    outcomes,
    Array.from({ length: states }, (_, state) => (state === START ? 1 : 0)),
  )
})

function outcome(state: number, direction: number, probability: number): Outcome {
  const [down, right] = DELTAS[direction]!
  const row = Math.min(Math.max(Math.floor(state / CLIFF_COLS) + down, 0), CLIFF_ROWS - 1)
  const col = Math.min(Math.max((state % CLIFF_COLS) + right, 0), CLIFF_COLS - 1)
  const next = row * CLIFF_COLS + col
  return isCliff(next) ? [probability, START, -100, false] : [probability, next, -1, next === GOAL]
}
