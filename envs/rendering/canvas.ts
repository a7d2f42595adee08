/**
 * What environments draw on. A drawing is made of few shapes, so that the same code paints an `rgb_array` (`raster.ts`) and a canvas
 * of a browser (`browser-canvas.ts`).
 */
export type Color = readonly [red: number, green: number, blue: number]
export type Point = readonly [x: number, y: number]

/** Coordinates are pixels with y upwards from the bottom left, as environments think of the world. Later shapes cover earlier ones. */
export interface Canvas {
  readonly width: number
  readonly height: number
  /** Fills a polygon (even-odd). */
  polygon(points: readonly Point[], color: Color): void
  disc(center: Point, radius: number, color: Color): void
  /** A line with square ends. @param width in pixels */
  line(from: Point, to: Point, width: number, color: Color): void
}

/** A picture an environment has to show: how large, on what, and what. */
export interface Drawing {
  width: number
  height: number
  background: Color
  paint(canvas: Canvas): void
}
