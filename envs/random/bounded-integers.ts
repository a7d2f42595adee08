/**
 * Integers in a range without bias: Lemire's multiplication ("Fast Random Integer Generation in an Interval", 2019) as NumPy does it.
 * Ranges that fit 32 bits take 32-bit draws whatever the dtype, except that 8- and 16-bit dtypes share the bits of a draw within a call.
 */
import { InvalidBound } from '../errors.js'
import type { PCG64 } from './pcg64.js'

const LIMITS = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
} as const

export type IntegerDtype = keyof typeof LIMITS

const TWO_32 = 4294967296

/** An integer in [0, range], range < 2³². */
export function lemire32(bits: PCG64, range: number): number {
  if (range === 0) return 0
  if (range === 0xffffffff) return bits.next32()
  const exclusive = range + 1
  let draw = bits.next32()
  let low = Math.imul(draw, exclusive) >>> 0
  if (low < exclusive) {
    const threshold = (0xffffffff - range) % exclusive
    while (low < threshold) {
      draw = bits.next32()
      low = Math.imul(draw, exclusive) >>> 0
    }
  }
  // The high word of the product; see pcg64.ts for why the rounding of the double does not matter.
  return ((draw * exclusive - low) / TWO_32 + 0.5) >>> 0
}

/** An integer in [0, range] by masking and rejection, which NumPy keeps for its shuffles. */
export function maskedInterval(bits: PCG64, range: number): number {
  if (range === 0) return 0
  const mask = 0xffffffff >>> Math.clz32(range)
  let draw: number
  do draw = (bits.next32() & mask) >>> 0
  while (draw > range)
  return draw
}

/** An integer in [0, range], range < 2⁶⁴. Only ranges beyond 32 bits pay for BigInt. */
export function lemire64(bits: PCG64, range: bigint): bigint {
  if (range <= 0xffffffffn) return BigInt(lemire32(bits, Number(range)))
  const next = () => {
    bits.next64()
    return (BigInt(bits.high) << 32n) | BigInt(bits.low)
  }
  if (range === 0xffffffffffffffffn) return next()
  const exclusive = range + 1n
  const threshold = (0xffffffffffffffffn - range) % exclusive
  for (;;) {
    const product = next() * exclusive
    if ((product & 0xffffffffffffffffn) >= threshold) return product >> 64n
  }
}

/** Hands out the 8- or 16-bit parts of 32-bit draws, low part first; what is left over at the end of a call is lost, as in NumPy. */
class SharedDraw {
  #buffer = 0
  #left = 0

  constructor(
    readonly bits: PCG64,
    readonly width: 8 | 16,
  ) {}

  next(): number {
    if (this.#left === 0) {
      this.#buffer = this.bits.next32()
      this.#left = 32 / this.width
    } else this.#buffer >>>= this.width
    this.#left--
    return this.#buffer & (2 ** this.width - 1)
  }

  bounded(range: number): number {
    const most = 2 ** this.width - 1
    if (range === 0) return 0
    if (range === most) return this.next()
    const exclusive = range + 1
    let product = this.next() * exclusive
    if ((product & most) < exclusive) {
      const threshold = (most - range) % exclusive
      while ((product & most) < threshold) product = this.next() * exclusive
    }
    return product >>> this.width
  }
}

function checkedRange(low: number, high: number, dtype: IntegerDtype): number {
  const limits = LIMITS[dtype]
  if (!limits) throw new InvalidBound(`integers knows the dtypes ${Object.keys(LIMITS).join(', ')}, got ${dtype}`)
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high)) {
    throw new InvalidBound(`integers needs whole numbers below 2^53, got low=${low}, high=${high}; beyond that use bigIntegers`)
  }
  if (low >= high) throw new InvalidBound(`integers needs low < high, got low=${low}, high=${high}`)
  if (low < limits[0] || high - 1 > limits[1]) {
    throw new InvalidBound(`[${low}, ${high}) does not fit ${dtype}, whose values go from ${limits[0]} to ${limits[1]}`)
  }
  return high - 1 - low
}

function drawer(bits: PCG64, dtype: IntegerDtype): (range: number) => number {
  if (dtype === 'int8' || dtype === 'uint8' || dtype === 'int16' || dtype === 'uint16') {
    const shared = new SharedDraw(bits, dtype.endsWith('8') ? 8 : 16)
    return (range) => shared.bounded(range)
  }
  return (range) => (range < TWO_32 ? lemire32(bits, range) : Number(lemire64(bits, BigInt(range))))
}

export function boundedInteger(bits: PCG64, low: number, high: number, dtype: IntegerDtype): number {
  const range = checkedRange(low, high, dtype)
  if (dtype === 'int64' && range < TWO_32) return low + lemire32(bits, range)
  return low + drawer(bits, dtype)(range)
}

/** An empty array for a dtype; 64-bit integers get doubles, which hold every safe integer. */
function outputArray(dtype: IntegerDtype, size: number) {
  switch (dtype) {
    case 'int8':
      return new Int8Array(size)
    case 'uint8':
      return new Uint8Array(size)
    case 'int16':
      return new Int16Array(size)
    case 'uint16':
      return new Uint16Array(size)
    case 'int32':
      return new Int32Array(size)
    case 'uint32':
      return new Uint32Array(size)
    default:
      return new Float64Array(size)
  }
}

export function boundedIntegers(bits: PCG64, low: number, high: number, size: number, dtype: IntegerDtype) {
  const range = checkedRange(low, high, dtype)
  const draw = drawer(bits, dtype)
  const values = outputArray(dtype, size)
  for (let i = 0; i < size; i++) values[i] = low + draw(range)
  return values
}

/** Bytes, number i below `above[i mod above.length]`, with the bits of a draw shared as NumPy shares them within one call. */
export function boundedBytes(bits: PCG64, above: readonly number[], size: number): Uint8Array {
  const ranges = above.map((high) => checkedRange(0, high, 'uint8'))
  const draw = drawer(bits, 'uint8')
  const values = new Uint8Array(size)
  for (let i = 0; i < size; i++) values[i] = draw(ranges[i % ranges.length]!)
  return values
}
