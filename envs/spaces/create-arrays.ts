/** Batches and elements of zeros, to be written to. */
import { InvalidSpace } from '../errors.js'
import { shown } from '../shown.js'
import { batchSpace } from './batch.js'
import { Box } from './box.js'
import { isNumeric } from './concatenate.js'
import { Dict } from './dict.js'
import { Discrete } from './discrete.js'
import { type Dtype, emptyArray } from './dtype.js'
import { Graph, type GraphInstance } from './graph.js'
import { MultiDiscrete } from './multi-discrete.js'
import { OneOf } from './one-of.js'
import { Sequence } from './sequence.js'
import { sizeOf } from './shape.js'
import type { ElementOf, Space } from './space.js'
import { Text } from './text.js'
import { Tuple } from './tuple.js'

/**
 * Room for `count` elements of `space` side by side, for `concatenate` and `putElement`: zeros, built like an element of
 * `batchSpace(space, count)`, though not always one (zero may lie outside a Box).
 */
export function createEmptyArray(space: Space, count = 1): unknown {
  if (isNumeric(space)) return emptyArray<Dtype>(space.dtype, count * sizeOf(space.shape))
  if (space instanceof Tuple) return space.spaces.map((part: Space) => createEmptyArray(part, count))
  if (space instanceof Dict) return Object.fromEntries(space.entries().map(([key, part]) => [key, createEmptyArray(part, count)]))
  return Array.from({ length: count }, () => emptyElement(space))
}

function emptyElement(space: Space): unknown {
  if (space instanceof Text) return createZeros(space)
  if (space instanceof Sequence) return space.stack ? createEmptyArray(space.featureSpace, 1) : []
  if (space instanceof OneOf) return []
  if (!(space instanceof Graph)) return null
  const graph: GraphInstance = { nodes: createEmptyArray(space.nodeSpace, 1), edges: null, edgeLinks: null }
  return space.edgeSpace === null ? graph : { ...graph, edges: createEmptyArray(space.edgeSpace, 1), edgeLinks: new Int32Array(2) }
}

/**
 * The element of `space` that is nearest to zero: zeros within the bounds, the least numbers, the shortest text or sequence, one node.
 *
 * @throws InvalidSpace for a kind of space that is not Gymnasium's
 */
export function createZeros<S extends Space>(space: S): ElementOf<S> {
  return zeros(space) as ElementOf<S>
}

function zeros(space: Space): unknown {
  if (space instanceof Box) {
    const values = emptyArray<Dtype>(space.dtype, space.low.length)
    for (let i = 0; i < values.length; i++) values[i] = Math.min(Math.max(0, space.low[i]), space.high[i])
    return values
  }
  if (space instanceof Discrete) return space.start
  if (space instanceof MultiDiscrete) return space.start.slice()
  if (isNumeric(space)) return emptyArray<Dtype>(space.dtype, sizeOf(space.shape))
  if (space instanceof Text) return ([...space.characters][0] ?? '').repeat(space.minLength)
  if (space instanceof Tuple) return space.spaces.map(zeros)
  if (space instanceof Dict) return Object.fromEntries(space.entries().map(([key, part]) => [key, zeros(part)]))
  if (space instanceof Sequence) return space.stack ? zeros(space.stackedFeatureSpace!) : []
  if (space instanceof OneOf) return [0, zeros(space.spaces[0])]
  if (space instanceof Graph) {
    const nodes = zeros(batchSpace<Space>(space.nodeSpace, 1))
    if (space.edgeSpace === null) return { nodes, edges: null, edgeLinks: null }
    return { nodes, edges: zeros(batchSpace<Space>(space.edgeSpace, 1)), edgeLinks: new Int32Array(2) }
  }
  throw new InvalidSpace(`zeros are made of Gymnasium's kinds of spaces, got ${shown(space)}`)
}
