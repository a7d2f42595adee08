/** A frozen lake in text and as a drawing. */
import type { Canvas, Color, Drawing } from '../rendering/canvas.js'
import { rectangle } from '../rendering/shapes.js'
import { colorized } from './terminal-colors.js'

/** The last action in words, then the map with the walker's tile on red. @param action null before the first step */
export function frozenLakeText(desc: readonly string[], state: number, action: string | null): string {
  const cols = desc[0]!.length
  const tiles = Array.from(desc.join(''))
  tiles[state] = colorized(tiles[state]!, 'red', { highlight: true })
  const rows = desc.map((_, row) => tiles.slice(row * cols, (row + 1) * cols).join(''))
  return `${action === null ? '' : `  (${action})`}\n${rows.join('\n')}\n`
}

const CELL = 64
const MOST = 512
const ICE: Color = [220, 236, 250]
const EDGE: Color = [180, 200, 230]
const WATER: Color = [70, 110, 170]
const START: Color = [190, 214, 238]
const POLE: Color = [70, 70, 70]
const FLAG: Color = [204, 60, 60]
const WALKER: Color = [40, 120, 60]

export function frozenLakeDrawing(desc: readonly string[], state: number): Drawing {
  const cols = desc[0]!.length
  const width = Math.min(CELL * cols, MOST)
  const height = Math.min(CELL * desc.length, MOST)
  return { width, height, background: EDGE, paint: (canvas) => paint(canvas, desc, state) }
}

function paint(canvas: Canvas, desc: readonly string[], state: number): void {
  const cols = desc[0]!.length
  const w = Math.floor(canvas.width / cols)
  const h = Math.floor(canvas.height / desc.length)
  for (const [at, tile] of Array.from(desc.join('')).entries()) {
    const x = (at % cols) * w
    const y = canvas.height - (Math.floor(at / cols) + 1) * h
    canvas.polygon(rectangle(x + 0.5, y + 0.5, w - 1, h - 1), tile === 'S' ? START : ICE)
    const side = Math.min(w, h)
    if (tile === 'H') canvas.disc([x + w / 2, y + h / 2], 0.36 * side, WATER)
    if (tile === 'G') {
      canvas.polygon(rectangle(x + 0.45 * w, y + 0.15 * h, 0.06 * w, 0.7 * h), POLE)
      canvas.polygon(
        [
          [x + 0.51 * w, y + 0.85 * h],
          [x + 0.51 * w, y + 0.55 * h],
          [x + 0.85 * w, y + 0.7 * h],
        ],
        FLAG,
      )
    }
    // Of who fell into a hole only the head is above the water.
    if (at === state) canvas.disc([x + w / 2, y + h / 2], (tile === 'H' ? 0.12 : 0.25) * side, WALKER)
  }
}
