/** The town of Taxi: 5 × 5 cells with walls, four places. A state is ((row · 5 + column) · 5 + passenger) · 4 + destination. */
import type { Outcome } from './transition-table.js'

/** `|` between cells is a wall, `:` none. */
export const TAXI_MAP = ['+---------+', '|R: | : :G|', '| : | : : |', '| : : : : |', '| | : | : |', '|Y| : |B: |', '+---------+']

/** Row and column of red, green, yellow and blue. */
export const PLACES = [
  [0, 0],
  [0, 4],
  [4, 0],
  [4, 3],
] as const
/** As the passenger's place: in the taxi. */
export const IN_TAXI = 4

const SIDE = 5
export const TAXI_STATES = SIDE * SIDE * 5 * 4
export const TAXI_ACTIONS = ['South', 'North', 'East', 'West', 'Pickup', 'Dropoff']

export interface Town {
  row: number
  col: number
  passenger: number
  destination: number
}

export function encodeTaxi({ row, col, passenger, destination }: Town): number {
  return ((row * SIDE + col) * SIDE + passenger) * 4 + destination
}

export function decodeTaxi(state: number): Town {
  const cell = Math.floor(state / 20)
  return { row: Math.floor(cell / SIDE), col: cell % SIDE, passenger: Math.floor(state / 4) % SIDE, destination: state % 4 }
}

const placeAt = (row: number, col: number) => PLACES.findIndex(([r, c]) => r === row && c === col)
const openEast = (row: number, col: number) => TAXI_MAP[1 + row]![2 * col + 2] === ':'
const openWest = (row: number, col: number) => TAXI_MAP[1 + row]![2 * col] === ':'

/** South, north, east, west. */
function canMove(row: number, col: number, action: number): boolean {
  if (action === 0) return row < SIDE - 1
  if (action === 1) return row > 0
  return action === 2 ? openEast(row, col) : openWest(row, col)
}

/** 1 for each action that changes something in the state. */
export function taxiActionMask(state: number): Int8Array {
  const { row, col, passenger } = decodeTaxi(state)
  const mask = new Int8Array(TAXI_ACTIONS.length)
  for (let action = 0; action < 4; action++) mask[action] = canMove(row, col, action) ? 1 : 0
  const place = placeAt(row, col)
  mask[4] = passenger < IN_TAXI && place === passenger ? 1 : 0
  mask[5] = passenger === IN_TAXI && place >= 0 ? 1 : 0
  return mask
}

const MOVES = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const
/** Left and right of each direction. */
const LATERAL = [
  [2, 3],
  [3, 2],
  [1, 0],
  [0, 1],
] as const

/** What may come of an action. @param rainy how likely a move goes where it should, null where it always does */
export function taxiOutcomes(state: number, action: number, rainy: number | null): Outcome[] {
  const town = decodeTaxi(state)
  if (action >= 4) return [action === 4 ? pickup(town) : dropoff(town)]
  const moved = (direction: number): number => {
    const [down, right] = canMove(town.row, town.col, direction) ? MOVES[direction]! : [0, 0]
    return encodeTaxi({ ...town, row: town.row + down, col: town.col + right })
  }
  if (rainy === null) return [[1, moved(action), -1, false]]
  // Where the way ahead is closed, the taxi does not drift either.
  const free = canMove(town.row, town.col, action)
  const aside = (1 - rainy) / 2
  const [left, right] = LATERAL[action]!.map((direction) => (free ? moved(direction) : state))
  return [
    [rainy, moved(action), -1, false],
    [aside, left!, -1, false],
    [aside, right!, -1, false],
  ]
}

function pickup(town: Town): Outcome {
  const here = town.passenger < IN_TAXI && placeAt(town.row, town.col) === town.passenger
  return here ? [1, encodeTaxi({ ...town, passenger: IN_TAXI }), -1, false] : [1, encodeTaxi(town), -10, false]
}

function dropoff(town: Town): Outcome {
  const place = placeAt(town.row, town.col)
  if (town.passenger !== IN_TAXI || place < 0) return [1, encodeTaxi(town), -10, false]
  const arrived = place === town.destination
  return [1, encodeTaxi({ ...town, passenger: place }), arrived ? 20 : -1, arrived]
}
