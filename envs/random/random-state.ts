/**
 * NumPy's legacy generator, `numpy.random.RandomState(seed)`: the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), seeded as in
 * their `init_genrand`. Only older packages still draw from it; MinAtar does.
 */
import { EnvError } from '../errors.js'
import { shown } from '../shown.js'
import { invalidState, isSavedObject } from '../state.js'

/** Words of the generator's state. */
export const KEY_WORDS = 624
const SHIFT = 397
const UPPER = 0x80000000
const LOWER = 0x7fffffff
const TWIST = 0x9908b0df
const MAX_SEED = 2 ** 32 - 1

/** JSON-able: the 624 words, and how many of them are used up. */
export interface LegacyRandomState {
  key: number[]
  position: number
}

export class RandomState {
  readonly #key = new Uint32Array(KEY_WORDS)
  #position = KEY_WORDS

  /** @throws EnvError (ENVS_INVALID_SEED) for a seed outside 0 to 2³² − 1, as NumPy refuses it */
  constructor(seed: number | bigint) {
    this.seed(seed)
  }

  /** Starts anew. @throws EnvError (ENVS_INVALID_SEED) */
  seed(seed: number | bigint): void {
    const value = typeof seed === 'bigint' ? Number(seed) : seed
    if (!Number.isInteger(value) || value < 0 || value > MAX_SEED) {
      throw new EnvError(
        'ENVS_INVALID_SEED',
        `this environment draws from NumPy's RandomState, whose seed is 0 to 2^32 - 1; got ${shown(seed)}`,
      )
    }
    const key = this.#key
    key[0] = value
    for (let i = 1; i < KEY_WORDS; i++) {
      const before = key[i - 1]!
      key[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i
    }
    this.#position = KEY_WORDS
  }

  /** 32 random bits. */
  uint32(): number {
    if (this.#position === KEY_WORDS) this.#twist()
    let y = this.#key[this.#position++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  #twist(): void {
    const key = this.#key
    const mixed = (i: number, next: number) => {
      const y = (key[i]! & UPPER) | (key[next]! & LOWER)
      return (y >>> 1) ^ (y & 1 ? TWIST : 0)
    }
    let i = 0
    for (; i < KEY_WORDS - SHIFT; i++) key[i] = key[i + SHIFT]! ^ mixed(i, i + 1)
    for (; i < KEY_WORDS - 1; i++) key[i] = key[i + SHIFT - KEY_WORDS]! ^ mixed(i, i + 1)
    key[i] = key[SHIFT - 1]! ^ mixed(i, 0)
    this.#position = 0
  }

  /** Uniform in [0, 1) with 53 bits. */
  random(): number {
    const high = this.uint32() >>> 5
    const low = this.uint32() >>> 6
    return (high * 67108864 + low) / 9007199254740992
  }

  /** An integer in [low, high), by masking bits and drawing again where the result is too large. @param high at most low + 2³² */
  randint(low: number, high: number): number {
    const range = high - 1 - low
    if (range === 0) return low
    const mask = 0xffffffff >>> Math.clz32(range)
    let value = (this.uint32() & mask) >>> 0
    while (value > range) value = (this.uint32() & mask) >>> 0
    return low + value
  }

  getState(): LegacyRandomState {
    return { key: Array.from(this.#key), position: this.#position }
  }

  /** Whether `state` is one that `getState` could have given. @throws EnvError (ENVS_INVALID_STATE) */
  static check(state: unknown): asserts state is LegacyRandomState {
    const { key, position } = (isSavedObject(state) ? state : {}) as Partial<LegacyRandomState>
    const isWord = (word: unknown) => Number.isInteger(word) && (word as number) >= 0 && (word as number) <= MAX_SEED
    if (!Array.isArray(key) || key.length !== KEY_WORDS || !key.every(isWord)) {
      throw invalidState(`a saved RandomState has a key of ${KEY_WORDS} words of 32 bits, got ${shown(key)}`)
    }
    if (!Number.isInteger(position) || position! < 0 || position! > KEY_WORDS) {
      throw invalidState(`a saved RandomState has a position of 0 to ${KEY_WORDS}, got ${shown(position)}`)
    }
  }

  /** @throws EnvError (ENVS_INVALID_STATE) */
  static fromState(state: unknown): RandomState {
    const checked: unknown = state
    RandomState.check(checked)
    const random = new RandomState(0)
    random.#key.set(checked.key)
    random.#position = checked.position
    return random
  }
}
