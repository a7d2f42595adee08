import { InvalidSpace } from '../errors.js'
import { numericBound } from './batch.js'
import { Box } from './box.js'
import { Dict } from './dict.js'
import { Discrete } from './discrete.js'
import { DTYPES, type Dtype, resultType } from './dtype.js'
import { Graph } from './graph.js'
import { MultiBinary } from './multi-binary.js'
import { MultiDiscrete } from './multi-discrete.js'
import { OneOf } from './one-of.js'
import { Sequence } from './sequence.js'
import { sizeOf } from './shape.js'
import type { Space } from './space.js'
import { Text } from './text.js'
import { Tuple } from './tuple.js'

/**
 * How many numbers an element has once flattened for a network: a Box its coordinates, Discrete a one-hot of n, Text its longest length,
 * OneOf the longest of its parts and which it is.
 *
 * @throws InvalidSpace where elements have different sizes (Graph, Sequence)
 */
export function flatdim(space: Space): number {
  if (space instanceof Box || space instanceof MultiBinary) return sizeOf(space.shape)
  if (space instanceof Discrete) return space.n
  if (space instanceof MultiDiscrete) return space.nvec.reduce((sum: number, n: number) => sum + n, 0)
  if (space instanceof Text) return space.maxLength
  if (space instanceof OneOf) return 1 + Math.max(...space.spaces.map(flatdim))
  if (space instanceof Tuple) return space.spaces.map(flatdim).reduce((sum: number, size: number) => sum + size, 0)
  if (space instanceof Dict) return space.entries().reduce((sum, [, part]) => sum + flatdim(part), 0)
  throw new InvalidSpace(`${space} cannot be flattened to a fixed count of numbers, its elements differ in size`)
}

/** The dtype of flattened elements: one that holds those of all parts. @throws InvalidSpace where elements have different sizes */
export function flatDtype(space: Space): Dtype {
  if (space instanceof Text) return 'int32'
  if (space instanceof Tuple) return resultType(space.spaces.map(flatDtype))
  if (space instanceof Dict) return resultType(space.entries().map(([, part]) => flatDtype(part)))
  if (space instanceof OneOf) {
    // The place of the part is one of the numbers, so the dtype must hold it too.
    const dtype = resultType(space.spaces.map(flatDtype))
    const last = space.spaces.length - 1
    return last <= DTYPES[dtype].max ? dtype : resultType([dtype, last < 256 ? 'uint8' : 'uint16'])
  }
  if (space.dtype !== null) return space.dtype
  throw new InvalidSpace(`${space} cannot be flattened to a fixed count of numbers, its elements differ in size`)
}

/**
 * The space of flattened elements: a Box of one axis where `isNpFlattenable`, else the space with its parts flattened.
 *
 * @throws InvalidSpace for a kind of space that is not Gymnasium's
 */
export function flattenSpace(space: Space): Space {
  if (space instanceof Sequence) return new Sequence<Space, boolean>(flattenSpace(space.featureSpace), { stack: space.stack })
  if (space instanceof Graph)
    return new Graph(flattenSpace(space.nodeSpace), space.edgeSpace === null ? null : flattenSpace(space.edgeSpace))
  if (space instanceof Tuple && !space.isNpFlattenable) return new Tuple(space.spaces.map(flattenSpace))
  if (space instanceof Dict && !space.isNpFlattenable) return space.map(flattenSpace)
  const [low, high] = [flatBound(space, 'low'), flatBound(space, 'high')]
  return new Box<Dtype>(low, high, { shape: [flatdim(space)], dtype: flatDtype(space) })
}

function flatBound(space: Space, side: 'low' | 'high'): ArrayLike<number> {
  const filled = (value: number) => new Float64Array(flatdim(space)).fill(value)
  if (space instanceof Box) return numericBound(space, side)
  if (space instanceof Discrete || space instanceof MultiDiscrete || space instanceof MultiBinary) return filled(side === 'low' ? 0 : 1)
  if (space instanceof Text) return filled(side === 'low' ? 0 : space.characterList.length)
  if (space instanceof Tuple) return space.spaces.flatMap((part: Space) => Array.from(flatBound(part, side)))
  if (space instanceof Dict) return space.entries().flatMap(([, part]) => Array.from(flatBound(part, side)))
  if (space instanceof OneOf) {
    const outermost = side === 'low' ? Math.min : Math.max
    const values = space.spaces.flatMap((part: Space) => Array.from(flatBound(part, side)))
    const bounds = filled(values.reduce((a: number, b: number) => outermost(a, b)))
    bounds[0] = side === 'low' ? 0 : space.spaces.length - 1
    return bounds
  }
  throw new InvalidSpace(`${space} is none of Gymnasium's kinds of spaces and cannot be flattened`)
}
