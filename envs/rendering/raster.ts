import type { RGBFrame } from '../env.js'
import type { Canvas, Color, Drawing, Point } from './canvas.js'
import { thickLine } from './thick-line.js'

/** Sample lines a pixel row; across a row the coverage is exact. */
const SUBLINES = 4
const SHARE = 1 / SUBLINES

/** A small software renderer: filled polygons, discs and lines with smooth edges, the same in every engine. The frame's rows go downwards. */
class Raster implements Canvas {
  readonly #data: Uint8Array
  /** Of one row: what pixels at the ends of spans are covered by, and where full coverage begins (+) and ends (−). */
  readonly #edges: Float64Array
  readonly #changes: Float64Array
  #crossings = new Float64Array(16)

  constructor(
    readonly width: number,
    readonly height: number,
    background: Color,
  ) {
    this.#data = filled(width * height, background)
    this.#edges = new Float64Array(width + 1)
    this.#changes = new Float64Array(width + 1)
  }

  get frame(): RGBFrame {
    return { width: this.width, height: this.height, data: this.#data }
  }

  /** Fills a polygon (even-odd, by scan lines). */
  polygon(points: readonly Point[], color: Color): void {
    let [bottom, top, left, right] = [Infinity, -Infinity, Infinity, -Infinity]
    for (const [x, y] of points) {
      bottom = Math.min(bottom, y)
      top = Math.max(top, y)
      left = Math.min(left, x)
      right = Math.max(right, x)
    }
    const first = Math.max(0, Math.floor(bottom))
    const last = Math.min(this.height - 1, Math.ceil(top))
    const from = Math.max(0, Math.floor(left))
    const to = Math.min(this.width, Math.ceil(right))
    if (!(from < to)) return
    if (this.#crossings.length < points.length) this.#crossings = new Float64Array(2 * points.length)
    for (let row = first; row <= last; row++) {
      for (let s = 0; s < SUBLINES; s++) {
        const count = edgesAt(points, row + (s + 0.5) / SUBLINES, this.#crossings)
        for (let k = 0; k + 1 < count; k += 2) this.#cover(this.#crossings[k]!, this.#crossings[k + 1]!)
      }
      this.#paint(row, from, to, color)
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

  #cover(from: number, to: number): void {
    const left = Math.max(0, from)
    const right = Math.min(this.width, to)
    if (left >= right) return
    const [start, end] = [Math.floor(left), Math.floor(right)]
    if (start === end) {
      this.#edges[start]! += SHARE * (right - left)
      return
    }
    this.#edges[start]! += SHARE * (start + 1 - left)
    this.#edges[end]! += SHARE * (right - end)
    this.#changes[start + 1]! += SHARE
    this.#changes[end]! -= SHARE
  }

  /** Paints what was covered of a row, and forgets it. */
  #paint(row: number, from: number, to: number, [red, green, blue]: Color): void {
    const data = this.#data
    const [edges, changes] = [this.#edges, this.#changes]
    let at = 3 * (this.width * (this.height - 1 - row) + from)
    let full = 0
    for (let x = from; x < to; x++, at += 3) {
      full += changes[x]!
      const share = Math.min(1, full + edges[x]!)
      edges[x] = changes[x] = 0
      if (share === 1) {
        data[at] = red
        data[at + 1] = green
        data[at + 2] = blue
      } else if (share > 0) {
        data[at] = Math.round(data[at]! * (1 - share) + red * share)
        data[at + 1] = Math.round(data[at + 1]! * (1 - share) + green * share)
        data[at + 2] = Math.round(data[at + 2]! * (1 - share) + blue * share)
      }
    }
    edges[to] = changes[to] = 0
  }
}

/** So many pixels of one colour. */
function filled(pixels: number, color: Color): Uint8Array {
  const data = new Uint8Array(3 * pixels)
  data.set(color.slice(0, data.length))
  for (let done = 3; done < data.length; done *= 2) data.copyWithin(done, 0, Math.min(done, data.length - done))
  return data
}

/** Where a polygon's outline crosses a height, from left to right. Gives back how often. */
function edgesAt(points: readonly Point[], y: number, crossings: Float64Array): number {
  let count = 0
  let [x0, y0] = points[points.length - 1]!
  for (const [x1, y1] of points) {
    if (y0 <= y !== y1 <= y) {
      const x = x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)
      let k = count++
      for (; k > 0 && crossings[k - 1]! > x; k--) crossings[k] = crossings[k - 1]!
      crossings[k] = x
    }
    x0 = x1
    y0 = y1
  }
  return count
}

/** What an environment shows, as pixels. */
export function rasterized({ width, height, background, paint }: Drawing): RGBFrame {
  const raster = new Raster(width, height, background)
  paint(raster)
  return raster.frame
}
