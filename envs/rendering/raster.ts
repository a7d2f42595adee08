import type { RGBFrame } from '../env.js'
import type { Canvas, Color, Drawing, Point } from './canvas.js'
import { thickLine } from './thick-line.js'

/** Sample lines a pixel row; across a row the coverage is exact. */
const SUBLINES = 4

/** A small software renderer: filled polygons, discs and lines with smooth edges, the same in every engine. The frame's rows go downwards. */
class Raster implements Canvas {
  readonly #data: Uint8Array
  readonly #coverage: Float64Array

  constructor(
    readonly width: number,
    readonly height: number,
    background: Color,
  ) {
    this.#data = new Uint8Array(3 * width * height)
    this.#coverage = new Float64Array(width)
    for (let i = 0; i < this.#data.length; i++) this.#data[i] = background[i % 3]!
  }

  get frame(): RGBFrame {
    return { width: this.width, height: this.height, data: this.#data }
  }

  /** Fills a polygon (even-odd, by scan lines). */
  polygon(points: readonly Point[], color: Color): void {
    const ys = points.map(([, y]) => y)
    const first = Math.max(0, Math.floor(Math.min(...ys)))
    const last = Math.min(this.height - 1, Math.ceil(Math.max(...ys)))
    for (let row = first; row <= last; row++) {
      this.#coverage.fill(0)
      for (let s = 0; s < SUBLINES; s++) {
        const crossings = edgesAt(points, row + (s + 0.5) / SUBLINES)
        for (let k = 0; k + 1 < crossings.length; k += 2) this.#cover(crossings[k]!, crossings[k + 1]!, 1 / SUBLINES)
      }
      this.#paint(row, color)
    }
  }

  disc([x, y]: Point, radius: number, color: Color): void {
    const corners = Math.max(12, Math.ceil(radius * 4))
    const corner = (k: number): Point => [
      x + radius * Math.cos((2 * Math.PI * k) / corners),
      y + radius * Math.sin((2 * Math.PI * k) / corners),
    ]
    this.polygon(
      Array.from({ length: corners }, (_, k) => corner(k)),
      color,
    )
  }

  line(from: Point, to: Point, width: number, color: Color): void {
    this.polygon(thickLine(from, to, width), color)
  }

  #cover(from: number, to: number, weight: number): void {
    const left = Math.max(0, from)
    const right = Math.min(this.width, to)
    for (let x = Math.floor(left); x < right; x++) this.#coverage[x]! += weight * (Math.min(right, x + 1) - Math.max(left, x))
  }

  #paint(row: number, color: Color): void {
    const start = 3 * this.width * (this.height - 1 - row)
    for (let x = 0; x < this.width; x++) {
      const share = Math.min(1, this.#coverage[x]!)
      if (share === 0) continue
      for (let c = 0; c < 3; c++) {
        const at = start + 3 * x + c
        this.#data[at] = Math.round(this.#data[at]! * (1 - share) + color[c]! * share)
      }
    }
  }
}

function edgesAt(points: readonly Point[], y: number): number[] {
  const crossings: number[] = []
  for (let i = 0; i < points.length; i++) {
    const [x0, y0] = points[i]!
    const [x1, y1] = points[(i + 1) % points.length]!
    if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0))
  }
  return crossings.sort((a, b) => a - b)
}

/** What an environment shows, as pixels. */
export function rasterized({ width, height, background, paint }: Drawing): RGBFrame {
  const raster = new Raster(width, height, background)
  paint(raster)
  return raster.frame
}
