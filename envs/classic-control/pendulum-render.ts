/** Drawing of a pendulum, its axle, and the torque as an arc with an arrow. */
import type { Canvas, Color, Drawing, Point } from '../rendering/canvas.js'

const SIDE = 500
const SCALE = SIDE / 4.4
const CENTRE = SIDE / 2
const ROD_WIDTH = 0.2 * SCALE
const ARC_STEPS = 24
const ARC = 1.5 * Math.PI
const WHITE: Color = [255, 255, 255]
const RED: Color = [204, 77, 77]
const BLACK: Color = [0, 0, 0]

/** @param theta angle from upright, counterclockwise @param torque the last one, null before the first step */
export function pendulumDrawing(theta: number, torque: number | null): Drawing {
  return { width: SIDE, height: SIDE, background: WHITE, paint: (canvas) => paint(canvas, theta, torque) }
}

function paint(canvas: Canvas, theta: number, torque: number | null): void {
  const end: Point = [CENTRE - SCALE * Math.sin(theta), CENTRE + SCALE * Math.cos(theta)]
  canvas.line([CENTRE, CENTRE], end, ROD_WIDTH, RED)
  canvas.disc([CENTRE, CENTRE], ROD_WIDTH / 2, RED)
  canvas.disc(end, ROD_WIDTH / 2, RED)
  if (torque !== null && torque !== 0) paintTorque(canvas, torque)
  canvas.disc([CENTRE, CENTRE], 0.05 * SCALE, BLACK)
}

function paintTorque(canvas: Canvas, torque: number): void {
  const radius = (SCALE * Math.abs(torque)) / 4
  const turn = Math.sign(torque)
  const at = (k: number, r = radius): Point => {
    const angle = -Math.PI / 4 + (turn * ARC * k) / ARC_STEPS
    return [CENTRE + r * Math.cos(angle), CENTRE + r * Math.sin(angle)]
  }
  for (let k = 0; k < ARC_STEPS; k++) canvas.line(at(k), at(k + 1), 3, BLACK)
  canvas.polygon([at(ARC_STEPS, radius * 0.8), at(ARC_STEPS, radius * 1.2), at(ARC_STEPS + 2)], BLACK)
}
