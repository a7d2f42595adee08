/** Shapes, and numbers in nested lists. */
import { InvalidSpace } from '../errors.js'
import { shown } from '../shown.js'
import { MAX_SIZE } from './dtype.js'

/** Numbers as a flat list, or as nested lists whose lengths are the shape. */
export type NestedNumbers = ArrayLike<number> | readonly NestedNumbers[]

/** How many numbers an array of that shape holds. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1
  for (const side of shape) size *= side
  return size
}

/** @throws InvalidSpace when it is no list of sides, or has more numbers than any element should */
export function checkShape(type: string, shape: unknown, least = 0): asserts shape is readonly number[] {
  if (!Array.isArray(shape)) throw new InvalidSpace(`the shape of a ${type} must be a list such as [3], got ${shown(shape)}`)
  if (!shape.every((side) => Number.isInteger(side) && side >= least)) {
    throw new InvalidSpace(`the shape of a ${type} must be ${least ? 'positive' : 'non-negative'} integers, got ${shown(shape)}`)
  }
  if (sizeOf(shape) > MAX_SIZE) {
    throw new InvalidSpace(`a ${type} of shape [${shape}] has more than ${MAX_SIZE} numbers; is the shape meant?`)
  }
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (typeof value === 'object' && value !== null && 'length' in value)

/** The numbers in row-major order, and the shape that the nesting shows. @throws InvalidSpace for rows of different lengths */
export function unnested(name: string, values: NestedNumbers): { flat: ArrayLike<number>; shape: number[] } {
  if (!isList(values)) throw new InvalidSpace(`${name} must be a list of numbers, got ${shown(values)}`)
  if (!Array.isArray(values) || !values.some(isList)) return { flat: values as ArrayLike<number>, shape: [values.length] }
  const rows = values.map((row) => unnested(name, row as NestedNumbers))
  const shape = rows[0]!.shape
  const odd = rows.findIndex((row) => row.shape.join() !== shape.join())
  if (odd >= 0) throw new InvalidSpace(`the rows of ${name} must have one shape, got [${shape}] and, in row ${odd}, [${rows[odd]!.shape}]`)
  return { flat: rows.flatMap((row) => Array.from(row.flat)), shape: [rows.length, ...shape] }
}
