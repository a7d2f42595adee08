/**
 * Four rows of logits [n, k] at a time, a row a lane, so that rows of two classes fill the vectors as well as rows of eighteen do.
 * At the end of the batch the last row stands in the idle lanes: whatever is stored for it twice is the same twice.
 */
import { exp4, log4 } from './math'

/** The row that lane `lane` of the group at row r works on. */
// @ts-ignore: decorator
@inline
export function rowOfLane(r: i32, lane: i32, n: i32): i32 {
  return min(r + lane, n - 1)
}

/** One float of each of four rows: [a], [b], [c], [d]. */
// @ts-ignore: decorator
@inline
export function gather4(a: usize, b: usize, c: usize, d: usize): v128 {
  let v = v128.load32_zero(a)
  v = v128.load_lane<f32>(b, v, 1)
  v = v128.load_lane<f32>(c, v, 2)
  return v128.load_lane<f32>(d, v, 3)
}

// @ts-ignore: decorator
@inline
export function scatter4(value: v128, a: usize, b: usize, c: usize, d: usize): void {
  v128.store_lane<f32>(a, value, 0)
  v128.store_lane<f32>(b, value, 1)
  v128.store_lane<f32>(c, value, 2)
  v128.store_lane<f32>(d, value, 3)
}

/** One float of the rows r … r+3 of a column. */
// @ts-ignore: decorator
@inline
export function column4(values: usize, r: i32, n: i32): v128 {
  if (r + 4 <= n) return v128.load(values + (<usize>r << 2))
  return gather4(
    values + (<usize>rowOfLane(r, 0, n) << 2),
    values + (<usize>rowOfLane(r, 1, n) << 2),
    values + (<usize>rowOfLane(r, 2, n) << 2),
    values + (<usize>rowOfLane(r, 3, n) << 2),
  )
}

// @ts-ignore: decorator
@inline
export function storeColumn4(value: v128, values: usize, r: i32, n: i32): void {
  if (r + 4 <= n) v128.store(values + (<usize>r << 2), value)
  else {
    scatter4(
      value,
      values + (<usize>rowOfLane(r, 0, n) << 2),
      values + (<usize>rowOfLane(r, 1, n) << 2),
      values + (<usize>rowOfLane(r, 2, n) << 2),
      values + (<usize>rowOfLane(r, 3, n) << 2),
    )
  }
}

/** maxⱼ of four rows; `end` is the end of row a. NaN when the first logit is NaN, else NaN is passed over (Σ exp shows it). */
// @ts-ignore: decorator
@inline
export function max4(a: usize, b: usize, c: usize, d: usize, end: usize): v128 {
  let max = gather4(a, b, c, d)
  for (a += 4, b += 4, c += 4, d += 4; a < end; a += 4, b += 4, c += 4, d += 4) max = f32x4.pmax(max, gather4(a, b, c, d))
  return max
}

/** Σⱼ exp(logitⱼ - max) of four rows. */
// @ts-ignore: decorator
@inline
export function sumExp4(a: usize, b: usize, c: usize, d: usize, end: usize, max: v128): v128 {
  let sum = f32x4.splat(0)
  for (; a < end; a += 4, b += 4, c += 4, d += 4) sum = f32x4.add(sum, exp4(f32x4.sub(gather4(a, b, c, d), max)))
  return sum
}

/** ln Σⱼ exp(logitⱼ - max) of four rows. */
// @ts-ignore: decorator
@inline
export function logSumExp4(a: usize, b: usize, c: usize, d: usize, end: usize, max: v128): v128 {
  return log4(sumExp4(a, b, c, d, end, max))
}
