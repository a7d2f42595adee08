/** Drawing of a car in its valley, with a flag at the goal. */
import type { Canvas, Color, Drawing, Point } from '../rendering/canvas.js'
import { MAX_POSITION, MIN_POSITION, RENDER_FPS } from './mountain-car-dynamics.js'

export const MOUNTAIN_CAR_METADATA = { renderModes: ['rgb_array'], renderFps: RENDER_FPS }

const WIDTH = 600
const HEIGHT = 400
const SCALE = WIDTH / (MAX_POSITION - MIN_POSITION)
const CAR_WIDTH = 40
const CAR_HEIGHT = 20
const CLEARANCE = 10
const SLOPES = 100
const BLACK: Color = [0, 0, 0]
const WHITE: Color = [255, 255, 255]
const GREY: Color = [128, 128, 128]
const YELLOW: Color = [204, 204, 0]

const heightAt = (position: number) => Math.sin(3 * position) * 0.45 + 0.55
const onScreen = (position: number): Point => [(position - MIN_POSITION) * SCALE, heightAt(position) * SCALE]

/** @param position of the car @param goal where the flag stands */
export function mountainCarDrawing(position: number, goal: number): Drawing {
  return { width: WIDTH, height: HEIGHT, background: WHITE, paint: (canvas) => paint(canvas, position, goal) }
}

function paint(canvas: Canvas, position: number, goal: number): void {
  for (let k = 0; k + 1 < SLOPES; k++) {
    const at = (i: number) => MIN_POSITION + ((MAX_POSITION - MIN_POSITION) * i) / (SLOPES - 1)
    canvas.line(onScreen(at(k)), onScreen(at(k + 1)), 1, BLACK)
  }
  const [x, y] = onScreen(position)
  // As steep as the valley's floor there.
  const angle = Math.cos(3 * position)
  const placed = ([px, py]: Point): Point => [
    x + px * Math.cos(angle) - py * Math.sin(angle),
    y + CLEARANCE + px * Math.sin(angle) + py * Math.cos(angle),
  ]
  const half = CAR_WIDTH / 2
  const body: Point[] = [
    [-half, 0],
    [-half, CAR_HEIGHT],
    [half, CAR_HEIGHT],
    [half, 0],
  ]
  canvas.polygon(body.map(placed), BLACK)
  for (const side of [CAR_WIDTH / 4, -CAR_WIDTH / 4]) canvas.disc(placed([side, 0]), CAR_HEIGHT / 2.5, GREY)
  const [flagX, flagY] = onScreen(goal)
  canvas.line([flagX, flagY], [flagX, flagY + 50], 1, BLACK)
  canvas.polygon(
    [
      [flagX, flagY + 50],
      [flagX, flagY + 40],
      [flagX + 25, flagY + 45],
    ],
    YELLOW,
  )
}
