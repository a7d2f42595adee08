/** Drawing of a simulation: its geoms, projected and painted from the farthest to the nearest, over a chequered ground with shadows. */
import type { Canvas, Color, Drawing, Point } from '../rendering/canvas.js'
import { Camera, type Vector, type ViewOptions } from './camera.js'
import type { Simulation } from './simulation.js'

/** MuJoCo's numbers of the kinds of geoms. */
const PLANE = 0
const SPHERE = 2
const CAPSULE = 3
const CYLINDER = 5
const BOX = 6

const SKY = [206, 219, 232] as const
const OUTLINE = 1.2
/** Squares of the ground: side in metres, and so many to each side of the view's centre. */
const TILE = 1
const TILES = 14

interface Geom {
  type: number
  centre: Vector
  /** The geom's own x, y and z. */
  axes: [Vector, Vector, Vector]
  size: Vector
  color: Color
}

/** @param view the camera, and how many geoms at most */
export function drawingOf(simulation: Simulation, view: ViewOptions & { maxGeom: number }): Drawing {
  const { width, height, maxGeom } = view
  const camera = Camera.of(simulation, view)
  const geoms = geomsOf(simulation).slice(0, maxGeom)
  return { width, height, background: SKY, paint: (canvas) => paint(canvas, camera, geoms) }
}

function geomsOf(simulation: Simulation): Geom[] {
  const { model, arrays } = simulation
  const [types, sizes, colors] = [model.geom_type as Int32Array, model.geom_size as Float64Array, model.geom_rgba as Float32Array]
  const { geom_xpos: pos, geom_xmat: mat } = arrays
  const vector = (from: ArrayLike<number>, at: number, stride = 1): Vector => [from[at]!, from[at + stride]!, from[at + 2 * stride]!]
  return Array.from(types, (type, i) => ({
    type,
    centre: vector(pos, 3 * i),
    axes: [vector(mat, 9 * i, 3), vector(mat, 9 * i + 1, 3), vector(mat, 9 * i + 2, 3)] as [Vector, Vector, Vector],
    size: vector(sizes, 3 * i),
    color: vector(colors, 4 * i).map((share) => Math.round(255 * share)) as unknown as Color,
    alpha: colors[4 * i + 3]!,
  })).filter(({ alpha }) => alpha > 0)
}

function paint(canvas: Canvas, camera: Camera, geoms: readonly Geom[]): void {
  const grounds = geoms.filter(({ type }) => type === PLANE)
  const solids = geoms.filter(({ type }) => type !== PLANE)
  for (const ground of grounds) paintGround(canvas, camera, ground)
  for (const ground of grounds) for (const solid of solids) paintShadow(canvas, camera, solid, ground)
  const byDepth = solids.map((geom) => ({ geom, depth: camera.depth(geom.centre) })).sort((a, b) => b.depth - a.depth)
  for (const { geom, depth } of byDepth) if (depth > 0) paintSolid(canvas, camera, geom)
}

function paintGround(canvas: Canvas, camera: Camera, { centre, color, size }: Geom): void {
  const z = centre[2]
  const [cx, cy] = camera.groundCentre(z, TILE * TILES)
  const [reachX, reachY] = [size[0] || Infinity, size[1] || Infinity]
  const clamp = (value: number, middle: number, reach: number) => Math.min(Math.max(value, middle - reach), middle + reach)
  const square = (x0: number, x1: number, y0: number, y1: number): Point[] => {
    const [left, right] = [clamp(x0, centre[0], reachX), clamp(x1, centre[0], reachX)]
    const [front, back] = [clamp(y0, centre[1], reachY), clamp(y1, centre[1], reachY)]
    if (left >= right || front >= back) return []
    return camera.projectPolygon([
      [left, front, z],
      [right, front, z],
      [right, back, z],
      [left, back, z],
    ])
  }
  const fill = (points: Point[], paint: Color) => {
    if (points.length > 2) canvas.polygon(points, paint)
  }
  const far = 100
  fill(square(cx - far, cx + far, cy - far, cy + far), shade(color, 0.86))
  // Small grounds get finer squares.
  const tile = reachX < 2 ? TILE / 5 : TILE
  const [column, row] = [Math.floor(cx / tile), Math.floor(cy / tile)]
  for (let i = column - TILES; i < column + TILES; i++) {
    for (let j = row - TILES; j < row + TILES; j++) {
      if ((i + j) % 2 === 0) fill(square(i * tile, (i + 1) * tile, j * tile, (j + 1) * tile), shade(color, 0.74))
    }
  }
}

/** The ends of what a solid is made of, and its radius. */
function spine({ type, centre, axes, size }: Geom): { ends: Vector[]; radius: number } {
  if (type !== CAPSULE && type !== CYLINDER) return { ends: [centre], radius: type === SPHERE ? size[0] : Math.max(...size) }
  return { ends: [-size[1], size[1]].map((half) => moved(centre, axes[2], half)), radius: size[0] }
}

function paintShadow(canvas: Canvas, camera: Camera, solid: Geom, ground: Geom): void {
  const { ends, radius } = spine(solid)
  const z = ground.centre[2]
  if (ends.some((end) => end[2] < z - radius)) return
  const rim = ends.flatMap(([x, y]) => around(12).map(([cos, sin]): Vector => [x + radius * cos, y + radius * sin, z]))
  if (rim.every((point) => camera.depth(point) > 0))
    canvas.polygon(hull(rim.map((point) => camera.project(point))), shade(ground.color, 0.55))
}

function paintSolid(canvas: Canvas, camera: Camera, geom: Geom): void {
  const { color, type } = geom
  if (type === SPHERE || type === CAPSULE) {
    const { ends, radius } = spine(geom)
    const discs = ends.map((end) => ({ at: camera.project(end), radius: radius * camera.scale(camera.depth(end)) }))
    paintRounded(canvas, discs, OUTLINE, 1, [0, 0], shade(color, 0.45))
    paintRounded(canvas, discs, 0, 1, [0, 0], color)
    // Light from above.
    paintRounded(canvas, discs, 0, 0.5, [-0.1, 0.3], shade(color, 1.25))
    return
  }
  const outline = hull(cornersOf(geom).map((corner) => camera.project(corner)))
  canvas.polygon(outline, color)
  for (const [i, from] of outline.entries()) canvas.line(from, outline[(i + 1) % outline.length]!, OUTLINE, shade(color, 0.45))
}

/** One disc, or two and what lies between them. */
function paintRounded(
  canvas: Canvas,
  discs: readonly { at: Point; radius: number }[],
  wider: number,
  share: number,
  [dx, dy]: Point,
  color: Color,
): void {
  const points = discs.flatMap(({ at: [x, y], radius }) => {
    const r = radius * share + wider
    const corners = Math.min(48, Math.max(12, Math.ceil(r * 2)))
    return around(corners).map(([cos, sin]): Point => [x + dx * radius + r * cos, y + dy * radius + r * sin])
  })
  canvas.polygon(hull(points), color)
}

/** Points whose hull is the solid: a cylinder's rims, a box's corners, an ellipsoid's surface. */
function cornersOf({ type, centre, axes, size }: Geom): Vector[] {
  const at = (x: number, y: number, z: number) => moved(moved(moved(centre, axes[0], x), axes[1], y), axes[2], z)
  if (type === CYLINDER) return [-size[1], size[1]].flatMap((z) => around(24).map(([cos, sin]) => at(size[0] * cos, size[0] * sin, z)))
  if (type === BOX) return [-1, 1].flatMap((i) => [-1, 1].flatMap((j) => [-1, 1].map((k) => at(i * size[0], j * size[1], k * size[2]))))
  return around(12).flatMap(([low, high]) => around(12).map(([cos, sin]) => at(size[0] * low * cos, size[1] * low * sin, size[2] * high)))
}

const around = (count: number): Point[] =>
  Array.from({ length: count }, (_, k) => [Math.cos((2 * Math.PI * k) / count), Math.sin((2 * Math.PI * k) / count)])

const moved = (from: Vector, along: Vector, by: number): Vector => [
  from[0] + by * along[0],
  from[1] + by * along[1],
  from[2] + by * along[2],
]

const shade = ([r, g, b]: Color, share: number): Color =>
  [r, g, b].map((value) => Math.min(255, Math.round(value * share))) as unknown as Color

/** The convex hull, counter-clockwise (Andrew's monotone chain). */
function hull(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])
  const half = (order: readonly Point[]): Point[] => {
    const chain: Point[] = []
    for (const point of order) {
      while (chain.length > 1 && turn(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop()
      chain.push(point)
    }
    return chain.slice(0, -1)
  }
  return [...half(sorted), ...half(sorted.toReversed())]
}

function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}
