import type { OutputDescription } from './container.js'

/** What an input is made of; Clipper's five types. A string is kept and sent as UTF-8. */
export const INPUT_TYPES = ['floats', 'doubles', 'integers', 'bytes', 'strings'] as const
export type InputType = (typeof INPUT_TYPES)[number]

/** What an output is made of: as inputs, or any JSON value, sent as its text. */
export const OUTPUT_TYPES = [...INPUT_TYPES, 'json'] as const
export type ElementType = (typeof OUTPUT_TYPES)[number]

/** Numbers of a batch, one after the other; of texts their UTF-8. */
export type Elements = Float32Array | Float64Array | Int32Array | Uint8Array

/** On the wire (PROTOCOL.md). */
const CODES: Readonly<Record<ElementType, number>> = { bytes: 1, integers: 2, floats: 3, doubles: 4, strings: 5, json: 6 }
const BYTES: Readonly<Record<ElementType, number>> = { bytes: 1, integers: 4, floats: 4, doubles: 8, strings: 1, json: 1 }
const TYPES = new Map(Object.entries(CODES).map(([type, code]) => [code, type as ElementType]))

export const codeOf = (type: ElementType): number => CODES[type]
/** undefined for a code of a later version. */
export const typeOf = (code: number): ElementType | undefined => TYPES.get(code)
export const bytesPerElement = (type: ElementType): number => BYTES[type]
/** Texts: an item is one whatever its length, so where items end has to be said. */
export const isText = (type: ElementType): boolean => type === 'strings' || type === 'json'

/** Values in a tensor of this shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1)
/** Whether items of an output differ in length. */
export const varies = ({ type, shape }: Pick<OutputDescription, 'type' | 'shape'>): boolean => isText(type) || shape[0] === -1
/** UTF-8 as a text. */
export const textOf = ({ buffer, byteOffset, byteLength }: Elements): string =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString()

/** A view; `byteOffset` must be a multiple of the element's size. */
export function viewElements(type: ElementType, buffer: ArrayBuffer, byteOffset: number, length: number): Elements {
  if (type === 'floats') return new Float32Array(buffer, byteOffset, length)
  if (type === 'integers') return new Int32Array(buffer, byteOffset, length)
  if (type === 'doubles') return new Float64Array(buffer, byteOffset, length)
  return new Uint8Array(buffer, byteOffset, length)
}

export const makeElements = (type: ElementType, length: number): Elements =>
  viewElements(type, new ArrayBuffer(length * BYTES[type]), 0, length)

const INT32 = 2 ** 31
/** What elements that are whole numbers can hold. */
const RANGES: Partial<Readonly<Record<ElementType, readonly [low: number, high: number]>>> = {
  integers: [-INT32, INT32 - 1],
  bytes: [0, 255],
}
const SHOWN_CHARS = 60

/**
 * Numbers as elements; true and false are 1 and 0.
 * @param name of the output, for messages @throws Error for what they cannot hold: another number would be kept in its place
 */
export function elementsOf(type: ElementType, numbers: ArrayLike<unknown>, name: string): Elements {
  const elements = makeElements(type, numbers.length)
  if (numbers.constructor === elements.constructor) {
    elements.set(numbers as Elements)
    return elements
  }
  const [low, high] = RANGES[type] ?? [Number.NaN, Number.NaN]
  const isWhole = RANGES[type] !== undefined
  for (let i = 0; i < elements.length; i++) {
    const given = numbers[i]
    const value = typeof given === 'boolean' ? Number(given) : given
    const fits = typeof value === 'number' && (!isWhole || (Number.isInteger(value) && value >= low && value <= high))
    if (!fits) {
      const expected = isWhole ? `whole numbers from ${low} to ${high}` : 'numbers'
      throw new Error(`output "${name}" holds ${String(given).slice(0, SHOWN_CHARS)}; expected ${expected}`)
    }
    elements[i] = value
  }
  return elements
}

/** One tensor of a batch: its items' elements one after the other, `[items, …]` row-major. */
export interface Column {
  readonly type: ElementType
  readonly elements: Elements
  /** Where item i begins, in elements, and at the end where the last one ends; absent where all have the same size. */
  readonly offsets?: Uint32Array
}

/** Item `item` of a column of `items`, as a view. */
export function itemOf({ elements, offsets }: Column, item: number, items: number): Elements {
  if (offsets !== undefined) return elements.subarray(offsets[item]!, offsets[item + 1]!)
  const size = elements.length / items
  return elements.subarray(item * size, (item + 1) * size)
}

/** Rows `from` to `from + rows` of a column of `size`: a copy, for the column is a view that ends with the reply. */
export function rowsOf({ type, elements, offsets }: Column, from: number, rows: number, size: number): Column {
  if (offsets === undefined) {
    const width = elements.length / size
    return { type, elements: elements.slice(from * width, (from + rows) * width) }
  }
  const first = offsets[from]!
  return {
    type,
    elements: elements.slice(first, offsets[from + rows]),
    offsets: offsets.slice(from, from + rows + 1).map((at) => at - first),
  }
}

/** Columns one after the other. */
export function joinColumns(output: Pick<OutputDescription, 'type' | 'shape'>, columns: readonly Column[]): Column {
  const { type } = output
  const [only] = columns
  if (columns.length === 1) return only!
  const elements = makeElements(
    type,
    columns.reduce((sum, column) => sum + column.elements.length, 0),
  )
  const offsets: number[] = [0]
  let at = 0
  for (const column of columns) {
    elements.set(column.elements, at)
    for (let item = 1; item < (column.offsets?.length ?? 0); item++) offsets.push(at + column.offsets![item]!)
    at += column.elements.length
  }
  return varies(output) ? { type, elements, offsets: Uint32Array.from(offsets) } : { type, elements }
}
