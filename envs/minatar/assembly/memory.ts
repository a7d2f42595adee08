/** What the rules of the games name without importing (portable.d.ts), as places in this module's memory. */

// @ts-ignore: decorator
@global
class Words {
  // @ts-ignore: decorator
  @inline @operator('[]')
  get(i: i32): i32 {
    return load<i32>(changetype<usize>(this) + (<usize>i << 2))
  }

  // @ts-ignore: decorator
  @inline @operator('[]=')
  set(i: i32, value: i32): void {
    store<i32>(changetype<usize>(this) + (<usize>i << 2), value)
  }
}

// @ts-ignore: decorator
@global
class Bytes {
  // @ts-ignore: decorator
  @inline @operator('[]')
  get(i: i32): i32 {
    return load<u8>(changetype<usize>(this) + <usize>i)
  }

  // @ts-ignore: decorator
  @inline @operator('[]=')
  set(i: i32, value: i32): void {
    store<u8>(changetype<usize>(this) + <usize>i, <u8>value)
  }
}

const KEY_WORDS: i32 = 624
const SHIFT: i32 = 397
const UPPER: u32 = 0x80000000
const LOWER: u32 = 0x7fffffff
const TWIST: u32 = 0x9908b0df

/** NumPy's RandomState as in envs/random/random-state.ts: 624 words, then how many of them are used up. */
// @ts-ignore: decorator
@global
class Draws {
  // @ts-ignore: decorator
  @inline
  private key(i: i32): u32 {
    return load<u32>(changetype<usize>(this) + (<usize>i << 2))
  }

  // @ts-ignore: decorator
  @inline
  private put(i: i32, value: u32): void {
    store<u32>(changetype<usize>(this) + (<usize>i << 2), value)
  }

  // @ts-ignore: decorator
  @inline
  private mixed(i: i32, next: i32): u32 {
    const y = (this.key(i) & UPPER) | (this.key(next) & LOWER)
    return (y >> 1) ^ (TWIST & -(y & 1))
  }

  private twist(): void {
    let i = 0
    for (; i < KEY_WORDS - SHIFT; i++) this.put(i, this.key(i + SHIFT) ^ this.mixed(i, i + 1))
    for (; i < KEY_WORDS - 1; i++) this.put(i, this.key(i + SHIFT - KEY_WORDS) ^ this.mixed(i, i + 1))
    this.put(i, this.key(SHIFT - 1) ^ this.mixed(i, 0))
    this.put(KEY_WORDS, 0)
  }

  uint32(): u32 {
    if (<i32>this.key(KEY_WORDS) === KEY_WORDS) this.twist()
    const at = this.key(KEY_WORDS)
    this.put(KEY_WORDS, at + 1)
    let y = this.key(<i32>at)
    y ^= y >> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return y ^ (y >> 18)
  }

  random(): f64 {
    const high = <f64>(this.uint32() >> 5)
    const low = <f64>(this.uint32() >> 6)
    return (high * 67108864.0 + low) / 9007199254740992.0
  }

  randint(low: i32, high: i32): i32 {
    const range = <u32>(high - 1 - low)
    if (range === 0) return low
    const mask = <u32>0xffffffff >> clz<u32>(range)
    let value = this.uint32() & mask
    while (value > range) value = this.uint32() & mask
    return low + <i32>value
  }
}

export {}
