/**
 * PCG64, NumPy's default bit generator: a 128-bit linear congruential generator whose output is folded and rotated
 * (XSL-RR; O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms", 2014, §6.3).
 *
 * JavaScript has no 128-bit integers and a BigInt costs 0.4 µs a draw, so the state is four 32-bit limbs. The low half of a
 * product of limbs is `Math.imul`; the high half is `(a × m − low) / 2³²` in doubles: the product is rounded to 53 bits, an error
 * below 2⁻²⁰ after the division, so the integer is found again by adding ½ and truncating once for each column of the sum.
 *
 * All of the state is in `words`, twelve 32-bit numbers, so that a kernel with shared memory could go on from it:
 *
 *     0–3 state, least significant first · 4–7 increment · 8 has a buffered half · 9 the buffered half · 10, 11 last output (low, high)
 */
import { EnvError } from '../errors.js'
import { shown } from '../shown.js'
import { integerFromState } from '../state.js'

const M0 = 0x9fccf645
const M1 = 0x4385df64
const M2 = 0x1fc65da4
const M3 = 0x2360ed05
const HIGH = 2 ** -32
const MASK_128 = (1n << 128n) - 1n
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n

const HAS_HALF = 8
const HALF = 9
const LOW = 10
const HI = 11

/** What `getState` gives: NumPy's `bit_generator.state`, with the two 128-bit integers in hexadecimal so that it survives JSON. */
export interface PCG64State {
  bitGenerator: 'PCG64'
  state: string
  inc: string
  hasUint32: 0 | 1
  uinteger: number
}

export class PCG64 {
  readonly words = new Uint32Array(12)

  /** Starts as NumPy does from `SeedSequence.generate_state(4, uint64)`: `seed` is those four as eight 32-bit words, low half first. */
  constructor(seed: Uint32Array) {
    const word64 = (i: number) => (BigInt(seed[2 * i + 1]!) << 32n) | BigInt(seed[2 * i]!)
    const start = (word64(0) << 64n) | word64(1)
    const inc = ((((word64(2) << 64n) | word64(3)) << 1n) | 1n) & MASK_128
    this.#write(0, ((inc + start) * MULTIPLIER + inc) & MASK_128)
    this.#write(4, inc)
  }

  /** Draws 64 bits; they are in `low` and `high` until the next draw. */
  next64(): void {
    const words = this.words
    const a0 = words[0]!
    const a1 = words[1]!
    const a2 = words[2]!
    const low00 = Math.imul(a0, M0) >>> 0
    const low01 = Math.imul(a0, M1) >>> 0
    const low10 = Math.imul(a1, M0) >>> 0
    const low02 = Math.imul(a0, M2) >>> 0
    const low11 = Math.imul(a1, M1) >>> 0
    const low20 = Math.imul(a2, M0) >>> 0
    const column0 = low00 + words[4]!
    const column1 = low01 + low10 + words[5]! + (a0 * M0 - low00 + column0 - (column0 >>> 0)) * HIGH + 0.5
    const r1 = column1 >>> 0
    const column2 = low02 + low11 + low20 + words[6]! + (a0 * M1 - low01 + (a1 * M0 - low10) + column1 - 0.5 - r1) * HIGH + 0.5
    const r2 = column2 >>> 0
    const carry3 = (a0 * M2 - low02 + (a1 * M1 - low11) + (a2 * M0 - low20) + column2 - 0.5 - r2) * HIGH + 0.5
    const top = Math.imul(a0, M3) + Math.imul(a1, M2) + Math.imul(a2, M1) + Math.imul(words[3]!, M0)
    const r0 = column0 >>> 0
    const r3 = (top + words[7]! + Math.floor(carry3)) >>> 0
    words[0] = r0
    words[1] = r1
    words[2] = r2
    words[3] = r3
    // The two halves folded together, then rotated right by the top six bits: swap the words for 32, then shift the rest.
    // (x << 1) << (31 - k) is x << (32 - k) that is also right for k = 0.
    const swap = (r0 ^ r2 ^ r1 ^ r3) & -(r3 >>> 31)
    const low = r0 ^ r2 ^ swap
    const high = r1 ^ r3 ^ swap
    const k = (r3 >>> 26) & 31
    words[LOW] = (low >>> k) | ((high << 1) << (31 - k))
    words[HI] = (high >>> k) | ((low << 1) << (31 - k))
  }

  get low(): number {
    return this.words[LOW]!
  }

  get high(): number {
    return this.words[HI]!
  }

  /** 32 bits: the low half of a 64-bit draw, then its high half, which waits in the buffer. */
  next32(): number {
    const words = this.words
    if (words[HAS_HALF] === 1) {
      words[HAS_HALF] = 0
      return words[HALF]!
    }
    this.next64()
    words[HAS_HALF] = 1
    words[HALF] = words[HI]!
    return words[LOW]!
  }

  /** A double in [0, 1) from the upper 53 of 64 bits. */
  nextDouble(): number {
    this.next64()
    return (this.words[HI]! * 2097152 + (this.words[LOW]! >>> 11)) * 1.1102230246251565e-16
  }

  getState(): PCG64State {
    return {
      bitGenerator: 'PCG64',
      state: `0x${this.#read(0).toString(16)}`,
      inc: `0x${this.#read(4).toString(16)}`,
      hasUint32: this.words[HAS_HALF] === 1 ? 1 : 0,
      uinteger: this.words[HALF]!,
    }
  }

  /** @throws EnvError when `state` is not what `getState` gives. */
  setState(state: PCG64State): void {
    if (state?.bitGenerator !== 'PCG64' || typeof state.state !== 'string' || typeof state.inc !== 'string') {
      throw new EnvError('ENVS_INVALID_STATE', `not the state of a PCG64: ${shown(state)}; pass what getState() gave`)
    }
    const { hasUint32 } = state
    if ((hasUint32 !== 0 && hasUint32 !== 1) || typeof state.uinteger !== 'number') {
      throw new EnvError(
        'ENVS_INVALID_STATE',
        `a PCG64 has hasUint32 0 or 1 and a number uinteger, got ${shown(hasUint32)}, ${shown(state.uinteger)}`,
      )
    }
    const [whole, increment] = [integerFromState(state.state, 'state'), integerFromState(state.inc, 'inc')]
    this.#write(0, whole)
    this.#write(4, increment)
    this.words[HAS_HALF] = hasUint32
    this.words[HALF] = state.uinteger
  }

  #read(at: number): bigint {
    let value = 0n
    for (let i = 3; i >= 0; i--) value = (value << 32n) | BigInt(this.words[at + i]!)
    return value
  }

  #write(at: number, value: bigint): void {
    for (let i = 0; i < 4; i++) this.words[at + i] = Number((value >> BigInt(32 * i)) & 0xffffffffn)
  }
}
