import { InvalidProbability, InvalidSpace } from '../errors.js'
import type { RandomGenerator, Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { DTYPES, type IntegerDtype } from './dtype.js'
import { type SampleOptions, Space, type SpaceJSON } from './space.js'

export interface DiscreteOptions {
  /** The smallest element; 0 unless told. */
  start?: number
  /** Decides how many bits a draw takes; 'int64' unless told. */
  dtype?: IntegerDtype
  seed?: Seed
}

/**
 * The integers start, …, start + n − 1.
 *
 * @throws InvalidSpace when n is not a positive integer or the dtype cannot hold the elements
 */
export class Discrete extends Space<number> {
  readonly shape: readonly number[] = []
  readonly dtype: IntegerDtype
  readonly n: number
  readonly start: number

  constructor(n: number, { start = 0, dtype = 'int64', seed }: DiscreteOptions = {}) {
    super()
    checkRange('Discrete', n, start, dtype)
    this.n = n
    this.start = start
    this.dtype = dtype
    if (seed !== undefined) this.seed(seed)
  }

  /**
   * Uniform, or by mask, or by probability.
   *
   * @throws InvalidProbability when both are given, or one of them cannot be sampled from
   */
  override sample(options?: SampleOptions): number {
    if (options?.mask === undefined && options?.probability === undefined) {
      return this.start + this.npRandom.integers(this.n, undefined, this.dtype)
    }
    return this.start + weightedIndex(this.npRandom, this.n, options)
  }

  override contains(x: unknown): x is number {
    return typeof x === 'number' && Number.isInteger(x) && x >= this.start && x < this.start + this.n
  }

  override equals(other: unknown): boolean {
    return other instanceof Discrete && other.n === this.n && other.start === this.start && other.dtype === this.dtype
  }

  override toJSON(): SpaceJSON {
    return { type: 'Discrete', n: this.n, start: this.start, dtype: this.dtype }
  }

  override toString(): string {
    const start = this.start === 0 ? '' : `, start=${this.start}`
    const dtype = this.dtype === 'int64' ? '' : `, dtype=${this.dtype}`
    return `Discrete(${this.n}${start}${dtype})`
  }
}

/** @throws InvalidSpace */
export function checkRange(type: string, n: number, start: number, dtype: IntegerDtype): void {
  if (!Number.isInteger(n) || n <= 0) throw new InvalidSpace(`${type} needs a positive number of elements, got n=${shown(n)}`)
  if (!Number.isInteger(start)) throw new InvalidSpace(`${type} needs an integer start, got ${shown(start)}`)
  const facts = DTYPES[dtype]
  if (facts === undefined || facts.kind === 'float' || facts.kind === 'bool') {
    throw new InvalidSpace(`${type} needs an integer dtype such as int64, got ${shown(dtype)}`)
  }
  if (start < facts.min || start + n - 1 > facts.max) {
    throw new InvalidSpace(`${type} from ${start} to ${start + n - 1} does not fit ${dtype} as stored here (${facts.min} to ${facts.max})`)
  }
}

/** An index below `n` by mask or by probability. @throws InvalidProbability */
export function weightedIndex(random: RandomGenerator, n: number, { mask, probability }: SampleOptions): number {
  if (mask !== undefined && probability !== undefined) throw new InvalidProbability('pass a mask or probabilities, not both')
  if (mask === undefined) return random.choice(n, numbers(probability, n))
  const allowed: number[] = []
  const flags = numbers(mask, n)
  for (let i = 0; i < n; i++) {
    if (flags[i] === 1) allowed.push(i)
    else if (flags[i] !== 0) throw new InvalidProbability(`a mask holds 0 and 1 only, got ${flags[i]} at index ${i}`)
  }
  return allowed.length === 0 ? 0 : allowed[random.choice(allowed.length)]!
}

function numbers(values: SampleOptions['mask'], n: number): ArrayLike<number> {
  if (values === undefined || values.length !== n)
    throw new InvalidProbability(`${n} elements need ${n} values, got ${values?.length ?? 'none'}`)
  return values as ArrayLike<number>
}
