import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cosine, sine } from '../../envs/classic-control/trigonometry.js'

/** Fixed-point numbers with so many binary digits that every double used here is exact. */
const DIGITS = 400n
const view = new DataView(new ArrayBuffer(8))

function fixed(x: number): bigint {
  view.setFloat64(0, Math.abs(x))
  const bits = view.getBigUint64(0)
  const mantissa = (bits & (2n ** 52n - 1n)) | (2n ** 52n)
  const value = mantissa << (DIGITS + (bits >> 52n) - 1075n)
  return x < 0 ? -value : value
}

/** The Taylor series, from x (sine) or from 1 (cosine), until its terms vanish. */
function series(x: number, ofCosine: boolean): bigint {
  const exact = fixed(x)
  const square = (exact * exact) >> DIGITS
  let term = ofCosine ? 1n << DIGITS : exact
  let sum = term
  for (let k = ofCosine ? 1n : 2n; term !== 0n && k < 600n; k += 2n) {
    term = -((term * square) >> DIGITS) / (k * (k + 1n))
    sum += term
  }
  return sum
}

/** Whether neither neighbour of the double is nearer to the exact value. */
function isNearest(value: number, exact: bigint): boolean {
  const off = (other: number) => (fixed(other) > exact ? fixed(other) - exact : exact - fixed(other))
  const neighbours = new Float64Array([value, value])
  const bits = new BigInt64Array(neighbours.buffer)
  bits[0]!--
  bits[1]!++
  return neighbours.every((neighbour) => off(value) <= off(neighbour))
}

test('sine and cosine are rounded correctly over the angles of a CartPole', () => {
  for (let i = 0; i < 4000; i++) {
    // Spread evenly by the golden ratio, with all digits in use.
    const x = 0.21 * (2 * ((i * 0.6180339887498949) % 1) - 1) || 1e-9
    assert.ok(isNearest(sine(x), series(x, false)), `sine(${x}) = ${sine(x)}`)
    assert.ok(isNearest(cosine(x), series(x, true)), `cosine(${x}) = ${cosine(x)}`)
  }
})

test('over many turns all but a few in a thousand are rounded correctly, and none is off by more than one digit', () => {
  let wrong = 0
  for (let i = 0; i < 4000; i++) {
    const x = 90 * (2 * ((i * 0.6180339887498949) % 1) - 1)
    if (!isNearest(sine(x), series(x, false))) wrong++
    if (!isNearest(cosine(x), series(x, true))) wrong++
  }
  assert.ok(wrong <= 16, `${wrong} of 8,000`)
})

test('sine and cosine keep signs, and are off by one last digit at most up to a quarter of pi and beyond', () => {
  assert.is(sine(0), 0)
  assert.is(cosine(0), 1)
  assert.is(sine(5e-324), 5e-324)
  for (let x = -7; x < 7; x += 0.00917) {
    assert.is(sine(-x), -sine(x))
    assert.is(cosine(-x), cosine(x))
    assert.ok(Math.abs(sine(x) - Math.sin(x)) <= 2 ** -53 && Math.abs(cosine(x) - Math.cos(x)) <= 2 ** -53, String(x))
  }
  for (const x of [Number.NaN, Infinity]) assert.ok(Number.isNaN(sine(x)) && Number.isNaN(cosine(x)))
})

test.run()
