/** Arithmetic that is float32 in NumPy, on doubles. */

/** Both lanes rounded to float32. */
// @ts-ignore: decorator
@inline
export function fround(x: v128): v128 {
  return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(x))
}

/** x within ± bound. */
// @ts-ignore: decorator
@inline
export function clipped(x: v128, low: v128, high: v128): v128 {
  return f64x2.pmin(f64x2.pmax(x, low), high)
}
