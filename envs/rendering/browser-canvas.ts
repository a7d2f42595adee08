import type { Canvas, Color, Drawing, Point } from './canvas.js'
import { thickLine } from './thick-line.js'

/** The part of CanvasRenderingContext2D that is used; `OffscreenCanvasRenderingContext2D` has it too. */
export type Context2D = Pick<
  CanvasRenderingContext2D,
  'arc' | 'beginPath' | 'clearRect' | 'closePath' | 'fill' | 'fillRect' | 'fillStyle' | 'lineTo' | 'moveTo'
>

/** Draws shapes on a browser's canvas. */
class BrowserCanvas implements Canvas {
  constructor(
    private readonly context: Context2D,
    readonly width: number,
    readonly height: number,
  ) {}

  polygon(points: readonly Point[], color: Color): void {
    const { context } = this
    context.fillStyle = css(color)
    context.beginPath()
    for (const [i, [x, y]] of points.entries()) {
      if (i === 0) context.moveTo(x, this.height - y)
      else context.lineTo(x, this.height - y)
    }
    context.closePath()
    context.fill('evenodd')
  }

  disc([x, y]: Point, radius: number, color: Color): void {
    const { context } = this
    context.fillStyle = css(color)
    context.beginPath()
    context.arc(x, this.height - y, radius, 0, 2 * Math.PI)
    context.fill()
  }

  line(from: Point, to: Point, width: number, color: Color): void {
    this.polygon(thickLine(from, to, width), color)
  }
}

function css([red, green, blue]: Color): string {
  return `rgb(${red} ${green} ${blue})`
}

/** Paints what an environment shows (`env.drawing()`) on a canvas of its size: `paintOn(canvas.getContext('2d'), env.drawing())`. */
export function paintOn(context: Context2D, { width, height, background, paint }: Drawing): void {
  context.fillStyle = css(background)
  context.fillRect(0, 0, width, height)
  paint(new BrowserCanvas(context, width, height))
}
