/** Drawing of the lander over the moon. */
import type { Canvas, Color, Drawing, Point } from '../rendering/canvas.js'

interface Place {
  x: number
  y: number
  angle: number
}

/** A spark of an engine, m and m/s; `ttl` goes from 1 to 0. */
export interface Flame {
  x: number
  y: number
  vx: number
  vy: number
  ttl: number
}

export interface LanderScene {
  heights: readonly number[]
  chunkX: (i: number) => number
  /** Corners in the lander's frame. */
  hull: readonly Point[]
  /** Half width and half height of a leg. */
  leg: readonly [number, number]
  lander: Place
  legs: readonly Place[]
  flames: readonly Flame[]
}

const WIDTH = 600
const HEIGHT = 400
const SKY = [0, 0, 0] as const
const MOON = [255, 255, 255] as const
const BODY = [128, 102, 230] as const
const EDGE = [77, 77, 128] as const
const FLAG = [204, 204, 0] as const

/** @param scale pixels a metre */
export function drawingOf(scene: LanderScene, scale: number): Drawing {
  return { width: WIDTH, height: HEIGHT, background: SKY, paint: (canvas) => paint(canvas, scene, scale) }
}

function paint(canvas: Canvas, { heights, chunkX, hull, leg: [w, h], lander, legs, flames }: LanderScene, scale: number): void {
  const ground = heights.map((height, i): Point => [chunkX(i) * scale, height * scale])
  canvas.polygon([[0, 0], ...ground, [WIDTH, 0]], MOON)
  for (const { x, y, ttl } of flames) {
    const glow = (share: number) => Math.round(255 * Math.min(1, Math.max(0.2, share)))
    canvas.disc([x * scale, y * scale], 2, [glow(0.15 + ttl), glow(0.5 * ttl), glow(0.5 * ttl)])
  }
  const outline = (place: Place, corners: readonly Point[]) => outlined(canvas, placed(place, corners, scale))
  outline(lander, hull)
  for (const leg of legs) {
    outline(leg, [
      [-w, -h],
      [w, -h],
      [w, h],
      [-w, h],
    ])
  }
  const middle = Math.floor(heights.length / 2)
  for (const i of [middle - 1, middle + 1]) {
    const x = chunkX(i) * scale
    const y = (HEIGHT / scale / 4) * scale
    canvas.line([x, y], [x, y + 50], 1, [128, 128, 128])
    canvas.polygon(
      [
        [x, y + 50],
        [x, y + 40],
        [x + 25, y + 45],
      ],
      FLAG,
    )
  }
}

function placed({ x, y, angle }: Place, corners: readonly Point[], scale: number): Point[] {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return corners.map(([px, py]) => [(x + px * cos - py * sin) * scale, (y + px * sin + py * cos) * scale])
}

function outlined(canvas: Canvas, points: readonly Point[], fill: Color = BODY, edge: Color = EDGE): void {
  canvas.polygon(points, fill)
  for (const [i, point] of points.entries()) canvas.line(point, points[(i + 1) % points.length]!, 1.5, edge)
}
