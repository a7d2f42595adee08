const SLAB_FLOATS = 32 * 1024

/** Memory that many queries' inputs lie in, as numbers and as bytes: an ArrayBuffer a query would cost more than the query. */
interface Slab {
  readonly floats: Float32Array
  readonly bytes: Buffer
}

function makeSlab(length: number): Slab {
  const floats = new Float32Array(length)
  return { floats, bytes: Buffer.from(floats.buffer) }
}

/** Inputs of one request: `size` rows of `width` numbers, row-major, from `start` on in a slab. */
export class Inputs {
  constructor(
    readonly slab: Slab,
    readonly start: number,
    readonly width: number,
    readonly size: number,
  ) {}

  /** The exact bytes of a row, one a character: equal exactly for equal rows. */
  key(row: number): string {
    const begin = (this.start + row * this.width) * 4
    return this.slab.bytes.toString('latin1', begin, begin + this.width * 4)
  }
}

let slab = makeSlab(SLAB_FLOATS)
let used = 0

/** Room for `size` rows of `width` numbers, to be written before the next call; freed when nobody holds it any more. */
export function allocateInputs(size: number, width: number): Inputs {
  const needed = size * width
  if (needed > SLAB_FLOATS / 4) return new Inputs(makeSlab(needed), 0, width, size)
  if (used + needed > SLAB_FLOATS) {
    slab = makeSlab(SLAB_FLOATS)
    used = 0
  }
  const inputs = new Inputs(slab, used, width, size)
  used += needed
  return inputs
}
