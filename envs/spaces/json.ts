import { InvalidSpace } from '../errors.js'
import { shown } from '../shown.js'
import { Box } from './box.js'
import { Discrete } from './discrete.js'
import { DTYPES, type Dtype, type IntegerDtype, isDtype } from './dtype.js'
import { MultiDiscrete } from './multi-discrete.js'
import type { Space } from './space.js'

/**
 * Reads what `space.toJSON()` wrote, from an object or from text; the text may come from anywhere, so everything in it is checked.
 *
 * @throws InvalidSpace naming the field that is wrong
 */
export function spaceFromJSON(json: unknown): Space<unknown> {
  const fields = (typeof json === 'string' ? parse(json) : json) as Record<string, unknown> | null
  switch (fields?.type) {
    case 'Box': {
      const shape = integers(fields, 'shape')
      return new Box(bound(fields, 'low', shape), bound(fields, 'high', shape), { shape, dtype: dtype(fields) })
    }
    case 'Discrete':
      return new Discrete(integer(fields, 'n'), { start: integer(fields, 'start'), dtype: integerDtype(fields) })
    case 'MultiDiscrete':
      return new MultiDiscrete(integers(fields, 'nvec'), {
        start: integers(fields, 'start'),
        shape: integers(fields, 'shape'),
        dtype: integerDtype(fields),
      })
    default:
      throw new InvalidSpace(
        `a space in JSON has a type of Box, Discrete or MultiDiscrete, got ${fields?.type === undefined ? 'none' : shown(fields.type)}`,
      )
  }
}

type Fields = Record<string, unknown>

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidSpace(`not the JSON of a space: ${(cause as Error).message}`)
  }
}

function wrong(fields: Fields, name: string, expected: string): InvalidSpace {
  return new InvalidSpace(
    `${name} of a ${fields.type} in JSON must be ${expected}, got ${fields[name] === undefined ? 'nothing' : shown(fields[name])}`,
  )
}

function number(value: unknown): number | undefined {
  if (value === 'inf') return Infinity
  if (value === '-inf') return -Infinity
  return typeof value === 'number' ? value : undefined
}

function bound(fields: Fields, name: string, shape: number[]): number[] {
  const value = fields[name]
  const size = shape.reduce((product, side) => product * side, 1)
  const list = Array.isArray(value) ? value.map(number) : Array.from({ length: size }, () => number(value))
  if (!list.every((item) => item !== undefined)) throw wrong(fields, name, 'numbers, "inf" or "-inf"')
  return list
}

function integer(fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong(fields, name, 'an integer')
  return value
}

function integers(fields: Fields, name: string): number[] {
  const value = fields[name]
  if (!Array.isArray(value) || !value.every(Number.isInteger)) throw wrong(fields, name, 'a list of integers')
  return value
}

function dtype(fields: Fields): Dtype {
  if (!isDtype(fields.dtype)) throw wrong(fields, 'dtype', `one of ${Object.keys(DTYPES).join(', ')}`)
  return fields.dtype
}

function integerDtype(fields: Fields): IntegerDtype {
  const name = dtype(fields)
  if (name === 'float32' || name === 'float64' || name === 'bool') throw wrong(fields, 'dtype', 'an integer dtype')
  return name
}
