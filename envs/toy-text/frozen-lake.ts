import type { EnvMetadata } from '../env.js'
import { InvalidKwargs } from '../errors.js'
import { checkFlags, checkKwargs } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { shown } from '../shown.js'
import { checkMap, FROZEN_LAKE_MAPS, generateRandomMap } from './frozen-lake-maps.js'
import { frozenLakeDrawing, frozenLakeText } from './frozen-lake-render.js'
import { TabularEnv } from './tabular-env.js'
import { lastMade, type Outcome, TransitionTable } from './transition-table.js'

export interface FrozenLakeOptions {
  /** Rows of S (start), F (frozen), H (hole) and G (goal); instead of `mapName`. */
  desc?: readonly string[] | null
  /** '4x4' unless told; null without a `desc` draws a map. */
  mapName?: keyof typeof FROZEN_LAKE_MAPS | null
  /** Whether a step may go to either side instead; true unless told. */
  isSlippery?: boolean
  /** How likely a step on slippery ice goes where it should; 1/3 unless told. */
  successRate?: number
  /** Rewards for reaching the goal, a hole, and frozen ice; [1, 0, 0] unless told. */
  rewardSchedule?: readonly [goal: number, hole: number, frozen: number]
  renderMode?: string | null
}

const OPTIONS = ['desc', 'mapName', 'isSlippery', 'successRate', 'rewardSchedule', 'renderMode']
const FROZEN_LAKE_ACTIONS = ['Left', 'Down', 'Right', 'Up']
export const FROZEN_LAKE_METADATA: EnvMetadata = { renderModes: ['ansi', 'rgb_array'], renderFps: 4 }

/**
 * FrozenLake: cross the ice to the goal, not into a hole. Observation: row · columns + column. Reward 1 at the goal. `make` adds the time
 * limit.
 */
export class FrozenLakeEnv extends TabularEnv {
  override metadata: EnvMetadata = { ...FROZEN_LAKE_METADATA, keysToAction: { ArrowLeft: 0, ArrowDown: 1, ArrowRight: 2, ArrowUp: 3 } }
  /** The map, a row a string. */
  readonly desc: readonly string[]

  /** @throws InvalidKwargs for an option it does not have, or a map that is none */
  constructor(options: FrozenLakeOptions = {}) {
    const { desc, table } = frozenLake(options)
    super('FrozenLake', table, FROZEN_LAKE_ACTIONS)
    this.desc = desc
    this.renderMode = options.renderMode ?? null
  }

  override drawing(): Drawing | null {
    return this.s < 0 ? null : frozenLakeDrawing(this.desc, this.s)
  }

  protected override text(): string {
    return frozenLakeText(this.desc, this.s, this.lastAction === null ? null : this.meanings[this.lastAction]!)
  }

  protected override saveOwn(): Record<string, unknown> {
    // A drawn map belongs to the object; the state only to this map.
    return { ...super.saveOwn(), desc: [...this.desc] }
  }

  protected override loadOwn({ desc, ...own }: Record<string, unknown>): void {
    if (String(desc) !== String(this.desc))
      throw new InvalidKwargs(`the state is of another map, ${shown(desc)}; make the environment with { desc } of that map`)
    super.loadOwn(own)
  }
}

/** The map and the table that the options ask for. @throws InvalidKwargs */
export function frozenLake(options: FrozenLakeOptions): { desc: readonly string[]; table: TransitionTable } {
  checkKwargs('FrozenLake', options, OPTIONS)
  const { isSlippery = true, successRate = 1 / 3, rewardSchedule = [1, 0, 0] } = options
  checkFlags('FrozenLake', { isSlippery })
  const desc = mapOf(options)
  if (!(typeof successRate === 'number' && successRate >= 0 && successRate <= 1))
    throw new InvalidKwargs(`successRate is a probability, from 0 to 1, got ${shown(successRate)}`)
  if (!Array.isArray(rewardSchedule) || rewardSchedule.length !== 3 || !rewardSchedule.every(Number.isFinite))
    throw new InvalidKwargs(`rewardSchedule is three numbers, for goal, hole and frozen, got ${shown(rewardSchedule)}`)
  return { desc, table: tableOf(JSON.stringify([desc, isSlippery, successRate, rewardSchedule])) }
}

function mapOf({ desc = null, mapName = '4x4' }: FrozenLakeOptions): readonly string[] {
  if (desc !== null) {
    checkMap(desc)
    return desc
  }
  if (mapName === null) return generateRandomMap()
  const known = Object.keys(FROZEN_LAKE_MAPS)
  if (!known.includes(mapName)) throw new InvalidKwargs(`mapName is one of ${known.join(', ')}, or null to draw one, got ${shown(mapName)}`)
  return FROZEN_LAKE_MAPS[mapName]
}

const tableOf = lastMade((key) => makeTable(...(JSON.parse(key) as [string[], boolean, number, number[]])))

function makeTable(desc: readonly string[], slippery: boolean, successRate: number, rewards: readonly number[]): TransitionTable {
  const rows = desc.length
  const cols = desc[0]!.length
  const tiles = desc.join('')
  const failRate = (1 - successRate) / 2
  const moved = (state: number, direction: number): number => {
    const row = Math.floor(state / cols)
    const col = state % cols
    if (direction === 0) return row * cols + Math.max(col - 1, 0)
    if (direction === 1) return Math.min(row + 1, rows - 1) * cols + col
    if (direction === 2) return row * cols + Math.min(col + 1, cols - 1)
    return Math.max(row - 1, 0) * cols + col
  }
  const outcome = (state: number, direction: number, probability: number): Outcome => {
    const next = moved(state, direction)
    const tile = tiles[next]!
    return [probability, next, rewards[tile === 'G' ? 0 : tile === 'H' ? 1 : 2]!, tile === 'G' || tile === 'H']
  }
  const outcomes = (state: number, action: number): Outcome[] => {
    if (tiles[state] === 'G' || tiles[state] === 'H') return [[1, state, 0, true]]
    if (!slippery) return [outcome(state, action, 1)]
    return [(action + 3) % 4, action, (action + 1) % 4].map((b) => outcome(state, b, b === action ? successRate : failRate))
  }
  return new TransitionTable(
    rows * cols,
    4,
    outcomes,
    Array.from(tiles, (tile) => (tile === 'S' ? 1 : 0)),
  )
}
