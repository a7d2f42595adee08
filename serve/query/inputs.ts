import type { Elements, InputType } from '../containers/element-types.js'
import type { Json } from '../state/state.js'

/** The inputs of one request. */
export interface Inputs {
  readonly type: InputType
  /** Rows. */
  readonly size: number
  /** The exact bytes of a row, one a character: equal exactly for equal rows. */
  key(row: number): string
  /** Equal for equal rows; of a long row only a part is looked at. */
  hash(row: number): number
  /** Whether two rows of the same type hold the very same bits. */
  sameRow(row: number, other: Inputs, otherRow: number): boolean
  /** Elements of `rows` rows from `row` on. */
  length(row: number, rows: number): number
  /** Writes their elements to `into` from `at` on, and gives back where they end. */
  copyRows(row: number, rows: number, into: Elements, at: number): number
  /** A row as JSON has it: numbers, a string, or bytes in base64. */
  values(row: number): Json
}

const SLAB_FLOATS = 32 * 1024
const HASHED_WORDS = 64

/** Memory that many queries' inputs lie in, as numbers and as bytes: an ArrayBuffer a query would cost more than the query. */
interface Slab {
  readonly floats: Float32Array
  readonly words: Int32Array
  readonly bytes: Buffer
}

function makeSlab(length: number): Slab {
  const floats = new Float32Array(length)
  return { floats, words: new Int32Array(floats.buffer), bytes: Buffer.from(floats.buffer) }
}

/** Fewer numbers than this are copied one by one: that beats the set-up of a subarray. */
const FEW = 32

/** The usual inputs: `size` rows of `width` float32, row-major, from `start` on in a slab. */
export class FloatInputs implements Inputs {
  readonly type = 'floats'

  constructor(
    readonly slab: Slab,
    readonly start: number,
    readonly width: number,
    readonly size: number,
  ) {}

  key(row: number): string {
    const begin = (this.start + row * this.width) * 4
    return this.slab.bytes.toString('latin1', begin, begin + this.width * 4)
  }

  hash(row: number): number {
    const { words } = this.slab
    const begin = this.start + row * this.width
    const stride = Math.ceil(this.width / HASHED_WORDS)
    let hash = this.width
    for (let i = 0; i < this.width; i += stride) {
      hash = Math.imul(hash ^ words[begin + i]!, 0x9e3779b1)
      hash ^= hash >>> 15
    }
    return hash
  }

  length(_row: number, rows: number): number {
    return rows * this.width
  }

  copyRows(row: number, rows: number, into: Elements, at: number): number {
    const { floats } = this.slab
    const from = this.start + row * this.width
    const length = rows * this.width
    if (length > FEW) into.set(floats.subarray(from, from + length), at)
    else for (let i = 0; i < length; i++) into[at + i] = floats[from + i]!
    return at + length
  }

  values(row: number): number[] {
    const begin = this.start + row * this.width
    return Array.from(this.slab.floats.subarray(begin, begin + this.width))
  }

  sameRow(row: number, other: Inputs, otherRow: number): boolean {
    if (!(other instanceof FloatInputs)) return false
    if (this.width !== other.width) return false
    const mine = this.start + row * this.width
    const theirs = other.start + otherRow * this.width
    for (let i = 0; i < this.width; i++) {
      if (this.slab.words[mine + i] !== other.slab.words[theirs + i]) return false
    }
    return true
  }
}

let slab = makeSlab(SLAB_FLOATS)
let used = 0

/** Room for `size` rows of `width` numbers, to be written before the next call; freed when nobody holds it any more. */
export function allocateInputs(size: number, width: number): FloatInputs {
  const needed = size * width
  if (needed > SLAB_FLOATS / 4) return new FloatInputs(makeSlab(needed), 0, width, size)
  if (used + needed > SLAB_FLOATS) {
    slab = makeSlab(SLAB_FLOATS)
    used = 0
  }
  const inputs = new FloatInputs(slab, used, width, size)
  used += needed
  return inputs
}
