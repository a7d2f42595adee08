/** Elements as JSON in the form of Gymnasium's `to_jsonable`, so that what Python wrote is read here and the other way. */
import { InvalidElement } from '../errors.js'
import { shown } from '../shown.js'
import { DTYPES, type Dtype, type DtypeArrays, emptyArray } from './dtype.js'
import { unfit } from './element.js'
import { sizeOf } from './shape.js'
import type { JSONNumber, Space } from './space.js'

/** What `toJsonable` gives: JSON has no infinities, so they are "inf" and "-inf". */
export type Jsonable = JSONNumber | boolean | string | readonly Jsonable[] | { readonly [key: string]: Jsonable }

/** A space whose elements are arrays in NumPy. */
type ArraySpace<D extends Dtype> = Space & { readonly shape: readonly number[]; readonly dtype: D }

/**
 * An array as lists of lists, by the space's shape. Where its first axis has one row the array may have more: batches of sequences and
 * graphs are of any length.
 *
 * @throws InvalidElement
 */
export function nestedNumbers(space: ArraySpace<Dtype>, element: unknown): Jsonable {
  const { shape } = space
  const values = element as ArrayLike<number>
  const isArray = Array.isArray(element) || ArrayBuffer.isView(element)
  if (!isArray || !isLength(shape, values.length)) throw unfit(space, element)
  const isFlag = DTYPES[space.dtype].kind === 'bool'
  const leaf = (value: number): Jsonable => (isFlag ? value === 1 : value === Infinity ? 'inf' : value === -Infinity ? '-inf' : value)
  const nest = (from: number, size: number, axis: number): Jsonable => {
    if (axis === shape.length) return leaf(values[from]!)
    const part = sizeOf(shape.slice(axis + 1))
    const sides = axis === 0 ? size / part : shape[axis]!
    return Array.from({ length: sides }, (_, i) => nest(from + i * part, part, axis + 1))
  }
  return nest(0, values.length, 0)
}

function isLength(shape: readonly number[], length: number): boolean {
  return shape[0] === 1 ? length % sizeOf(shape) === 0 : length === sizeOf(shape)
}

/** The array that `nestedNumbers` wrote. @throws InvalidElement */
export function arrayFromNested<D extends Dtype>(space: ArraySpace<D>, json: unknown): DtypeArrays[D] {
  const { shape } = space
  const flat: number[] = []
  const read = (part: unknown, axis: number) => {
    if (axis === shape.length) {
      flat.push(numberFrom(space, part))
      return
    }
    const fits = Array.isArray(part) && (part.length === shape[axis] || (axis === 0 && shape[0] === 1))
    if (!fits) throw unread(space, `lists of the shape [${shape}]`, part)
    for (const row of part) read(row, axis + 1)
  }
  read(json, 0)
  const array = emptyArray(space.dtype, flat.length)
  array.set(flat)
  return array
}

/** @throws InvalidElement */
export function numberFrom(space: Space & { readonly dtype: Dtype }, json: unknown): number {
  const { kind, max, min } = DTYPES[space.dtype]
  if (kind === 'float' && (json === 'inf' || json === '-inf')) return json === 'inf' ? Infinity : -Infinity
  const value = kind === 'bool' && typeof json === 'boolean' ? Number(json) : json
  const fits = typeof value === 'number' && value >= min && value <= max && (kind === 'float' || Number.isInteger(value))
  if (!fits) throw unread(space, `a number of ${space.dtype}`, json)
  return value
}

/** A list in JSON. @throws InvalidElement */
export function listFrom(space: Space, json: unknown, length?: number): readonly unknown[] {
  if (Array.isArray(json) && (length === undefined || json.length === length)) return json
  throw unread(space, length === undefined ? 'a list' : `a list of ${length}`, json)
}

export function unread(space: Space, expected: string, json: unknown): InvalidElement {
  return new InvalidElement(`elements of ${space} in JSON have ${expected}, got ${shown(json)}`)
}

/** How many elements the parts have: the same for all. @throws InvalidElement */
export function countOf(space: Space, parts: readonly (readonly unknown[])[]): number {
  const count = parts[0]?.length ?? 0
  const odd = parts.find((part) => part.length !== count)
  if (odd) throw new InvalidElement(`the parts of elements of ${space} in JSON are of as many elements, got ${count} and ${odd.length}`)
  return count
}
