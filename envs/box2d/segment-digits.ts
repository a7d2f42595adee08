/** Numbers of seven segments: a canvas has no letters. */
import type { Canvas, Point } from '../rendering/canvas.js'

/** Ends of the segments in a digit of width and height 1: top, upper left, upper right, middle, lower left, lower right, bottom. */
const SEGMENTS: readonly [Point, Point][] = [
  [
    [0, 1],
    [1, 1],
  ],
  [
    [0, 0.5],
    [0, 1],
  ],
  [
    [1, 0.5],
    [1, 1],
  ],
  [
    [0, 0.5],
    [1, 0.5],
  ],
  [
    [0, 0],
    [0, 0.5],
  ],
  [
    [1, 0],
    [1, 0.5],
  ],
  [
    [0, 0],
    [1, 0],
  ],
]
const LIT: Record<string, readonly number[]> = {
  '0': [0, 1, 2, 4, 5, 6],
  '1': [2, 5],
  '2': [0, 2, 3, 4, 6],
  '3': [0, 2, 3, 5, 6],
  '4': [1, 2, 3, 5],
  '5': [0, 1, 3, 5, 6],
  '6': [0, 1, 3, 4, 5, 6],
  '7': [0, 2, 5],
  '8': [0, 1, 2, 3, 4, 5, 6],
  '9': [0, 1, 2, 3, 5, 6],
  '-': [3],
}
const WHITE = [255, 255, 255] as const

/** @param width that each digit takes, its gap included; all in pixels */
export function paintNumber(canvas: Canvas, text: string, left: number, bottom: number, width: number, height: number): void {
  for (const [i, letter] of Array.from(text).entries()) {
    const at = ([x, y]: Point): Point => [left + i * width + 0.65 * width * x, bottom + height * y]
    for (const segment of LIT[letter] ?? [])
      canvas.line(at(SEGMENTS[segment]![0]), at(SEGMENTS[segment]![1]), Math.max(0.6, width / 8), WHITE)
  }
}
