/** FrozenLake, CliffWalking and Taxi by a kernel: the numbers of 'sync'. */
import type { EnvMetadata } from '../env.js'
import { checkFlags, checkKwargs } from '../kwargs.js'
import { type NativeTask, NativeVectorEnv } from '../native/native-vector-env.js'
import { NATIVE_OPTIONS } from '../native/options.js'
import type { Drawing } from '../rendering/canvas.js'
import { rasterized } from '../rendering/raster.js'
import { Discrete, MultiDiscrete } from '../spaces/index.js'
import type { VectorEnvKwargs } from '../vector/vector-env.js'
import { BLACKJACK_METADATA } from './blackjack.js'
import { blackjackDrawing } from './blackjack-render.js'
import { FACES, SUITS } from './blackjack-rules.js'
import { CLIFF_WALKING_METADATA, cliffWalkingTable } from './cliff-walking.js'
import { cliffWalkingDrawing, cliffWalkingText } from './cliff-walking-grid.js'
import { FROZEN_LAKE_METADATA, frozenLake } from './frozen-lake.js'
import { frozenLakeDrawing, frozenLakeText } from './frozen-lake-render.js'
import { masks, TAXI_METADATA, taxi } from './taxi.js'
import { taxiDrawing, taxiText } from './taxi-render.js'
import { MOST_OUTCOMES, type TransitionTable } from './transition-table.js'

/** What the environment's own constructor takes. */
function withoutNative(kwargs: VectorEnvKwargs): Record<string, unknown> {
  return Object.fromEntries(Object.entries(kwargs).filter(([name]) => !(NATIVE_OPTIONS as readonly string[]).includes(name)))
}

interface TabularTask {
  name: string
  metadata: EnvMetadata
  table: TransitionTable
  drawing(state: number): Drawing
  text(state: number): string
  /** A mask of actions for each state. */
  masks?: readonly Int8Array[]
  /** How likely a passenger is fickle. */
  fickle?: number
}

function tabular({ name, metadata, table, drawing, text, masks = [], fickle }: TabularTask): NativeTask {
  const maskedActions = masks[0]?.length ?? 0
  const outcomes = mostOutcomes(table)
  return {
    name,
    kernel: 'tabular',
    metadata,
    observationSpace: new Discrete(table.states),
    actionSpace: new Discrete(table.actions),
    stateColumns: 1,
    resetInterval: [0, 0],
    intervalOf: () => [0, 0],
    params: [table.states, table.actions, outcomes, maskedActions, fickle === undefined ? 0 : 1, fickle ?? 0],
    table: bytesOf(table, outcomes, masks),
    extraBytes: 1,
    tellsProbability: true,
    maskedActions,
    frame: (mode, [state]) => (mode === 'ansi' ? text(state!) : rasterized(drawing(state!))),
  }
}

const ENTRY_BYTES = 32

const mostOutcomes = (table: TransitionTable) =>
  table.cumulative.every((sum, k) => k % MOST_OUTCOMES === 0 || sum === 0) ? 1 : MOST_OUTCOMES

/** As assembly/tabular.ts reads it. */
function bytesOf(table: TransitionTable, outcomes: number, masks: readonly Int8Array[]): Uint8Array {
  const entries = table.states * table.actions * outcomes
  const bytes = new Uint8Array(entries * ENTRY_BYTES + table.states * 8 + masks.length * (masks[0]?.length ?? 0))
  const view = new DataView(bytes.buffer)
  for (let entry = 0; entry < entries; entry++) {
    const from = Math.floor(entry / outcomes) * MOST_OUTCOMES + (entry % outcomes)
    const at = entry * ENTRY_BYTES
    view.setFloat64(at, table.cumulative[from]!, true)
    view.setFloat64(at + 8, table.probability[from]!, true)
    view.setFloat64(at + 16, table.reward[from]!, true)
    view.setInt32(at + 24, table.next[from]!, true)
    view.setInt32(at + 28, table.terminated[from]!, true)
  }
  for (const [state, sum] of table.initial.entries()) view.setFloat64(entries * ENTRY_BYTES + state * 8, sum, true)
  for (const [state, mask] of masks.entries()) bytes.set(mask, entries * ENTRY_BYTES + table.states * 8 + state * mask.length)
  return bytes
}

export class FrozenLakeNative extends NativeVectorEnv<Int32Array> {
  /** @throws InvalidKwargs as FrozenLakeEnv */
  constructor(kwargs: VectorEnvKwargs) {
    const { desc, table } = frozenLake(withoutNative(kwargs))
    super(
      kwargs,
      tabular({
        name: 'FrozenLake',
        metadata: FROZEN_LAKE_METADATA,
        table,
        drawing: (state) => frozenLakeDrawing(desc, state),
        text: (state) => frozenLakeText(desc, state, null),
      }),
    )
  }
}

export class CliffWalkingNative extends NativeVectorEnv<Int32Array> {
  /** @throws InvalidKwargs as CliffWalkingEnv */
  constructor(kwargs: VectorEnvKwargs) {
    const table = cliffWalkingTable(withoutNative(kwargs))
    super(
      kwargs,
      tabular({ name: 'CliffWalking', metadata: CLIFF_WALKING_METADATA, table, drawing: cliffWalkingDrawing, text: cliffWalkingText }),
    )
  }
}

export class TaxiNative extends NativeVectorEnv<Int32Array> {
  /** @throws InvalidKwargs as TaxiEnv */
  constructor(kwargs: VectorEnvKwargs) {
    const { ficklePassenger, fickleProbability, table } = taxi(withoutNative(kwargs))
    const fickle = ficklePassenger ? { fickle: fickleProbability } : {}
    const text = (state: number) => taxiText(state, null)
    super(kwargs, tabular({ name: 'Taxi', metadata: TAXI_METADATA, table, drawing: taxiDrawing, text, masks: masks(), ...fickle }))
  }
}

/** As in assembly/blackjack.ts. */
const BLACKJACK_BYTES = 8

/** Observations are rows of player's sum, dealer's card and usable ace: what a Tuple of three Discretes has, as one array. */
export class BlackjackNative extends NativeVectorEnv<Int32Array> {
  /** @throws InvalidKwargs for an option it does not have */
  constructor(kwargs: VectorEnvKwargs) {
    checkKwargs('Blackjack', kwargs, [...NATIVE_OPTIONS, 'natural', 'sab'])
    const { natural = false, sab = false } = kwargs
    checkFlags('Blackjack', { natural, sab })
    const task: NativeTask = {
      name: 'Blackjack',
      kernel: 'blackjack',
      metadata: BLACKJACK_METADATA,
      observationSpace: new MultiDiscrete([32, 11, 2]),
      actionSpace: new Discrete(2),
      stateColumns: 0,
      resetInterval: [0, 0],
      intervalOf: () => [0, 0],
      params: [sab ? 1 : 0, natural ? 1 : 0],
      extraBytes: BLACKJACK_BYTES,
      frame: (_mode, _state, hands) => rasterized(blackjackDrawing(tableOf(hands))),
    }
    super(kwargs, task)
  }
}

function tableOf([sum, ace, , dealerCard, , , , drawn]: Uint8Array) {
  const usableAce = ace === 1 && sum! + 10 <= 21
  const rank = dealerCard === 1 ? 'A' : dealerCard === 10 ? FACES[drawn! >> 2]! : String(dealerCard)
  return { playerSum: sum! + (usableAce ? 10 : 0), usableAce, dealerCard: dealerCard!, rank, suit: SUITS[drawn! & 3]! }
}
