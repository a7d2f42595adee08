/** Moving rows of 4-byte elements (floats or integers alike). */

/** out[i] = source[indices[i]]. Returns the first i whose index is outside the source, or -1. */
export function gatherRows(source: usize, sourceRows: u32, indices: usize, out: usize, n: i32, width: usize): i32 {
  const row = width << 2
  const wide = row & ~15
  for (let i = 0; i < n; i++) {
    const index = load<u32>(indices + (<usize>i << 2))
    if (index >= sourceRows) return i
    const from = source + <usize>index * row
    let k: usize = 0
    for (; k < wide; k += 16) v128.store(out + k, v128.load(from + k))
    for (; k < row; k += 4) store<u32>(out + k, load<u32>(from + k))
    out += row
  }
  return -1
}

/** to[i, 0..width] = from[i, 0..width], and zeros in to[i, width..toStride] where the target is wider. */
export function copyRows(from: usize, fromStride: usize, to: usize, toStride: usize, n: usize, width: usize): void {
  const fromRow = fromStride << 2
  const toRow = toStride << 2
  const row = width << 2
  for (const end = from + n * fromRow; from < end; from += fromRow, to += toRow) {
    let k: usize = 0
    for (; k < row; k += 4) store<u32>(to + k, load<u32>(from + k))
    for (; k < toRow; k += 4) store<u32>(to + k, 0)
  }
}

// @ts-ignore: decorator
@inline
function rowOrZero(w: usize, row: usize, i: usize, rows: usize): v128 {
  return i < rows ? v128.load(w + i * row) : f32x4.splat(0)
}

/** wT[columns, rowsPadded] = w[rows, columns]ᵀ; both widths are multiples of 4, and rows beyond `rows` read as zeros. */
export function transpose(w: usize, wT: usize, rows: usize, columns: usize): void {
  const row = columns << 2
  const tRow = ((rows + 3) & ~3) << 2
  for (let i: usize = 0; i < rows; i += 4) {
    for (let c: usize = 0; c < columns; c += 4) {
      const from = w + (c << 2)
      const r0 = rowOrZero(from, row, i, rows)
      const r1 = rowOrZero(from, row, i + 1, rows)
      const r2 = rowOrZero(from, row, i + 2, rows)
      const r3 = rowOrZero(from, row, i + 3, rows)
      const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5)
      const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7)
      const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5)
      const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
      const to = wT + c * tRow + (i << 2)
      v128.store(to, i64x2.shuffle(low01, low23, 0, 2))
      v128.store(to + tRow, i64x2.shuffle(low01, low23, 1, 3))
      v128.store(to + tRow * 2, i64x2.shuffle(high01, high23, 0, 2))
      v128.store(to + tRow * 3, i64x2.shuffle(high01, high23, 1, 3))
    }
  }
}

/** target += source, elementwise. */
export function addInto(target: usize, source: usize, count: usize): void {
  const end = target + (count << 2)
  for (const wide = target + ((count & ~3) << 2); target < wide; target += 16, source += 16) {
    v128.store(target, f32x4.add(v128.load(target), v128.load(source)))
  }
  for (; target < end; target += 4, source += 4) store<f32>(target, load<f32>(target) + load<f32>(source))
}
