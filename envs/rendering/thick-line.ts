import type { Point } from './canvas.js'

/** The four corners of a line so many pixels wide. */
export function thickLine([x0, y0]: Point, [x1, y1]: Point, width: number): Point[] {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1
  const dx = ((y0 - y1) / length) * (width / 2)
  const dy = ((x1 - x0) / length) * (width / 2)
  return [
    [x0 + dx, y0 + dy],
    [x1 + dx, y1 + dy],
    [x1 - dx, y1 - dy],
    [x0 - dx, y0 - dy],
  ]
}
