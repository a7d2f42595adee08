/**
 * Gradients of a layer's parameters over a block of rows, added to what is there. Tiles as in dense.ts: 2 × 16 weights run down the rows
 * with their accumulators in registers.
 */

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, sum: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b))
}

// @ts-ignore: decorator
@inline
function tile2x16(a: usize, aRow: usize, b: usize, row: usize, dw: usize, end: usize): void {
  const next = dw + row
  let a0 = v128.load(dw)
  let a1 = v128.load(dw, 16)
  let a2 = v128.load(dw, 32)
  let a3 = v128.load(dw, 48)
  let b0 = v128.load(next)
  let b1 = v128.load(next, 16)
  let b2 = v128.load(next, 32)
  let b3 = v128.load(next, 48)
  for (; b < end; a += aRow, b += row) {
    const z0 = v128.load(b)
    const z1 = v128.load(b, 16)
    const z2 = v128.load(b, 32)
    const z3 = v128.load(b, 48)
    const s0 = v128.load32_splat(a)
    a0 = madd(s0, z0, a0)
    a1 = madd(s0, z1, a1)
    a2 = madd(s0, z2, a2)
    a3 = madd(s0, z3, a3)
    const s1 = v128.load32_splat(a, 4)
    b0 = madd(s1, z0, b0)
    b1 = madd(s1, z1, b1)
    b2 = madd(s1, z2, b2)
    b3 = madd(s1, z3, b3)
  }
  v128.store(dw, a0)
  v128.store(dw, a1, 16)
  v128.store(dw, a2, 32)
  v128.store(dw, a3, 48)
  v128.store(next, b0)
  v128.store(next, b1, 16)
  v128.store(next, b2, 32)
  v128.store(next, b3, 48)
}

/** The last row of weights, when their number is odd. */
// @ts-ignore: decorator
@inline
function tile1x16(a: usize, aRow: usize, b: usize, row: usize, dw: usize, end: usize): void {
  let a0 = v128.load(dw)
  let a1 = v128.load(dw, 16)
  let a2 = v128.load(dw, 32)
  let a3 = v128.load(dw, 48)
  for (; b < end; a += aRow, b += row) {
    const s0 = v128.load32_splat(a)
    a0 = madd(s0, v128.load(b), a0)
    a1 = madd(s0, v128.load(b, 16), a1)
    a2 = madd(s0, v128.load(b, 32), a2)
    a3 = madd(s0, v128.load(b, 48), a3)
  }
  v128.store(dw, a0)
  v128.store(dw, a1, 16)
  v128.store(dw, a2, 32)
  v128.store(dw, a3, 48)
}

/** The right edge. */
// @ts-ignore: decorator
@inline
function tile4x4(a: usize, aRow: usize, b: usize, row: usize, dw: usize, end: usize): void {
  let a0 = v128.load(dw)
  let a1 = v128.load(dw + row)
  let a2 = v128.load(dw + row * 2)
  let a3 = v128.load(dw + row * 3)
  for (; b < end; a += aRow, b += row) {
    const z = v128.load(b)
    a0 = madd(v128.load32_splat(a), z, a0)
    a1 = madd(v128.load32_splat(a, 4), z, a1)
    a2 = madd(v128.load32_splat(a, 8), z, a2)
    a3 = madd(v128.load32_splat(a, 12), z, a3)
  }
  v128.store(dw, a0)
  v128.store(dw + row, a1)
  v128.store(dw + row * 2, a2)
  v128.store(dw + row * 3, a3)
}

// @ts-ignore: decorator
@inline
function tile1x4(a: usize, aRow: usize, b: usize, row: usize, dw: usize, end: usize): void {
  let a0 = v128.load(dw)
  for (; b < end; a += aRow, b += row) a0 = madd(v128.load32_splat(a), v128.load(b), a0)
  v128.store(dw, a0)
}

/**
 * dw[m, columns] += aᵀ · b for a[rows, m] and b[rows, columns], `columns` a multiple of 4.
 * A hidden layer's weights lie [inputs, columns], so a is what came in and b is dz; the output layer's lie [outputs, depth], the reverse.
 */
export function weightGradients(a: usize, aStride: usize, b: usize, rows: usize, m: usize, columns: usize, dw: usize): void {
  const aRow = aStride << 2
  const row = columns << 2
  const end = b + rows * row
  const wide = row & ~63
  const m2 = m & ~1
  const m4 = m & ~3
  for (let i: usize = 0; i < m2; i += 2) {
    for (let c: usize = 0; c < wide; c += 64) tile2x16(a + (i << 2), aRow, b + c, row, dw + i * row + c, end)
  }
  if (m2 < m) {
    for (let c: usize = 0; c < wide; c += 64) tile1x16(a + (m2 << 2), aRow, b + c, row, dw + m2 * row + c, end)
  }
  for (let c = wide; c < row; c += 16) {
    for (let i: usize = 0; i < m4; i += 4) tile4x4(a + (i << 2), aRow, b + c, row, dw + i * row + c, end)
    for (let i = m4; i < m; i++) tile1x4(a + (i << 2), aRow, b + c, row, dw + i * row + c, end)
  }
}

/** db[width] += Σ dz[rows, width] over the rows, any width. */
export function biasGradients(dz: usize, rows: usize, width: usize, db: usize): void {
  const row = width << 2
  const end = dz + rows * row
  let c: usize = 0
  for (; c + 64 <= row; c += 64) {
    let s0 = v128.load(db + c)
    let s1 = v128.load(db + c, 16)
    let s2 = v128.load(db + c, 32)
    let s3 = v128.load(db + c, 48)
    for (let z = dz + c; z < end; z += row) {
      s0 = f32x4.add(s0, v128.load(z))
      s1 = f32x4.add(s1, v128.load(z, 16))
      s2 = f32x4.add(s2, v128.load(z, 32))
      s3 = f32x4.add(s3, v128.load(z, 48))
    }
    v128.store(db + c, s0)
    v128.store(db + c, s1, 16)
    v128.store(db + c, s2, 32)
    v128.store(db + c, s3, 48)
  }
  for (; c < row; c += 4) {
    let sum = load<f32>(db + c)
    for (let z = dz + c; z < end; z += row) sum += load<f32>(z)
    store<f32>(db + c, sum)
  }
}
