import type { Point } from './canvas.js'

/** The corners of an upright rectangle. @param x left @param y bottom */
export function rectangle(x: number, y: number, width: number, height: number): Point[] {
  return [
    [x, y],
    [x, y + height],
    [x + width, y + height],
    [x + width, y],
  ]
}
