/**
 * y = start + x · w, register-blocked: a tile of 4 rows × 8 columns (8 rows × 4 columns at the right edge, single rows at the bottom)
 * keeps its eight accumulators in registers over the whole inner loop.
 *
 * Each output is one chain, start + x₀w₀ + x₁w₁ + …, in this order in every tile, so a row's result does not depend on the rows around it.
 * `columns` is a multiple of 4 (padded with zero weights) and y's stride; w is [depth, columns].
 */
import { LINEAR, RELU, reluArray, TANH, tanhArray, throughActivation } from './activations'

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, sum: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b))
}

// @ts-ignore: decorator
@inline
function put(y: usize, h: usize, offset: usize, value: v128, activation: i32): void {
  if (h != 0) value = throughActivation(value, v128.load(h + offset), activation)
  v128.store(y + offset, value)
}

function tile4x8(x: usize, xRow: usize, w: usize, wRow: usize, start: usize, y: usize, h: usize, depth: usize, activation: i32): void {
  let a0 = f32x4.splat(0)
  let a1 = a0
  if (start != 0) {
    a0 = v128.load(start)
    a1 = v128.load(start, 16)
  }
  let b0 = a0
  let b1 = a1
  let c0 = a0
  let c1 = a1
  let d0 = a0
  let d1 = a1
  let xb = x + xRow
  let xc = xb + xRow
  let xd = xc + xRow
  for (const end = x + (depth << 2); x < end; x += 4, xb += 4, xc += 4, xd += 4, w += wRow) {
    const w0 = v128.load(w)
    const w1 = v128.load(w, 16)
    let s = v128.load32_splat(x)
    a0 = madd(s, w0, a0)
    a1 = madd(s, w1, a1)
    s = v128.load32_splat(xb)
    b0 = madd(s, w0, b0)
    b1 = madd(s, w1, b1)
    s = v128.load32_splat(xc)
    c0 = madd(s, w0, c0)
    c1 = madd(s, w1, c1)
    s = v128.load32_splat(xd)
    d0 = madd(s, w0, d0)
    d1 = madd(s, w1, d1)
  }
  // y and h have w's stride.
  put(y, h, 0, a0, activation)
  put(y, h, 16, a1, activation)
  put(y, h, wRow, b0, activation)
  put(y, h, wRow + 16, b1, activation)
  put(y, h, wRow * 2, c0, activation)
  put(y, h, wRow * 2 + 16, c1, activation)
  put(y, h, wRow * 3, d0, activation)
  put(y, h, wRow * 3 + 16, d1, activation)
}

function tile8x4(x: usize, xRow: usize, w: usize, wRow: usize, start: usize, y: usize, h: usize, depth: usize, activation: i32): void {
  let a = f32x4.splat(0)
  if (start != 0) a = v128.load(start)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let i = a
  const xRow4 = xRow << 2
  let xb = x + xRow
  let xc = xb + xRow
  let xd = xc + xRow
  for (const end = x + (depth << 2); x < end; x += 4, xb += 4, xc += 4, xd += 4, w += wRow) {
    const w0 = v128.load(w)
    a = madd(v128.load32_splat(x), w0, a)
    b = madd(v128.load32_splat(xb), w0, b)
    c = madd(v128.load32_splat(xc), w0, c)
    d = madd(v128.load32_splat(xd), w0, d)
    e = madd(v128.load32_splat(x + xRow4), w0, e)
    f = madd(v128.load32_splat(xb + xRow4), w0, f)
    g = madd(v128.load32_splat(xc + xRow4), w0, g)
    i = madd(v128.load32_splat(xd + xRow4), w0, i)
  }
  put(y, h, 0, a, activation)
  put(y, h, wRow, b, activation)
  put(y, h, wRow * 2, c, activation)
  put(y, h, wRow * 3, d, activation)
  put(y, h, wRow * 4, e, activation)
  put(y, h, wRow * 5, f, activation)
  put(y, h, wRow * 6, g, activation)
  put(y, h, wRow * 7, i, activation)
}

/** 1 row × 32 columns: the shape for a batch of one, eight independent chains. */
function tile1x32(x: usize, w: usize, wRow: usize, start: usize, y: usize, h: usize, depth: usize, activation: i32): void {
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let i = a
  if (start != 0) {
    a = v128.load(start)
    b = v128.load(start, 16)
    c = v128.load(start, 32)
    d = v128.load(start, 48)
    e = v128.load(start, 64)
    f = v128.load(start, 80)
    g = v128.load(start, 96)
    i = v128.load(start, 112)
  }
  for (const end = x + (depth << 2); x < end; x += 4, w += wRow) {
    const s = v128.load32_splat(x)
    a = madd(s, v128.load(w), a)
    b = madd(s, v128.load(w, 16), b)
    c = madd(s, v128.load(w, 32), c)
    d = madd(s, v128.load(w, 48), d)
    e = madd(s, v128.load(w, 64), e)
    f = madd(s, v128.load(w, 80), f)
    g = madd(s, v128.load(w, 96), g)
    i = madd(s, v128.load(w, 112), i)
  }
  put(y, h, 0, a, activation)
  put(y, h, 16, b, activation)
  put(y, h, 32, c, activation)
  put(y, h, 48, d, activation)
  put(y, h, 64, e, activation)
  put(y, h, 80, f, activation)
  put(y, h, 96, g, activation)
  put(y, h, 112, i, activation)
}

function tile1x4(x: usize, w: usize, wRow: usize, start: usize, y: usize, h: usize, depth: usize, activation: i32): void {
  let a = f32x4.splat(0)
  if (start != 0) a = v128.load(start)
  for (const end = x + (depth << 2); x < end; x += 4, w += wRow) a = madd(v128.load32_splat(x), v128.load(w), a)
  put(y, h, 0, a, activation)
}

/** What remains below the tall tiles: single rows, from the column `from` (in bytes) on. */
function singleRows(
  x: usize, xRow: usize, w: usize, wRow: usize, start: usize, y: usize, h: usize, rows: usize, depth: usize, from: usize, activation: i32,
): void {
  for (let r: usize = 0; r < rows; r++) {
    let c = from
    for (; c + 128 <= wRow; c += 128) {
      tile1x32(x, w + c, wRow, start ? start + c : 0, y + c, h ? h + c : 0, depth, activation)
    }
    for (; c < wRow; c += 16) tile1x4(x, w + c, wRow, start ? start + c : 0, y + c, h ? h + c : 0, depth, activation)
    x += xRow
    y += wRow
    if (h != 0) h += wRow
  }
}

function product(
  x: usize, xRow: usize, w: usize, start: usize, y: usize, h: usize, rows: usize, depth: usize, columns: usize, activation: i32,
): void {
  const wRow = columns << 2
  const rows4 = rows & ~3
  const rows8 = rows & ~7
  let c: usize = 0
  for (; c + 32 <= wRow; c += 32) {
    const bias = start ? start + c : 0
    for (let r: usize = 0; r < rows4; r += 4) {
      tile4x8(x + r * xRow, xRow, w + c, wRow, bias, y + r * wRow + c, h ? h + r * wRow + c : 0, depth, activation)
    }
  }
  if (rows4 < rows && c > 0) {
    // The whole bottom rows at once, the right edge included.
    singleRows(x + rows4 * xRow, xRow, w, wRow, start, y + rows4 * wRow, h ? h + rows4 * wRow : 0, rows - rows4, depth, 0, activation)
    if (c == wRow) return
    rows = rows4
  }
  if (c < wRow) {
    const bias = start ? start + c : 0
    for (let r: usize = 0; r < rows8; r += 8) {
      tile8x4(x + r * xRow, xRow, w + c, wRow, bias, y + r * wRow + c, h ? h + r * wRow + c : 0, depth, activation)
    }
    if (rows8 < rows) {
      singleRows(
        x + rows8 * xRow, xRow, w, wRow, start, y + rows8 * wRow, h ? h + rows8 * wRow : 0, rows - rows8, depth, c, activation,
      )
    }
  }
}

/** y[rows, columns] = f(bias + x[rows, depth] · w[depth, columns]), f one of LINEAR, TANH, RELU. */
export function dense(
  x: usize, xStride: usize, w: usize, bias: usize, y: usize, rows: usize, depth: usize, columns: usize, activation: i32,
): void {
  product(x, xStride << 2, w, bias, y, 0, rows, depth, columns, LINEAR)
  if (activation == TANH) tanhArray(y, y, rows * columns)
  else if (activation == RELU) reluArray(y, rows * columns)
}

/** dx[rows, columns] = (dz[rows, depth] · wᵀ[depth, columns]) f'(·), told from h[rows, columns], the activations that dx is about. */
export function denseBackward(
  dz: usize, dzStride: usize, wT: usize, h: usize, dx: usize, rows: usize, depth: usize, columns: usize, activation: i32,
): void {
  product(dz, dzStride << 2, wT, 0, dx, h, rows, depth, columns, activation)
}
