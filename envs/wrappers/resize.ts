/**
 * Pictures in another size, each new pixel the mean of the area it covers; where a side grows, linear between neighbours. The rounding is
 * that of OpenCV's `resize` with INTER_AREA on 8-bit pictures, which Gymnasium uses.
 */
export interface Size {
  height: number
  width: number
}

/** @param pixels 8-bit, row by row, `channels` numbers a pixel */
export function resized(pixels: ArrayLike<number>, from: Size, to: Size, channels: number): Uint8Array {
  const scaleX = from.width / to.width
  const scaleY = from.height / to.height
  if (scaleX < 1 || scaleY < 1) return stretched(pixels, from, to, channels)
  if (Number.isInteger(scaleX) && Number.isInteger(scaleY)) return blockMeans(pixels, from, to, channels)
  return areaMeans(pixels, from, to, channels)
}

function blockMeans(pixels: ArrayLike<number>, from: Size, to: Size, channels: number): Uint8Array {
  const [across, down] = [from.width / to.width, from.height / to.height]
  const scale = Math.fround(1 / (across * down))
  const means = new Uint8Array(to.width * to.height * channels)
  let at = 0
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0
        for (let j = 0; j < down; j++) {
          const row = ((y * down + j) * from.width + x * across) * channels + c
          for (let i = 0; i < across; i++) sum += pixels[row + i * channels]!
        }
        means[at++] = across === 2 && down === 2 ? (sum + 2) >> 2 : toNearest(Math.fround(sum * scale))
      }
    }
  }
  return means
}

interface Share {
  to: number
  from: number
  weight: number
}

/** Which old pixels a new one covers along an axis, and how much of it each is. */
function shares(before: number, after: number): Share[] {
  const scale = before / after
  const list: Share[] = []
  for (let to = 0; to < after; to++) {
    const [start, end] = [to * scale, to * scale + scale]
    const width = Math.min(scale, before - start)
    const last = Math.min(Math.floor(end), before - 1)
    const first = Math.min(Math.ceil(start), last)
    const add = (from: number, weight: number) => list.push({ to, from, weight: Math.fround(weight) })
    if (first - start > 1e-3) add(first - 1, (first - start) / width)
    for (let from = first; from < last; from++) add(from, 1 / width)
    if (end - last > 1e-3) add(last, Math.min(Math.min(end - last, 1), width) / width)
  }
  return list
}

function areaMeans(pixels: ArrayLike<number>, from: Size, to: Size, channels: number): Uint8Array {
  const across = shares(from.width, to.width)
  const means = new Uint8Array(to.width * to.height * channels)
  const rowSize = to.width * channels
  const row = new Float32Array(rowSize)
  const sum = new Float32Array(rowSize)
  let current = 0
  const write = () => {
    for (let i = 0; i < rowSize; i++) means[current * rowSize + i] = toNearest(sum[i]!)
  }
  for (const down of shares(from.height, to.height)) {
    row.fill(0)
    for (const { to: x, from: source, weight } of across) {
      const start = (down.from * from.width + source) * channels
      for (let c = 0; c < channels; c++) row[x * channels + c]! += Math.fround(pixels[start + c]! * weight)
    }
    if (down.to !== current) {
      write()
      current = down.to
      sum.fill(0)
    }
    for (let i = 0; i < rowSize; i++) sum[i]! += Math.fround(down.weight * row[i]!)
  }
  write()
  return means
}

interface Neighbours {
  first: number
  second: number
  /** In 2048ths. */
  weights: [number, number]
}

function neighbours(before: number, after: number): Neighbours[] {
  const scale = before / after
  return Array.from({ length: after }, (_, to) => {
    let first = Math.floor(to * scale)
    let share = Math.fround(to + 1 - (first + 1) * (after / before))
    share = share <= 0 ? 0 : Math.fround(share - Math.floor(share))
    if (first >= before - 1) [first, share] = [before - 1, 0]
    return { first, second: Math.min(first + 1, before - 1), weights: [toNearest(Math.fround(1 - share) * 2048), toNearest(share * 2048)] }
  })
}

function stretched(pixels: ArrayLike<number>, from: Size, to: Size, channels: number): Uint8Array {
  const across = neighbours(from.width, to.width)
  const values = new Uint8Array(to.width * to.height * channels)
  let at = 0
  for (const down of neighbours(from.height, to.height)) {
    for (const { first, second, weights } of across) {
      for (let c = 0; c < channels; c++) {
        const between = (y: number) => {
          const row = y * from.width
          return pixels[(row + first) * channels + c]! * weights[0] + pixels[(row + second) * channels + c]! * weights[1]
        }
        const part = (y: number, weight: number) => (weight * (between(y) >> 4)) >> 16
        values[at++] = (part(down.first, down.weights[0]) + part(down.second, down.weights[1]) + 2) >> 2
      }
    }
  }
  return values
}

/** Halves go to the even neighbour. */
function toNearest(x: number): number {
  const below = Math.floor(x)
  const rest = x - below
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
}
