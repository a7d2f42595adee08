import gifenc from 'gifenc'
import type { RGBFrame } from '../env.js'

const COLORS = 256

/** An animated GIF that repeats. A GIF counts time in hundredths of a second, and viewers show none faster than 50 pictures a second. */
export function encodeGif(frames: readonly RGBFrame[], fps: number): Uint8Array {
  const gif = gifenc.GIFEncoder()
  const delay = Math.max(20, Math.round(100 / fps) * 10)
  for (const frame of frames) {
    const rgba = withAlpha(frame)
    const palette = gifenc.quantize(rgba, COLORS)
    gif.writeFrame(gifenc.applyPalette(rgba, palette), frame.width, frame.height, { palette, delay })
  }
  gif.finish()
  return gif.bytes()
}

function withAlpha({ data, width, height }: RGBFrame): Uint8Array {
  const rgba = new Uint8Array(4 * width * height)
  for (let i = 0; i < width * height; i++) {
    rgba[4 * i] = data[3 * i]!
    rgba[4 * i + 1] = data[3 * i + 1]!
    rgba[4 * i + 2] = data[3 * i + 2]!
    rgba[4 * i + 3] = 255
  }
  return rgba
}
