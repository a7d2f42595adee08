/**
 * The output layer, y[rows, outputs] = bias + x[rows, depth] · wᵀ with w [outputs, depth]. Policies and values put out a few numbers, so
 * here the vectors run along the depth: each output is the sum of four interleaved chains over `depth`, a multiple of 4.
 */
import { sumLanes } from './math'

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, sum: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b))
}

// @ts-ignore: decorator
@inline
function tile4x2(x: usize, row: usize, w: usize, bias: usize, y: usize, yRow: usize): void {
  let a0 = f32x4.splat(0)
  let a1 = a0
  let b0 = a0
  let b1 = a0
  let c0 = a0
  let c1 = a0
  let d0 = a0
  let d1 = a0
  let xc = x + row * 2
  let w1 = w + row
  // x and w have rows of one length, so the second row of x is reached from the same counter as w's.
  for (const end = x + row; x < end; x += 16, xc += 16, w += 16, w1 += 16) {
    const wa = v128.load(w)
    const wb = v128.load(w1)
    const xa = v128.load(x)
    a0 = madd(xa, wa, a0)
    a1 = madd(xa, wb, a1)
    const xb = v128.load(x + row)
    b0 = madd(xb, wa, b0)
    b1 = madd(xb, wb, b1)
    const xcc = v128.load(xc)
    c0 = madd(xcc, wa, c0)
    c1 = madd(xcc, wb, c1)
    const xd = v128.load(xc + row)
    d0 = madd(xd, wa, d0)
    d1 = madd(xd, wb, d1)
  }
  const bias0 = load<f32>(bias)
  const bias1 = load<f32>(bias, 4)
  store<f32>(y, sumLanes(a0) + bias0)
  store<f32>(y, sumLanes(a1) + bias1, 4)
  y += yRow
  store<f32>(y, sumLanes(b0) + bias0)
  store<f32>(y, sumLanes(b1) + bias1, 4)
  y += yRow
  store<f32>(y, sumLanes(c0) + bias0)
  store<f32>(y, sumLanes(c1) + bias1, 4)
  y += yRow
  store<f32>(y, sumLanes(d0) + bias0)
  store<f32>(y, sumLanes(d1) + bias1, 4)
}

// @ts-ignore: decorator
@inline
function tile4x1(x: usize, row: usize, w: usize, bias: usize, y: usize, yRow: usize): void {
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let xc = x + row * 2
  for (const end = x + row; x < end; x += 16, xc += 16, w += 16) {
    const w0 = v128.load(w)
    a = madd(v128.load(x), w0, a)
    b = madd(v128.load(x + row), w0, b)
    c = madd(v128.load(xc), w0, c)
    d = madd(v128.load(xc + row), w0, d)
  }
  const bias0 = load<f32>(bias)
  store<f32>(y, sumLanes(a) + bias0)
  store<f32>(y + yRow, sumLanes(b) + bias0)
  store<f32>(y + yRow * 2, sumLanes(c) + bias0)
  store<f32>(y + yRow * 3, sumLanes(d) + bias0)
}

// @ts-ignore: decorator
@inline
function tile1x1(x: usize, row: usize, w: usize, bias: usize, y: usize): void {
  let a = f32x4.splat(0)
  for (const end = x + row; x < end; x += 16, w += 16) a = madd(v128.load(x), v128.load(w), a)
  store<f32>(y, sumLanes(a) + load<f32>(bias))
}

export function output(x: usize, w: usize, bias: usize, y: usize, rows: usize, depth: usize, outputs: usize): void {
  const row = depth << 2
  const yRow = outputs << 2
  const rows4 = rows & ~3
  const outputs2 = outputs & ~1
  for (let o: usize = 0; o < outputs2; o += 2) {
    for (let r: usize = 0; r < rows4; r += 4) {
      tile4x2(x + r * row, row, w + o * row, bias + (o << 2), y + r * yRow + (o << 2), yRow)
    }
  }
  if (outputs2 < outputs) {
    for (let r: usize = 0; r < rows4; r += 4) {
      tile4x1(x + r * row, row, w + outputs2 * row, bias + (outputs2 << 2), y + r * yRow + (outputs2 << 2), yRow)
    }
  }
  for (let r = rows4; r < rows; r++) {
    for (let o: usize = 0; o < outputs; o++) tile1x1(x + r * row, row, w + o * row, bias + (o << 2), y + r * yRow + (o << 2))
  }
}
