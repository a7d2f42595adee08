/**
 * PCG64 as in ../../random/pcg64.ts, with 64-bit integers. A stream is 48 bytes: the first ten words there (state, increment, whether half of
 * a draw waits, that half), and two that are not used.
 */
const MULTIPLIER_LOW: u64 = 0x4385df649fccf645
const MULTIPLIER_HIGH: u64 = 0x2360ed051fc65da4
const MASK_32: u64 = 0xffffffff

export function next64(stream: usize): u64 {
  const low = load<u64>(stream)
  const high = load<u64>(stream, 8)
  const a0 = low & MASK_32
  const a1 = low >> 32
  const m0 = MULTIPLIER_LOW & MASK_32
  const m1 = MULTIPLIER_LOW >> 32
  const p00 = a0 * m0
  const p01 = a0 * m1
  const p10 = a1 * m0
  const middle = (p00 >> 32) + (p01 & MASK_32) + (p10 & MASK_32)
  const carried = a1 * m1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32)
  const increment = load<u64>(stream, 16)
  const product = low * MULTIPLIER_LOW
  const nextLow = product + increment
  const nextHigh = carried + low * MULTIPLIER_HIGH + high * MULTIPLIER_LOW + load<u64>(stream, 24) + u64(nextLow < product)
  store<u64>(stream, nextLow)
  store<u64>(stream, nextHigh, 8)
  return rotr(nextHigh ^ nextLow, <u64>(nextHigh >> 58))
}

/** A double in [0, 1) from the upper 53 of 64 bits. */
// @ts-ignore: decorator
@inline
export function nextDouble(stream: usize): f64 {
  return <f64>(next64(stream) >> 11) * 1.1102230246251565e-16
}

// @ts-ignore: decorator
@inline
export function uniform(stream: usize, low: f64, high: f64): f64 {
  return low + (high - low) * nextDouble(stream)
}

/** The low half of a draw, then its high half, which waits meanwhile. */
export function next32(stream: usize): u32 {
  if (load<u32>(stream, 32)) {
    store<u32>(stream, 0, 32)
    return load<u32>(stream, 36)
  }
  const draw = next64(stream)
  store<u32>(stream, 1, 32)
  store<u32>(stream, <u32>(draw >> 32), 36)
  return <u32>draw
}

/** An integer below `count`, by Lemire's multiplication. */
export function integerBelow(stream: usize, count: u32): u32 {
  let product = <u64>next32(stream) * <u64>count
  if (<u32>product < count) {
    const threshold: u32 = (<u32>0 - count) % count
    while (<u32>product < threshold) product = <u64>next32(stream) * <u64>count
  }
  return <u32>(product >> 32)
}
