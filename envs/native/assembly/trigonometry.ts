/**
 * Sine and cosine of two doubles at once: every operation of ../../classic-control/trigonometry.ts in its order, so that the results are
 * the same to the bit. What is explained there is not explained here.
 */
// @ts-ignore: decorator
@external("env", "sin")
declare function engineSine(x: f64): f64
// @ts-ignore: decorator
@external("env", "cos")
declare function engineCosine(x: f64): f64

const LARGEST_NUMBER: f64 = 1e6

// Where each constant is in the table.
const QUARTER = 0
const LARGEST = 1
const TWO_OVER_PI = 2
const HALF_PI_1 = 3
const HALF_PI_2 = 4
const HALF_PI_3 = 5
const TO_INTEGER = 6
const TO_17_DIGITS = 7
const TO_25_DIGITS = 8
const ONE = 9
const TWO = 10
const FOUR = 11
const EIGHT = 12
const SIXTEEN = 13
const HALF = 14
const BY_6 = 15
const BY_24 = 16
const TERM_5 = 17
const TERM_7 = 18
const TERM_9 = 19
const TERM_11 = 20
const TERM_13 = 21
const TERM_15 = 22
const TERM_17 = 23
const TERM_6 = 24
const TERM_8 = 25
const TERM_10 = 26
const TERM_12 = 27
const TERM_14 = 28
const TERM_16 = 29

// @ts-ignore: decorator
@inline
function mul(a: v128, b: v128): v128 {
  return f64x2.mul(a, b)
}
// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 {
  return f64x2.add(a, b)
}
// @ts-ignore: decorator
@inline
function sub(a: v128, b: v128): v128 {
  return f64x2.sub(a, b)
}

/**
 * Constants in both lanes, in memory: one load each. As literals they would be put together from 64-bit halves each time they are used
 * (V8 has no better), which takes longer than the arithmetic.
 */
// prettier-ignore
const TABLE = memory.data<f64>([
  0.7853981633974483, 0.7853981633974483,
  1e6, 1e6,
  2.0 / 3.141592653589793, 2.0 / 3.141592653589793,
  1.5707963267341256, 1.5707963267341256,
  6.077100506303966e-11, 6.077100506303966e-11,
  2.0222662487959506e-21, 2.0222662487959506e-21,
  6755399441055744, 6755399441055744,
  51539607552, 51539607552,
  201326592, 201326592,
  1, 1,
  2, 2,
  4, 4,
  8, 8,
  16, 16,
  0.5, 0.5,
  1.0 / 6.0, 1.0 / 6.0,
  1.0 / 24.0, 1.0 / 24.0,
  1.0 / 120.0, 1.0 / 120.0,
  -1.0 / 5040.0, -1.0 / 5040.0,
  1.0 / 362880.0, 1.0 / 362880.0,
  -1.0 / 39916800.0, -1.0 / 39916800.0,
  1.0 / 6227020800.0, 1.0 / 6227020800.0,
  -1.0 / 1307674368000.0, -1.0 / 1307674368000.0,
  1.0 / 355687428096000.0, 1.0 / 355687428096000.0,
  -1.0 / 720.0, -1.0 / 720.0,
  1.0 / 40320.0, 1.0 / 40320.0,
  -1.0 / 3628800.0, -1.0 / 3628800.0,
  1.0 / 479001600.0, 1.0 / 479001600.0,
  -1.0 / 87178291200.0, -1.0 / 87178291200.0,
  1.0 / 20922789888000.0, 1.0 / 20922789888000.0
], 16)

// @ts-ignore: decorator
@inline
function constant(k: usize): v128 {
  return v128.load(TABLE + (k << 4))
}
/** a + x · b */
// @ts-ignore: decorator
@inline
function horner(a: v128, x: v128, b: v128): v128 {
  return f64x2.add(a, f64x2.mul(x, b))
}

// @ts-ignore: decorator
@inline
function sineNearZero(x: v128, rest: v128, hasRest: bool): v128 {
  const z = mul(x, x)
  const h = sub(add(x, constant(TO_17_DIGITS)), constant(TO_17_DIGITS))
  const l = sub(x, h)
  const hh = mul(h, h)
  const cube = mul(hh, h)
  const sixth = mul(cube, constant(BY_6))
  const lost = add(sub(sub(cube, mul(sixth, constant(FOUR))), mul(sixth, constant(TWO))), mul(l, add(add(z, mul(x, h)), hh)))
  let higher = horner(constant(TERM_15), z, constant(TERM_17))
  higher = horner(constant(TERM_13), z, higher)
  higher = horner(constant(TERM_11), z, higher)
  higher = horner(constant(TERM_9), z, higher)
  higher = horner(constant(TERM_7), z, higher)
  higher = horner(constant(TERM_5), z, higher)
  const sum = sub(x, sixth)
  const small = sub(mul(lost, constant(BY_6)), mul(mul(x, mul(z, z)), higher))
  const below = sub(sub(sub(x, sum), sixth), small)
  return add(sum, hasRest ? add(below, mul(rest, sub(constant(ONE), mul(z, constant(HALF))))) : below)
}

// @ts-ignore: decorator
@inline
function cosineNearZero(x: v128, rest: v128, hasRest: bool): v128 {
  const z = mul(x, x)
  const h = sub(add(x, constant(TO_17_DIGITS)), constant(TO_17_DIGITS))
  const square = mul(h, h)
  const beyond = mul(sub(x, h), add(x, h))
  const head = sub(add(square, constant(TO_25_DIGITS)), constant(TO_25_DIGITS))
  const tail = add(sub(square, head), beyond)
  const hh = mul(head, head)
  const fourth = mul(hh, constant(BY_24))
  const lost = mul(add(sub(sub(hh, mul(fourth, constant(SIXTEEN))), mul(fourth, constant(EIGHT))), mul(tail, add(mul(head, constant(TWO)), tail))), constant(BY_24))
  let higher = horner(constant(TERM_14), z, constant(TERM_16))
  higher = horner(constant(TERM_12), z, higher)
  higher = horner(constant(TERM_10), z, higher)
  higher = horner(constant(TERM_8), z, higher)
  higher = horner(constant(TERM_6), z, higher)
  const start = sub(constant(ONE), mul(square, constant(HALF)))
  const sum = add(start, fourth)
  const small = add(sub(lost, mul(beyond, constant(HALF))), mul(mul(mul(z, z), z), higher))
  const below = add(add(sub(start, sum), fourth), small)
  return add(sum, hasRest ? sub(below, mul(rest, sub(x, mul(mul(x, z), constant(BY_6))))) : below)
}

/** Whether both angles are so small that `sineWithin` and `cosineWithin` may be used: within π/4. */
// @ts-ignore: decorator
@inline
export function bothNearZero(x: v128): bool {
  return i64x2.all_true(f64x2.lt(f64x2.abs(x), constant(QUARTER)))
}

// @ts-ignore: decorator
@inline
export function sineWithin(x: v128): v128 {
  return sineNearZero(x, x, false)
}

// @ts-ignore: decorator
@inline
export function cosineWithin(x: v128): v128 {
  return cosineNearZero(x, x, false)
}

/** The sines of x and x + π/2 land here: the cosines come along for nothing. */
let cosines: v128 = i64x2.splat(0)

/** The sines of any two angles; `lastCosines` has their cosines. */
export function sineAndCosine(x: v128): v128 {
  const n = sub(add(mul(x, constant(TWO_OVER_PI)), constant(TO_INTEGER)), constant(TO_INTEGER))
  const first = sub(x, mul(n, constant(HALF_PI_1)))
  const second = mul(n, constant(HALF_PI_2))
  const sum = sub(first, second)
  const back = sub(sum, first)
  const low = sub(sub(sub(first, sub(sum, back)), add(second, back)), mul(n, constant(HALF_PI_3)))
  const r = add(sum, low)
  const rest = add(sub(sum, r), low)
  const s = sineNearZero(r, rest, true)
  const c = cosineNearZero(r, rest, true)
  // n mod 4 says which of ±s and ±c: odd swaps; 2 and 3 negate the sine, 1 and 2 the cosine. The low bits of n + 1.5 · 2⁵² are n's.
  const bits = add(n, constant(TO_INTEGER))
  const odd = i64x2.neg(v128.and(bits, i64x2.splat(1)))
  const negateSine = i64x2.shl(v128.and(bits, i64x2.splat(2)), 62)
  const negateCosine = i64x2.shl(v128.and(i64x2.add(bits, i64x2.splat(1)), i64x2.splat(2)), 62)
  let sines = v128.xor(v128.bitselect(c, s, odd), negateSine)
  cosines = v128.xor(v128.bitselect(s, c, odd), negateCosine)
  if (!i64x2.all_true(f64x2.lt(f64x2.abs(x), constant(LARGEST)))) sines = withLarge(x, sines)
  return sines
}

// @ts-ignore: decorator
@inline
export function lastCosines(): v128 {
  return cosines
}

export function cosine(x: v128): v128 {
  sineAndCosine(x)
  return cosines
}

function withLarge(x: v128, sines: v128): v128 {
  const a = f64x2.extract_lane(x, 0)
  if (!(abs(a) < LARGEST_NUMBER)) {
    sines = f64x2.replace_lane(sines, 0, engineSine(a))
    cosines = f64x2.replace_lane(cosines, 0, engineCosine(a))
  }
  const b = f64x2.extract_lane(x, 1)
  if (!(abs(b) < LARGEST_NUMBER)) {
    sines = f64x2.replace_lane(sines, 1, engineSine(b))
    cosines = f64x2.replace_lane(cosines, 1, engineCosine(b))
  }
  return sines
}
