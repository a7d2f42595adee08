/**
 * dw[inputs, columns] += xᵀ · dz and db[columns] += Σ dz over a block of rows, register-blocked as dense.ts: tiles of 4 inputs ×
 * 8 columns (8 × 4 at the right edge) run down the rows with their accumulators in registers.
 * `columns` is a multiple of 4 and dz's stride.
 */

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, sum: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b))
}

function tile4x8(x: usize, xRow: usize, dz: usize, row: usize, dw: usize, end: usize): void {
  const dwb = dw + row
  const dwc = dwb + row
  const dwd = dwc + row
  let a0 = v128.load(dw)
  let a1 = v128.load(dw, 16)
  let b0 = v128.load(dwb)
  let b1 = v128.load(dwb, 16)
  let c0 = v128.load(dwc)
  let c1 = v128.load(dwc, 16)
  let d0 = v128.load(dwd)
  let d1 = v128.load(dwd, 16)
  for (; dz < end; x += xRow, dz += row) {
    const z0 = v128.load(dz)
    const z1 = v128.load(dz, 16)
    let s = v128.load32_splat(x)
    a0 = madd(s, z0, a0)
    a1 = madd(s, z1, a1)
    s = v128.load32_splat(x, 4)
    b0 = madd(s, z0, b0)
    b1 = madd(s, z1, b1)
    s = v128.load32_splat(x, 8)
    c0 = madd(s, z0, c0)
    c1 = madd(s, z1, c1)
    s = v128.load32_splat(x, 12)
    d0 = madd(s, z0, d0)
    d1 = madd(s, z1, d1)
  }
  v128.store(dw, a0)
  v128.store(dw, a1, 16)
  v128.store(dwb, b0)
  v128.store(dwb, b1, 16)
  v128.store(dwc, c0)
  v128.store(dwc, c1, 16)
  v128.store(dwd, d0)
  v128.store(dwd, d1, 16)
}

function tile8x4(x: usize, xRow: usize, dz: usize, row: usize, dw: usize, end: usize): void {
  let a = v128.load(dw)
  let b = v128.load(dw + row)
  let c = v128.load(dw + row * 2)
  let d = v128.load(dw + row * 3)
  let e = v128.load(dw + row * 4)
  let f = v128.load(dw + row * 5)
  let g = v128.load(dw + row * 6)
  let h = v128.load(dw + row * 7)
  for (; dz < end; x += xRow, dz += row) {
    const z = v128.load(dz)
    a = madd(v128.load32_splat(x), z, a)
    b = madd(v128.load32_splat(x, 4), z, b)
    c = madd(v128.load32_splat(x, 8), z, c)
    d = madd(v128.load32_splat(x, 12), z, d)
    e = madd(v128.load32_splat(x, 16), z, e)
    f = madd(v128.load32_splat(x, 20), z, f)
    g = madd(v128.load32_splat(x, 24), z, g)
    h = madd(v128.load32_splat(x, 28), z, h)
  }
  v128.store(dw, a)
  v128.store(dw + row, b)
  v128.store(dw + row * 2, c)
  v128.store(dw + row * 3, d)
  v128.store(dw + row * 4, e)
  v128.store(dw + row * 5, f)
  v128.store(dw + row * 6, g)
  v128.store(dw + row * 7, h)
}

function tile1x4(x: usize, xRow: usize, dz: usize, row: usize, dw: usize, end: usize): void {
  let a = v128.load(dw)
  for (; dz < end; x += xRow, dz += row) a = madd(v128.load32_splat(x), v128.load(dz), a)
  v128.store(dw, a)
}

function sumRows(dz: usize, row: usize, db: usize, end: usize): void {
  let a = v128.load(db)
  for (; dz < end; dz += row) a = f32x4.add(a, v128.load(dz))
  v128.store(db, a)
}

export function denseGradients(
  x: usize, xStride: usize, dz: usize, rows: usize, inputs: usize, columns: usize, dw: usize, db: usize,
): void {
  const xRow = xStride << 2
  const row = columns << 2
  const end = dz + rows * row
  const wide = row & ~31
  const inputs4 = inputs & ~3
  const inputs8 = inputs & ~7
  for (let i: usize = 0; i < inputs4; i += 4) {
    for (let c: usize = 0; c < wide; c += 32) tile4x8(x + (i << 2), xRow, dz + c, row, dw + i * row + c, end)
  }
  for (let i = inputs4; i < inputs; i++) {
    for (let c: usize = 0; c < wide; c += 16) tile1x4(x + (i << 2), xRow, dz + c, row, dw + i * row + c, end)
  }
  if (wide < row) {
    for (let i: usize = 0; i < inputs8; i += 8) tile8x4(x + (i << 2), xRow, dz + wide, row, dw + i * row + wide, end)
    for (let i = inputs8; i < inputs; i++) tile1x4(x + (i << 2), xRow, dz + wide, row, dw + i * row + wide, end)
  }
  for (let c: usize = 0; c < row; c += 16) sumRows(dz + c, row, db + c, end)
}
