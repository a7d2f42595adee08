/** Drawing of the walker on its ground, which scrolls past. */
import type { Canvas, Color, Drawing, Point } from '../rendering/canvas.js'
import { type Cloud, SCALE, TERRAIN_HEIGHT, TERRAIN_STEP, type Terrain, VIEW_HEIGHT, VIEW_WIDTH } from './bipedal-terrain.js'

export interface WalkerScene {
  terrain: Readonly<Terrain>
  clouds: readonly Cloud[]
  /** Outlines of first leg, second leg (upper and lower part each) and hull, m. */
  parts: readonly (readonly Point[])[]
  /** Where the lidar is. */
  eye: Point
  /** Shares of its range. */
  lidar: ArrayLike<number>
  range: number
}

const SKY = [215, 215, 255] as const
const CLOUD = [255, 255, 255] as const
const SOIL = [102, 153, 76] as const
const GRASS: readonly Color[] = [
  [76, 255, 76],
  [76, 204, 76],
]
const STONE = [255, 255, 255] as const
const STONE_EDGE = [153, 153, 153] as const
const BLACK = [0, 0, 0] as const
const FILLS: readonly Color[] = [
  [178, 101, 152],
  [178, 101, 152],
  [128, 51, 102],
  [128, 51, 102],
  [127, 51, 229],
]
const EDGES: readonly Color[] = [
  [127, 76, 101],
  [127, 76, 101],
  [77, 26, 51],
  [77, 26, 51],
  [76, 76, 127],
]

export function drawingOf(scene: WalkerScene): Drawing {
  return { width: VIEW_WIDTH, height: VIEW_HEIGHT, background: SKY, paint: (canvas) => paint(canvas, scene) }
}

function paint(canvas: Canvas, { terrain, clouds, parts, eye, lidar, range }: WalkerScene): void {
  const width = VIEW_WIDTH / SCALE
  const scroll = eye[0] - width / 5
  const at = ([x, y]: Point): Point => [(x - scroll) * SCALE, y * SCALE]
  // Clouds move half as fast.
  for (const { outline, left, right } of clouds) {
    if (right >= scroll / 2 && left <= scroll / 2 + width)
      canvas.polygon(
        outline.map(([x, y]) => at([x + scroll / 2, y])),
        CLOUD,
      )
  }
  const { xs, ys, obstacles } = terrain
  const visible = xs.map((x, i): Point => [x, ys[i]!]).filter(([x]) => x >= scroll - TERRAIN_STEP && x <= scroll + width + TERRAIN_STEP)
  const line = visible.map(at)
  if (line.length > 0) canvas.polygon([[line[0]![0], 0], ...line, [line.at(-1)![0], 0]], SOIL)
  for (const corners of obstacles) outlined(canvas, corners.map(at), STONE, STONE_EDGE)
  for (let i = 0; i + 1 < xs.length; i++) {
    if (xs[i + 1]! >= scroll && xs[i]! <= scroll + width) {
      canvas.line(at([xs[i]!, ys[i]!]), at([xs[i + 1]!, ys[i + 1]!]), 2, GRASS[i % 2]!)
    }
  }
  for (let i = 0; i < lidar.length; i++) {
    const angle = (1.5 * i) / lidar.length
    const reach = lidar[i]! * range
    canvas.line(at(eye), at([eye[0] + Math.sin(angle) * reach, eye[1] - Math.cos(angle) * reach]), 0.7, [255, 150, 150])
  }
  for (const [i, part] of parts.entries()) outlined(canvas, part.map(at), FILLS[i]!, EDGES[i]!)
  flag(canvas, at([TERRAIN_STEP * 3, TERRAIN_HEIGHT]))
}

function outlined(canvas: Canvas, points: readonly Point[], fill: Color, edge: Color): void {
  canvas.polygon(points, fill)
  for (const [i, point] of points.entries()) canvas.line(point, points[(i + 1) % points.length]!, 1.2, edge)
}

function flag(canvas: Canvas, [x, y]: Point): void {
  canvas.line([x, y], [x, y + 50], 1, BLACK)
  canvas.polygon(
    [
      [x, y + 50],
      [x, y + 40],
      [x + 25, y + 45],
    ],
    [230, 51, 0],
  )
}
