import { InvalidSpace } from '../errors.js'
import { Box } from './box.js'
import { iterate, stacked } from './concatenate.js'
import { Dict } from './dict.js'
import { Discrete } from './discrete.js'
import { type DtypeArray, emptyArray } from './dtype.js'
import { arrayOf, listOf, objectOf, unfit } from './element.js'
import { flatDtype, flatdim, flattenSpace } from './flatten-space.js'
import { Graph, type GraphInstance } from './graph.js'
import { MultiBinary } from './multi-binary.js'
import { MultiDiscrete } from './multi-discrete.js'
import { OneOf } from './one-of.js'
import { Sequence } from './sequence.js'
import { sizeOf } from './shape.js'
import type { Space } from './space.js'
import { Text } from './text.js'
import { Tuple } from './tuple.js'

/**
 * An element as numbers for a network: one flat array where the space `isNpFlattenable` (choices one-hot, characters as indices), else
 * the element with its parts flattened. It lies in `flattenSpace(space)`.
 *
 * @throws InvalidElement where `x` does not lie in the space, InvalidSpace where it is no kind that can be flattened
 */
export function flatten(space: Space, x: unknown): unknown {
  if (space.isNpFlattenable) {
    const out = emptyArray(flatDtype(space), flatdim(space)) as DtypeArray
    flattenInto(space, x, out, 0)
    return out
  }
  if (space instanceof Tuple) return listOf(space, x, space.spaces.length).map((item, i) => flatten(space.spaces[i], item))
  if (space instanceof Dict) {
    const element = objectOf(space, x)
    return Object.fromEntries(space.entries().map(([key, part]) => [key, flatten(part, element[key])]))
  }
  if (space instanceof Sequence) {
    if (space.stack) return flattenBatch(space.featureSpace, space.stackedFeatureSpace!, x)
    if (!Array.isArray(x)) throw unfit(space, x)
    return x.map((item) => flatten(space.featureSpace, item))
  }
  if (space instanceof Graph) {
    const { nodes, edges, edgeLinks } = objectOf(space, x) as unknown as GraphInstance
    const hasEdges = edges !== null && space.edgeSpace !== null
    return {
      nodes: flattenBatch(space.nodeSpace, space.batchNodeSpace, nodes),
      edges: hasEdges ? flattenBatch(space.edgeSpace, space.batchEdgeSpace!, edges) : null,
      edgeLinks,
    }
  }
  throw new InvalidSpace(`${space} cannot be flattened: it is none of Gymnasium's kinds, or chooses among parts of no fixed size`)
}

function flattenBatch(space: Space, batched: Space, batch: unknown): unknown {
  const items = Array.from(iterate(batched, batch), (item) => flatten(space, item))
  return stacked(flattenSpace(space), items)
}

/**
 * Writes a flattened element into `out[at …]` (`flatdim(space)` numbers) and gives back where it ended; makes nothing new.
 *
 * @throws InvalidElement where `x` does not lie in the space, as far as it matters for the numbers
 */
export function flattenInto(space: Space, x: unknown, out: DtypeArray, at: number): number {
  if (space instanceof Box || space instanceof MultiBinary) {
    const values = arrayOf(space, x, sizeOf(space.shape))
    out.set(values, at)
    return at + values.length
  }
  if (space instanceof Discrete) {
    if (!space.contains(x)) throw unfit(space, x)
    out.fill(0, at, at + space.n)
    out[at + x - space.start] = 1
    return at + space.n
  }
  if (space instanceof MultiDiscrete) {
    if (!space.contains(x)) throw unfit(space, x)
    let end = at
    for (let i = 0; i < space.nvec.length; i++) {
      out.fill(0, end, end + space.nvec[i])
      out[end + x[i]! - space.start[i]] = 1
      end += space.nvec[i]
    }
    return end
  }
  if (space instanceof Text) {
    if (!space.contains(x)) throw unfit(space, x)
    const end = at + space.maxLength
    // Beyond the last character stands an index that no character has.
    out.fill(space.characterList.length, at, end)
    let i = at
    for (const character of x) out[i++] = space.characterIndex(character)
    return end
  }
  if (space instanceof Tuple) {
    const items = listOf(space, x, space.spaces.length)
    let end = at
    for (let i = 0; i < items.length; i++) end = flattenInto(space.spaces[i], items[i], out, end)
    return end
  }
  if (space instanceof Dict) {
    const element = objectOf(space, x)
    let end = at
    for (const key of space.keys) end = flattenInto(space.spaces[key], element[key], out, end)
    return end
  }
  if (space instanceof OneOf) {
    if (!Array.isArray(x) || x.length !== 2 || space.spaces[x[0]] === undefined) throw unfit(space, x)
    out[at] = x[0]
    const end = flattenInto(space.spaces[x[0]], x[1], out, at + 1)
    const whole = at + flatdim(space)
    // A shorter part is filled up with its own first number.
    out.fill(end > at + 1 ? out[at + 1]! : 0, end, whole)
    return whole
  }
  throw unfit(space, x)
}
