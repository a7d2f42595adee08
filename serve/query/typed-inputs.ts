import { type Elements, type InputType, makeElements } from '../containers/element-types.js'
import { invalid } from '../refusals.js'
import type { Json } from '../state/state.js'
import { isBase64 } from './base64.js'
import type { Inputs } from './inputs.js'

const HASHED_BYTES = 256
const INT32 = 2 ** 31

/** Inputs of any type and length; `inputs.ts` has the fast ones for float32 rows of one length. */
export class TypedInputs implements Inputs {
  readonly #bytes: Buffer
  readonly #scale: number

  /** @param offsets where each row begins in `elements`, and where the last one ends */
  constructor(
    readonly type: InputType,
    readonly elements: Elements,
    readonly offsets: Uint32Array,
  ) {
    this.#bytes = Buffer.from(elements.buffer as ArrayBuffer, elements.byteOffset, elements.byteLength)
    this.#scale = elements.BYTES_PER_ELEMENT
  }

  get size(): number {
    return this.offsets.length - 1
  }

  #row(row: number): Buffer {
    return this.#bytes.subarray(this.offsets[row]! * this.#scale, this.offsets[row + 1]! * this.#scale)
  }

  key(row: number): string {
    return this.#row(row).toString('latin1')
  }

  hash(row: number): number {
    const bytes = this.#row(row)
    const stride = Math.ceil(bytes.length / HASHED_BYTES)
    let hash = bytes.length
    for (let at = 0; at < bytes.length; at += stride) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    return hash ^ (hash >>> 15)
  }

  sameRow(row: number, other: Inputs, otherRow: number): boolean {
    return other instanceof TypedInputs && other.type === this.type && this.#row(row).equals(other.#row(otherRow))
  }

  length(row: number, rows: number): number {
    return this.offsets[row + rows]! - this.offsets[row]!
  }

  copyRows(row: number, rows: number, into: Elements, at: number): number {
    into.set(this.elements.subarray(this.offsets[row], this.offsets[row + rows]), at)
    return at + this.length(row, rows)
  }

  values(row: number): Json {
    if (this.type === 'strings') return this.#row(row).toString()
    if (this.type === 'bytes') return this.#row(row).toString('base64')
    return Array.from(this.elements.subarray(this.offsets[row], this.offsets[row + 1]))
  }
}

function numbersOf(type: InputType, given: unknown, path: string): readonly number[] {
  if (!Array.isArray(given)) invalid(path, 'an array of numbers', given)
  for (let i = 0; i < given.length; i++) {
    const value: unknown = given[i]
    if (typeof value !== 'number' || !Number.isFinite(value)) invalid(`${path}[${i}]`, 'a finite number', value)
    if (type === 'floats' && !Number.isFinite(Math.fround(value))) invalid(`${path}[${i}]`, 'a number that fits float32', value)
    const fits = Number.isInteger(value) && value >= -INT32 && value < INT32
    if (type === 'integers' && !fits) invalid(`${path}[${i}]`, 'a whole number that fits 32 bits', value)
  }
  return given
}

/** One row as JSON gives it: an array of numbers, a string, or bytes in base64. @throws ServeError `QUERY_INVALID` with its path */
function rowOf(type: InputType, given: unknown, path: string): ArrayLike<number> {
  if (type === 'strings') return typeof given === 'string' ? Buffer.from(given) : invalid(path, 'a string', given)
  if (type !== 'bytes') return numbersOf(type, given, path)
  return isBase64(given) ? Buffer.from(given, 'base64') : invalid(path, 'bytes in base64', given)
}

/**
 * Inputs of a request, each as JSON gives it.
 * @param width elements of each, or null for any number
 * @param path how row `row` is called in the request
 * @throws ServeError `QUERY_INVALID` naming the first wrong field's path
 */
export function readTypedInputs(
  type: InputType,
  width: number | null,
  given: readonly unknown[],
  path: (row: number) => string,
): TypedInputs {
  const offsets = new Uint32Array(given.length + 1)
  const rows = given.map((input, row) => {
    const read = rowOf(type, input, path(row))
    if (width !== null && read.length !== width) invalid(path(row), `${width} ${type === 'bytes' ? 'bytes' : 'numbers'}`, input)
    offsets[row + 1] = offsets[row]! + read.length
    return read
  })
  const elements = makeElements(type, offsets[given.length]!)
  for (const [row, read] of rows.entries()) elements.set(read, offsets[row])
  return new TypedInputs(type, elements, offsets)
}
