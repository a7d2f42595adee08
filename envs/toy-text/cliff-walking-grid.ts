/** The cells of CliffWalking, in text and as a drawing. */
import type { Canvas, Color, Drawing } from '../rendering/canvas.js'
import { rectangle } from '../rendering/shapes.js'

export const CLIFF_ROWS = 4
export const CLIFF_COLS = 12
export const START = 36
export const GOAL = 47

export const isCliff = (state: number) => state > START && state < GOAL

/** o for ground, C for cliff, T for the goal, x for who walks; a blank line at the end. */
export function cliffWalkingText(state: number): string {
  const mark = (at: number) => (at === state ? 'x' : at === GOAL ? 'T' : isCliff(at) ? 'C' : 'o')
  const row = (r: number) => Array.from({ length: CLIFF_COLS }, (_, c) => mark(r * CLIFF_COLS + c)).join('  ')
  return `${Array.from({ length: CLIFF_ROWS }, (_, r) => `${row(r)}\n`).join('')}\n`
}

const CELL = 64
const GROUND: Color = [176, 190, 106]
const EDGE: Color = [150, 165, 84]
const ROCK: Color = [92, 70, 60]
const DEPTH: Color = [48, 40, 44]
const FLAG: Color = [204, 60, 60]
const POLE: Color = [70, 70, 70]
const WALKER: Color = [40, 90, 180]
const WHITE: Color = [255, 255, 255]

export function cliffWalkingDrawing(state: number): Drawing {
  return { width: CLIFF_COLS * CELL, height: CLIFF_ROWS * CELL, background: WHITE, paint: (canvas) => paint(canvas, state) }
}

function paint(canvas: Canvas, state: number): void {
  for (let at = 0; at < CLIFF_ROWS * CLIFF_COLS; at++) {
    const x = (at % CLIFF_COLS) * CELL
    const y = (CLIFF_ROWS - 1 - Math.floor(at / CLIFF_COLS)) * CELL
    canvas.polygon(rectangle(x, y, CELL, CELL), isCliff(at) ? ROCK : EDGE)
    canvas.polygon(rectangle(x + 1, y + 1, CELL - 2, CELL - (isCliff(at) ? 12 : 2)), isCliff(at) ? DEPTH : GROUND)
    if (at === START) canvas.polygon(rectangle(x + 8, y + 8, CELL - 16, CELL - 16), EDGE)
    if (at === GOAL) {
      canvas.polygon(rectangle(x + 28, y + 10, 4, 44), POLE)
      canvas.polygon(
        [
          [x + 32, y + 54],
          [x + 32, y + 34],
          [x + 54, y + 44],
        ],
        FLAG,
      )
    }
    if (at === state) canvas.disc([x + CELL / 2, y + CELL / 2], CELL / 4, WALKER)
  }
}
