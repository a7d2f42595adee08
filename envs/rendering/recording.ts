import type { Canvas, Color, Drawing } from './canvas.js'

/** A drawing as plain data: each shape is the name of a canvas's method and its arguments. */
export interface RecordedDrawing {
  width: number
  height: number
  background: Color
  shapes: [name: string, ...args: unknown[]][]
}

/** Paints a drawing into a list of shapes, which JSON can carry to a page that paints them on its own canvas. */
export function recordDrawing({ width, height, background, paint }: Drawing): RecordedDrawing {
  const shapes: RecordedDrawing['shapes'] = []
  const sides: Record<string | symbol, unknown> = { width, height }
  // Whatever shapes a canvas knows, also those added later.
  const canvas = new Proxy(sides, {
    get: (own, name) => (name in own ? own[name] : (...args: unknown[]) => void shapes.push([String(name), ...args])),
  })
  paint(canvas as unknown as Canvas)
  return { width, height, background, shapes }
}
