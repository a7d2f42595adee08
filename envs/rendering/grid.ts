import type { RGBFrame } from '../env.js'

/** How to lay out so many pictures that the whole comes nearest to an aspect ratio without an empty place. */
export function gridFor(
  count: number,
  { width, height }: { width: number; height: number },
  aspect: number,
): { rows: number; columns: number } {
  let best = { rows: 1, columns: count }
  let least = Infinity
  for (let rows = 1; rows <= Math.sqrt(count); rows++) {
    if (count % rows !== 0) continue
    const columns = count / rows
    const difference = Math.abs((columns * width) / (rows * height) - aspect)
    if (difference < least) {
      least = difference
      best = { rows, columns }
    }
  }
  return best
}

/** Pictures of one size side by side, row by row; places left over are black. */
export function tiled(frames: readonly RGBFrame[], columns: number): RGBFrame {
  const { width, height } = frames[0]!
  const rows = Math.ceil(frames.length / columns)
  const whole = new Uint8Array(3 * columns * width * rows * height)
  for (const [i, { data }] of frames.entries()) {
    const [row, column] = [Math.floor(i / columns), i % columns]
    for (let y = 0; y < height; y++) {
      const at = ((row * height + y) * columns + column) * width
      whole.set(data.subarray(3 * y * width, 3 * (y + 1) * width), 3 * at)
    }
  }
  return { width: columns * width, height: rows * height, data: whole }
}
