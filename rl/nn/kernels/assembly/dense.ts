/**
 * A hidden layer, y = f(bias + x · w) with w [depth, columns], and its way back. Register-blocked: a tile of 2 rows × 16 columns keeps its
 * eight accumulators in registers over the whole inner loop. (V8 loads all of an iteration's operands before it multiplies, so tile and
 * operands must fit the fifteen registers together: two iterations at once, or 8 × 4, spill and are slower.)
 *
 * Each output is one chain, bias + x₀w₀ + x₁w₁ + …, in this order in every tile, so a row's result does not depend on the rows around it.
 * `columns` is a multiple of 4 (padded with zero weights) and y's stride.
 */
import { LINEAR, RELU, reluArray, TANH, tanhArray, throughActivation } from './activations'

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, sum: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b))
}

/** Forward (LINEAR) starts at the bias; backward starts at zero and ends with f' told from h. */
// @ts-ignore: decorator
@inline
function first(start: usize, back: i32): v128 {
  return back == LINEAR ? v128.load(start) : f32x4.splat(0)
}

// @ts-ignore: decorator
@inline
function put(y: usize, h: usize, value: v128, back: i32): void {
  v128.store(y, back == LINEAR ? value : throughActivation(value, v128.load(h), back))
}

// @ts-ignore: decorator
@inline
function tile2x16(x: usize, xRow: usize, w: usize, wRow: usize, start: usize, y: usize, h: usize, depth: usize, back: i32): void {
  let a0 = first(start, back)
  let a1 = first(start + 16, back)
  let a2 = first(start + 32, back)
  let a3 = first(start + 48, back)
  let b0 = a0
  let b1 = a1
  let b2 = a2
  let b3 = a3
  let xb = x + xRow
  for (const end = x + (depth << 2); x < end; x += 4, xb += 4, w += wRow) {
    const w0 = v128.load(w)
    const w1 = v128.load(w, 16)
    const w2 = v128.load(w, 32)
    const w3 = v128.load(w, 48)
    const xa0 = v128.load32_splat(x)
    a0 = madd(xa0, w0, a0)
    a1 = madd(xa0, w1, a1)
    a2 = madd(xa0, w2, a2)
    a3 = madd(xa0, w3, a3)
    const xb0 = v128.load32_splat(xb)
    b0 = madd(xb0, w0, b0)
    b1 = madd(xb0, w1, b1)
    b2 = madd(xb0, w2, b2)
    b3 = madd(xb0, w3, b3)
  }
  put(y, h, a0, back)
  put(y + 16, h + 16, a1, back)
  put(y + 32, h + 32, a2, back)
  put(y + 48, h + 48, a3, back)
  y += wRow
  h += wRow
  put(y, h, b0, back)
  put(y + 16, h + 16, b1, back)
  put(y + 32, h + 32, b2, back)
  put(y + 48, h + 48, b3, back)
}

/** The right edge. */
// @ts-ignore: decorator
@inline
function tile4x4(x: usize, xRow: usize, w: usize, wRow: usize, start: usize, y: usize, h: usize, depth: usize, back: i32): void {
  let a = first(start, back)
  let b = a
  let c = a
  let d = a
  let xb = x + xRow
  let xc = xb + xRow
  let xd = xc + xRow
  for (const end = x + (depth << 2); x < end; x += 4, xb += 4, xc += 4, xd += 4, w += wRow) {
    const w0 = v128.load(w)
    a = madd(v128.load32_splat(x), w0, a)
    b = madd(v128.load32_splat(xb), w0, b)
    c = madd(v128.load32_splat(xc), w0, c)
    d = madd(v128.load32_splat(xd), w0, d)
  }
  put(y, h, a, back)
  put(y + wRow, h + wRow, b, back)
  put(y + wRow * 2, h + wRow * 2, c, back)
  put(y + wRow * 3, h + wRow * 3, d, back)
}

/** A single row, the shape of a batch of one: eight independent chains. */
// @ts-ignore: decorator
@inline
function tile1x32(x: usize, w: usize, wRow: usize, start: usize, y: usize, h: usize, depth: usize, back: i32): void {
  let a = first(start, back)
  let b = first(start + 16, back)
  let c = first(start + 32, back)
  let d = first(start + 48, back)
  let e = first(start + 64, back)
  let f = first(start + 80, back)
  let g = first(start + 96, back)
  let i = first(start + 112, back)
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
  put(y, h, a, back)
  put(y + 16, h + 16, b, back)
  put(y + 32, h + 32, c, back)
  put(y + 48, h + 48, d, back)
  put(y + 64, h + 64, e, back)
  put(y + 80, h + 80, f, back)
  put(y + 96, h + 96, g, back)
  put(y + 112, h + 112, i, back)
}

// @ts-ignore: decorator
@inline
function tile1x4(x: usize, w: usize, wRow: usize, start: usize, y: usize, h: usize, depth: usize, back: i32): void {
  let a = first(start, back)
  for (const end = x + (depth << 2); x < end; x += 4, w += wRow) a = madd(v128.load32_splat(x), v128.load(w), a)
  put(y, h, a, back)
}

/** All tiles of a product; column offsets c and row lengths are in bytes. */
// @ts-ignore: decorator
@inline
function product(
  x: usize, xRow: usize, w: usize, start: usize, y: usize, h: usize, rows: usize, depth: usize, columns: usize, back: i32,
): void {
  const wRow = columns << 2
  const wide = wRow & ~63
  const rows2 = rows & ~1
  const rows4 = rows & ~3
  for (let c: usize = 0; c < wide; c += 64) {
    for (let r: usize = 0; r < rows2; r += 2) {
      const at = r * wRow + c
      tile2x16(x + r * xRow, xRow, w + c, wRow, start + c, y + at, h + at, depth, back)
    }
  }
  if (rows2 < rows) {
    const at = rows2 * wRow
    let c: usize = 0
    for (; c + 128 <= wide; c += 128) tile1x32(x + rows2 * xRow, w + c, wRow, start + c, y + at + c, h + at + c, depth, back)
    for (; c < wide; c += 16) tile1x4(x + rows2 * xRow, w + c, wRow, start + c, y + at + c, h + at + c, depth, back)
  }
  for (let c = wide; c < wRow; c += 16) {
    let r: usize = 0
    for (; r < rows4; r += 4) {
      const at = r * wRow + c
      tile4x4(x + r * xRow, xRow, w + c, wRow, start + c, y + at, h + at, depth, back)
    }
    for (; r < rows; r++) tile1x4(x + r * xRow, w + c, wRow, start + c, y + r * wRow + c, h + r * wRow + c, depth, back)
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

/** dx[rows, columns] = (dz[rows, depth] · w[depth, columns]) f'(·), told from h[rows, columns], the activations that dx is about. */
export function denseBackward(
  dz: usize, dzStride: usize, w: usize, h: usize, dx: usize, rows: usize, depth: usize, columns: usize, activation: i32,
): void {
  if (activation == TANH) product(dz, dzStride << 2, w, 0, dx, h, rows, depth, columns, TANH)
  else product(dz, dzStride << 2, w, 0, dx, h, rows, depth, columns, RELU)
}
