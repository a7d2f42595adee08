/**
 * NumPy's SeedSequence: turns any seed into well-mixed words for a generator, and spawns children whose streams are independent
 * (after O'Neill, "Developing a seed_seq Alternative", 2015). All arithmetic is modulo 2³².
 */
import { EnvError } from '../errors.js'
import { shown } from '../shown.js'

/** A seed: a non-negative integer of any size. Beyond 2⁵³ it must be a bigint. */
export type Seed = number | bigint

const INIT_A = 0x43b0d7e5
const MULT_A = 0x931e8875
const INIT_B = 0x8b51f9dd
const MULT_B = 0x58f38ded
const MIX_LEFT = 0xca01f9dd
const MIX_RIGHT = 0x4973f715
const POOL_WORDS = 4

/** @throws EnvError (ENVS_INVALID_SEED) when the seed is not a non-negative integer, or a number too large to be exact */
export function checkSeed(seed: Seed): void {
  if (typeof seed === 'bigint' ? seed >= 0n : Number.isSafeInteger(seed) && seed >= 0) return
  throw new EnvError(
    'ENVS_INVALID_SEED',
    `a seed must be a non-negative integer, got ${shown(seed)} (${typeof seed}); above 2^53 - 1 write it as a bigint, such as 12n`,
  )
}

function toWords(value: Seed): number[] {
  checkSeed(value)
  let rest = BigInt(value)
  const words: number[] = []
  do {
    words.push(Number(rest & 0xffffffffn))
    rest >>= 32n
  } while (rest > 0n)
  return words
}

/** 128 bits from the platform's secure source, what NumPy takes when no seed is given. */
function drawEntropy(): bigint {
  return globalThis.crypto.getRandomValues(new Uint32Array(4)).reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
}

function mix(x: number, y: number): number {
  const mixed = Math.imul(MIX_LEFT, x) - Math.imul(MIX_RIGHT, y)
  return mixed ^ ((mixed | 0) >>> 16)
}

export class SeedSequence {
  readonly entropy: bigint
  readonly spawnKey: readonly number[]
  /** How many children `spawn` has made; the next one gets this number as the last word of its key. */
  childrenSpawned = 0
  readonly #pool: Uint32Array

  constructor(
    entropy: Seed = drawEntropy(),
    { spawnKey = [], childrenSpawned = 0 }: { spawnKey?: readonly number[]; childrenSpawned?: number } = {},
  ) {
    const words = toWords(entropy)
    this.entropy = BigInt(entropy)
    this.spawnKey = [...spawnKey]
    this.childrenSpawned = childrenSpawned
    const keyWords = spawnKey.flatMap(toWords)
    // So that a seed's high words cannot be taken for a key.
    if (keyWords.length > 0) while (words.length < POOL_WORDS) words.push(0)
    this.#pool = mixIn([...words, ...keyWords])
  }

  /** `count` words of 32 bits. NumPy's uint64 words are pairs of these, low half first. */
  generateState(count: number): Uint32Array {
    const state = new Uint32Array(count)
    let hash = INIT_B
    for (let i = 0; i < count; i++) {
      let value = this.#pool[i % POOL_WORDS]! ^ hash
      hash = Math.imul(hash, MULT_B)
      value = Math.imul(value, hash)
      state[i] = value ^ (value >>> 16)
    }
    return state
  }

  /** The next `count` children: same entropy, the key longer by one word. */
  spawn(count: number): SeedSequence[] {
    return Array.from({ length: count }, () => new SeedSequence(this.entropy, { spawnKey: [...this.spawnKey, this.childrenSpawned++] }))
  }
}

function mixIn(entropy: number[]): Uint32Array {
  let hash = INIT_A
  const hashmix = (word: number) => {
    let value = word ^ hash
    hash = Math.imul(hash, MULT_A)
    value = Math.imul(value, hash)
    return value ^ (value >>> 16)
  }
  const pool = new Uint32Array(POOL_WORDS)
  for (let i = 0; i < POOL_WORDS; i++) pool[i] = hashmix(entropy[i] ?? 0)
  for (let from = 0; from < POOL_WORDS; from++) {
    for (let to = 0; to < POOL_WORDS; to++) if (from !== to) pool[to] = mix(pool[to]!, hashmix(pool[from]!))
  }
  for (const word of entropy.slice(POOL_WORDS)) {
    for (let to = 0; to < POOL_WORDS; to++) pool[to] = mix(pool[to]!, hashmix(word))
  }
  return pool
}
