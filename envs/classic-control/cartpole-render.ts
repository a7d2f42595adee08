/** Drawing of a cart and its pole; knows nothing of the dynamics but two numbers. */
import type { RenderFrame } from '../env.js'
import type { Canvas, Drawing, Point } from '../rendering/canvas.js'
import { rasterized } from '../rendering/raster.js'
import { HALF_LENGTH, X_LIMIT } from './cartpole-dynamics.js'

const WIDTH = 600
const HEIGHT = 400
const SCALE = WIDTH / (2 * X_LIMIT)
const TRACK_Y = 100
const CART_WIDTH = 50
const CART_HEIGHT = 30
const POLE_WIDTH = 10
const BLACK = [0, 0, 0] as const
const WHITE = [255, 255, 255] as const
const WOOD = [202, 152, 101] as const
const STEEL = [129, 132, 203] as const

/** @param x position in metres @param theta angle in radians, clockwise from upright */
export function renderCartPole(mode: string, x: number, theta: number): RenderFrame {
  return mode === 'ansi' ? asText(x, theta) : rasterized(drawingOf(x, theta))
}

/** @param x position in metres @param theta angle in radians, clockwise from upright */
export function drawingOf(x: number, theta: number): Drawing {
  return { width: WIDTH, height: HEIGHT, background: WHITE, paint: (canvas) => paint(canvas, x, theta) }
}

function paint(canvas: Canvas, x: number, theta: number): void {
  const cartX = x * SCALE + WIDTH / 2
  const axleY = TRACK_Y + CART_HEIGHT / 4
  const box = (left: number, right: number, bottom: number, top: number): Point[] => [
    [left, bottom],
    [left, top],
    [right, top],
    [right, bottom],
  ]
  const cart = box(-CART_WIDTH / 2, CART_WIDTH / 2, -CART_HEIGHT / 2, CART_HEIGHT / 2)
  canvas.polygon(
    cart.map(([px, py]) => [px + cartX, py + TRACK_Y]),
    BLACK,
  )
  const pole = box(-POLE_WIDTH / 2, POLE_WIDTH / 2, -POLE_WIDTH / 2, SCALE * 2 * HALF_LENGTH - POLE_WIDTH / 2)
  const cos = Math.cos(theta)
  const sin = Math.sin(theta)
  canvas.polygon(
    pole.map(([px, py]) => [px * cos + py * sin + cartX, py * cos - px * sin + axleY]),
    WOOD,
  )
  canvas.disc([cartX, axleY], POLE_WIDTH / 2, STEEL)
  canvas.line([0, TRACK_Y + 0.5], [WIDTH, TRACK_Y + 0.5], 1, BLACK)
}

const COLUMNS = 61
const POLE_ROWS = 4

/** Five lines: the pole leans over the cart on its track, and the two numbers. */
function asText(x: number, theta: number): string {
  const cart = Math.round(((x + X_LIMIT) / (2 * X_LIMIT)) * (COLUMNS - 1))
  const line = (column: number, mark: string, ground: string) =>
    column < 0 || column >= COLUMNS ? ground.repeat(COLUMNS) : ground.repeat(column) + mark + ground.repeat(COLUMNS - 1 - column)
  const lean = theta > 0.06 ? '/' : theta < -0.06 ? '\\' : '|'
  const pole = Array.from({ length: POLE_ROWS }, (_, k) =>
    line(cart + Math.round((POLE_ROWS - k) * 2 * Math.tan(theta)), lean, ' ').trimEnd(),
  )
  const figures = `x=${x.toFixed(3)} m  theta=${((theta * 180) / Math.PI).toFixed(2)} deg`
  return [...pole, line(cart, '#', '_'), figures].join('\n')
}
