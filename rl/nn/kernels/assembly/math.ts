/** Elementary functions on four float32 lanes. NaN stays NaN in each. */

/**
 * tanh(x) = x P(x²) / Q(x²), P and Q of degree 4: a minimax fit of the relative error (Lawson's iteratively reweighted least squares
 * on Chebyshev nodes) on |x| ≤ 8.2, beyond which tanh is within 1.5e-7 of ±1. The fit is good to 9e-9. Evaluated in float32 the relative
 * error is 5e-8 in the root mean square and 3.4e-7 at worst (all floats were tried); 49 of them give ±(1 + 2⁻²³), which does no harm.
 */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  // pmin and pmax are one instruction each on x64 (min and max are six) and hand a NaN in their first argument through.
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(8.2)), f32x4.splat(-8.2))
  const z = f32x4.mul(x, x)
  let p = f32x4.add(f32x4.mul(z, f32x4.splat(2.6724464419203287e-8)), f32x4.splat(0.000038963891711318865))
  let q = f32x4.add(f32x4.mul(z, f32x4.splat(0.0000015073569556989241)), f32x4.splat(0.0006098227459006011))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.00640480499714613))
  q = f32x4.add(f32x4.mul(q, z), f32x4.splat(0.04701528698205948))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.24188296496868134))
  q = f32x4.add(f32x4.mul(q, z), f32x4.splat(0.8421428799629211))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.800780177116394))
  q = f32x4.add(f32x4.mul(q, z), f32x4.splat(1.800780177116394))
  return f32x4.div(f32x4.mul(x, p), q)
}

/**
 * eˣ for x in [-87, 88], clamped outside: x = n ln 2 + r with |r| ≤ ln 2 / 2 (Cody and Waite's two-part ln 2), the Taylor series of
 * eʳ to r⁷ (its remainder is under 6e-9), times 2ⁿ by adding n to the exponent. Relative error at most 2e-7.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(88)), f32x4.splat(-87))
  // Adding 1.5 · 2²³ rounds to the nearest integer and leaves it in the low bits.
  const magic = f32x4.splat(12582912)
  const shifted = f32x4.add(f32x4.mul(x, f32x4.splat(1.4426950408889634)), magic)
  const n = f32x4.sub(shifted, magic)
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375))), f32x4.mul(n, f32x4.splat(-2.12194440e-4)))
  let p = f32x4.add(f32x4.mul(r, f32x4.splat(1.0 / 5040.0)), f32x4.splat(1.0 / 720.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 120.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 24.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 6.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1))
  return i32x4.add(p, i32x4.shl(shifted, 23))
}

/**
 * ln x for positive normal x: x = 2ᵉ m with m in [√½, √2), and ln m = 2 artanh(s), s = (m - 1) / (m + 1), by its series to s⁹ (the
 * remainder is under 2e-9). Error at most 1.5e-7 relative or 6e-8 absolute.
 */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const e = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23)
  const f = f32x4.sub(i32x4.sub(x, i32x4.shl(e, 23)), f32x4.splat(1))
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2)))
  const z = f32x4.mul(s, s)
  let p = f32x4.add(f32x4.mul(z, f32x4.splat(2.0 / 9.0)), f32x4.splat(2.0 / 7.0))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.0 / 5.0))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.0 / 3.0))
  // ln m = 2s + s z p, and 2s = f - s f holds f's exact part.
  const tail = f32x4.mul(s, f32x4.sub(f32x4.mul(z, p), f))
  const n = f32x4.convert_i32x4_s(e)
  const low = f32x4.add(f32x4.mul(n, f32x4.splat(-2.12194440e-4)), tail)
  const result = f32x4.add(f32x4.add(low, f), f32x4.mul(n, f32x4.splat(0.693359375)))
  return f32x4.add(result, f32x4.sub(x, x))
}

/** The sum of four lanes, in a fixed order. */
// @ts-ignore: decorator
@inline
export function sumLanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
}
