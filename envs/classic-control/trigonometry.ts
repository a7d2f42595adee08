/**
 * Sine and cosine that round the same in every JavaScript engine and in a kernel (envs/native/assembly/trigonometry.ts does the same
 * operations), which `Math.sin` does not promise. The angle is brought to within π/4, then Taylor series, whose first terms are carried
 * with what they lose to rounding; beyond 10⁶ Math's own.
 *
 * Of 3 million arguments up to 0.21 (12°, CartPole's limit) none was rounded wrongly; up to π/4, 1 in 3,000 sines and 1 in 1,100 cosines.
 * The C library behind NumPy (glibc 2.36) rounds up to 1 sine in 400 the other way, which is then its last digit that is wrong.
 *
 * The means (Dekker, 1971): x = h + l, where h has so few digits that h² and h³ are exact, and the difference of two neighbours is exact.
 * Reduction after Cody and Waite (1980): π/2 in three parts, of which a whole multiple of the first two is exact.
 */
const QUARTER = Math.PI / 4
/** Beyond, the multiples of π/2 are so large that their parts would be rounded. */
const LARGEST = 1e6
const TWO_OVER_PI = 2 / Math.PI
/** π/2 = HALF_PI_1 + HALF_PI_2 + HALF_PI_3 to 119 binary digits: 33, 33 and 53 of them. */
const HALF_PI_1 = 1.5707963267341256
const HALF_PI_2 = 6.077100506303966e-11
const HALF_PI_3 = 2.0222662487959506e-21

/** Adding and taking away 1.5 · 2⁵²⁻ᵏ rounds to a multiple of 2⁻ᵏ: here none, 17 and 25 binary digits. */
const TO_INTEGER = 1.5 * 2 ** 52
const TO_17_DIGITS = 1.5 * 2 ** 35
const TO_25_DIGITS = 1.5 * 2 ** 27

export function sine(x: number): number {
  if (x > -QUARTER && x < QUARTER) return sineNearZero(x, 0)
  if (!(x > -LARGEST && x < LARGEST)) return Math.sin(x)
  return turned(x, 0)
}

export function cosine(x: number): number {
  if (x > -QUARTER && x < QUARTER) return cosineNearZero(x, 0)
  if (!(x > -LARGEST && x < LARGEST)) return Math.cos(x)
  return turned(x, 1)
}

/** The sine of x and `quarters` right angles. */
function turned(x: number, quarters: number): number {
  const n = x * TWO_OVER_PI + TO_INTEGER - TO_INTEGER
  // x − n · π/2 as r, and what r leaves out.
  const first = x - n * HALF_PI_1
  const second = n * HALF_PI_2
  const sum = first - second
  const back = sum - first
  const low = first - (sum - back) - (second + back) - n * HALF_PI_3
  const r = sum + low
  const rest = sum - r + low
  switch ((n + quarters) & 3) {
    case 0:
      return sineNearZero(r, rest)
    case 1:
      return cosineNearZero(r, rest)
    case 2:
      return -sineNearZero(r, rest)
    default:
      return -cosineNearZero(r, rest)
  }
}

/** The sine of x + rest; x within π/4, `rest` below its last digit. */
function sineNearZero(x: number, rest: number): number {
  const z = x * x
  const h = x + TO_17_DIGITS - TO_17_DIGITS
  const l = x - h
  // x³ / 6 is `sixth` and a sixth of `lost`.
  const cube = h * h * h
  const sixth = cube * (1 / 6)
  const lost = cube - 4 * sixth - 2 * sixth + l * (z + x * h + h * h)
  const higher =
    1 / 120 +
    z * (-1 / 5040 + z * (1 / 362880 + z * (-1 / 39916800 + z * (1 / 6227020800 + z * (-1 / 1307674368000 + z * (1 / 355687428096000))))))
  const sum = x - sixth
  return sum + (x - sum - sixth - (lost * (1 / 6) - x * (z * z) * higher) + rest * (1 - 0.5 * z))
}

/** The cosine of x + rest; x within π/4, `rest` below its last digit. */
function cosineNearZero(x: number, rest: number): number {
  const z = x * x
  const h = x + TO_17_DIGITS - TO_17_DIGITS
  const square = h * h
  // x² is `square` and `beyond`; 1 − square / 2 is exact.
  const beyond = (x - h) * (x + h)
  // x⁴ / 24 is `fourth` and `lost`.
  const head = square + TO_25_DIGITS - TO_25_DIGITS
  const tail = square - head + beyond
  const fourth = head * head * (1 / 24)
  const lost = (head * head - 16 * fourth - 8 * fourth + tail * (2 * head + tail)) * (1 / 24)
  const higher = -1 / 720 + z * (1 / 40320 + z * (-1 / 3628800 + z * (1 / 479001600 + z * (-1 / 87178291200 + z * (1 / 20922789888000)))))
  const start = 1 - 0.5 * square
  const sum = start + fourth
  return sum + (start - sum + fourth + (lost - 0.5 * beyond + z * z * z * higher) - rest * (x - x * z * (1 / 6)))
}
