/** The town of Taxi in text and as a drawing. */
import type { Canvas, Color, Drawing, Point } from '../rendering/canvas.js'
import { rectangle } from '../rendering/shapes.js'
import { decodeTaxi, IN_TAXI, PLACES, TAXI_MAP } from './taxi-grid.js'
import { colorized } from './terminal-colors.js'

/** The map with the taxi, the passenger in blue, the destination in magenta, and the last action in words. @param action null before the first step */
export function taxiText(state: number, action: string | null): string {
  const { row, col, passenger, destination } = decodeTaxi(state)
  const out = TAXI_MAP.map((line) => Array.from(line))
  const paint = (r: number, c: number, how: (text: string) => string) => {
    out[1 + r]![2 * c + 1] = how(out[1 + r]![2 * c + 1]!)
  }
  if (passenger < IN_TAXI) {
    paint(row, col, (text) => colorized(text, 'yellow', { highlight: true }))
    const [r, c] = PLACES[passenger]!
    paint(r, c, (text) => colorized(text, 'blue', { bold: true }))
  } else paint(row, col, (text) => colorized(text === ' ' ? '_' : text, 'green', { highlight: true }))
  const [r, c] = PLACES[destination]!
  paint(r, c, (text) => colorized(text, 'magenta'))
  return `${out.map((line) => line.join('')).join('\n')}\n${action === null ? '' : `  (${action})`}\n`
}

const WIDTH = 536
const HEIGHT = 456
const LEFT = 48
const TOP = 128
const CELL_WIDTH = 88
const CELL_HEIGHT = 56
const PAPER: Color = [250, 250, 246]
const STREET: Color = [200, 200, 200]
const WALL: Color = [90, 80, 80]
const PLACE_COLORS: readonly Color[] = [
  [230, 90, 80],
  [90, 190, 100],
  [230, 200, 80],
  [90, 130, 220],
]
const TAXI: Color = [250, 190, 20]
const FULL: Color = [60, 160, 70]
const PERSON: Color = [40, 40, 60]
const TARGET: Color = [170, 60, 160]

export function taxiDrawing(state: number): Drawing {
  return { width: WIDTH, height: HEIGHT, background: PAPER, paint: (canvas) => paint(canvas, state) }
}

/** The bottom left corner of a cell. */
const corner = (row: number, col: number): Point => [LEFT + col * CELL_WIDTH, HEIGHT - TOP - (row + 1) * CELL_HEIGHT]

function paint(canvas: Canvas, state: number): void {
  const { row, col, passenger, destination } = decodeTaxi(state)
  const [left, bottom] = corner(4, 0)
  canvas.polygon(rectangle(left - 6, bottom - 6, 5 * CELL_WIDTH + 12, 5 * CELL_HEIGHT + 12), WALL)
  canvas.polygon(rectangle(left, bottom, 5 * CELL_WIDTH, 5 * CELL_HEIGHT), STREET)
  for (const [i, [r, c]] of PLACES.entries()) {
    const [x, y] = corner(r, c)
    canvas.polygon(rectangle(x + 2, y + 2, CELL_WIDTH - 4, CELL_HEIGHT - 4), PLACE_COLORS[i]!)
    if (i !== destination) continue
    canvas.line([x + 10, y + 10], [x + CELL_WIDTH - 10, y + CELL_HEIGHT - 10], 5, TARGET)
    canvas.line([x + 10, y + CELL_HEIGHT - 10], [x + CELL_WIDTH - 10, y + 10], 5, TARGET)
  }
  for (let r = 0; r < 5; r++) {
    for (let c = 0; c < 4; c++) {
      const [x, y] = corner(r, c + 1)
      if (TAXI_MAP[1 + r]![2 * c + 2] === '|') canvas.line([x, y], [x, y + CELL_HEIGHT], 6, WALL)
    }
  }
  const [x, y] = corner(row, col)
  canvas.polygon(rectangle(x + 15, y + 16, CELL_WIDTH - 30, 20), passenger === IN_TAXI ? FULL : TAXI)
  canvas.polygon(rectangle(x + 28, y + 34, CELL_WIDTH - 56, 12), passenger === IN_TAXI ? FULL : TAXI)
  for (const wheel of [28, CELL_WIDTH - 28]) canvas.disc([x + wheel, y + 14], 8, WALL)
  if (passenger < IN_TAXI) {
    const [placeRow, placeCol] = PLACES[passenger]!
    const [px, py] = corner(placeRow, placeCol)
    canvas.disc([px + CELL_WIDTH / 2, py + 38], 8, PERSON)
    canvas.polygon(rectangle(px + CELL_WIDTH / 2 - 8, py + 8, 16, 22), PERSON)
  }
}
