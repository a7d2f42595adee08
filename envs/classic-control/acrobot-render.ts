/** Drawing of the two links and of the height to be reached. */
import type { Canvas, Color, Drawing, Point } from '../rendering/canvas.js'

const SIDE = 500
const SCALE = SIDE / 4.4
const CENTRE = SIDE / 2
const WHITE: Color = [255, 255, 255]
const BLACK: Color = [0, 0, 0]
const TURQUOISE: Color = [0, 204, 204]
const YELLOW: Color = [204, 204, 0]

/** @param theta1 angle of the first link from hanging down @param theta2 of the second to the first */
export function acrobotDrawing(theta1: number, theta2: number): Drawing {
  return { width: SIDE, height: SIDE, background: WHITE, paint: (canvas) => paint(canvas, theta1, theta2) }
}

function paint(canvas: Canvas, theta1: number, theta2: number): void {
  const below = ([x, y]: Point, angle: number): Point => [x + SCALE * Math.sin(angle), y - SCALE * Math.cos(angle)]
  const bar: Point = [CENTRE, CENTRE]
  const joint = below(bar, theta1)
  const tip = below(joint, theta1 + theta2)
  canvas.line([0, CENTRE + SCALE], [SIDE, CENTRE + SCALE], 1, BLACK)
  for (const [from, to] of [
    [bar, joint],
    [joint, tip],
  ] as const) {
    canvas.line(from, to, 0.2 * SCALE, TURQUOISE)
    canvas.disc(from, 0.1 * SCALE, YELLOW)
  }
}
