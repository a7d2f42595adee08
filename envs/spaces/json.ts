import { InvalidSpace } from '../errors.js'
import { shown } from '../shown.js'
import { Box } from './box.js'
import { Dict } from './dict.js'
import { Discrete } from './discrete.js'
import { DTYPES, type Dtype, type IntegerDtype, isDtype, isIntegerDtype } from './dtype.js'
import { Graph } from './graph.js'
import { MultiBinary } from './multi-binary.js'
import { MultiDiscrete } from './multi-discrete.js'
import { OneOf } from './one-of.js'
import { Sequence } from './sequence.js'
import { checkShape, sizeOf } from './shape.js'
import type { Space } from './space.js'
import { Text } from './text.js'
import { Tuple } from './tuple.js'

/** Spaces within spaces; a file that nests deeper is broken. */
const DEEPEST = 64

const KINDS = 'Box, Discrete, MultiDiscrete, MultiBinary, Text, Tuple, Dict, Sequence, Graph or OneOf'

/**
 * Reads what `space.toJSON()` wrote, from an object or from text; the text may come from anywhere, so everything in it is checked.
 *
 * @throws InvalidSpace naming the field that is wrong
 */
export function spaceFromJSON(json: unknown): Space {
  return read(typeof json === 'string' ? parse(json) : json, 0)
}

function read(json: unknown, depth: number): Space {
  if (depth > DEEPEST) throw new InvalidSpace(`a space in JSON holds spaces at most ${DEEPEST} deep`)
  const fields = (typeof json === 'object' ? json : null) as Fields | null
  const inner = (part: unknown) => read(part, depth + 1)
  switch (fields?.type) {
    case 'Box': {
      const shape = integers(fields, 'shape')
      checkShape('Box', shape)
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
    case 'MultiBinary':
      return new MultiBinary(typeof fields.n === 'number' ? fields.n : integers(fields, 'n'))
    case 'Text':
      return new Text(integer(fields, 'maxLength'), { minLength: integer(fields, 'minLength'), charset: string(fields, 'charset') })
    case 'Tuple':
      return new Tuple(list(fields, 'spaces').map(inner))
    case 'OneOf':
      return new OneOf(list(fields, 'spaces').map(inner))
    case 'Dict':
      return new Dict(
        list(fields, 'spaces').map((pair): [string, Space] => {
          if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string')
            throw wrong(fields, 'spaces', 'pairs of key and space')
          return [pair[0], inner(pair[1])]
        }),
        { sortKeys: boolean(fields, 'sortKeys') },
      )
    case 'Sequence':
      return new Sequence<Space, boolean>(inner(fields.space), { stack: boolean(fields, 'stack') })
    case 'Graph':
      return new Graph(inner(fields.nodeSpace), fields.edgeSpace === null ? null : inner(fields.edgeSpace))
    default:
      throw new InvalidSpace(`a space in JSON has a type of ${KINDS}, got ${fields?.type === undefined ? 'none' : shown(fields.type)}`)
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
  const size = sizeOf(shape)
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
  if (!isIntegerDtype(name)) throw wrong(fields, 'dtype', 'an integer dtype')
  return name
}

function list(fields: Fields, name: string): unknown[] {
  const value = fields[name]
  if (!Array.isArray(value)) throw wrong(fields, name, 'a list')
  return value
}

function string(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw wrong(fields, name, 'a string')
  return value
}

function boolean(fields: Fields, name: string): boolean {
  const value = fields[name]
  if (typeof value !== 'boolean') throw wrong(fields, name, 'true or false')
  return value
}
