import { InvalidElement, InvalidSpace } from '../errors.js'
import { batchSpace } from './batch.js'
import { isNumeric, iterate, stacked } from './concatenate.js'
import { Dict } from './dict.js'
import { Discrete } from './discrete.js'
import { type Dtype, emptyArray } from './dtype.js'
import { arrayOf, listOf, objectOf, unfit } from './element.js'
import { flatdim, flattenSpace } from './flatten-space.js'
import { Graph, type GraphInstance } from './graph.js'
import { MultiDiscrete } from './multi-discrete.js'
import { OneOf } from './one-of.js'
import { Sequence } from './sequence.js'
import type { ElementOf, Space } from './space.js'
import { Text } from './text.js'
import { Tuple } from './tuple.js'

/**
 * The element that `flatten` made `x` of.
 *
 * @throws InvalidElement for numbers that no element flattens to, such as a one-hot of zeros
 */
export function unflatten<S extends Space>(space: S, x: unknown): ElementOf<S> {
  return unflattened(space, x) as ElementOf<S>
}

function unflattened(space: Space, x: unknown): unknown {
  if (space.isNpFlattenable) return fromNumbers(space, arrayOf(space, x, flatdim(space)), 0)
  if (space instanceof Tuple) return listOf(space, x, space.spaces.length).map((item, i) => unflattened(space.spaces[i], item))
  if (space instanceof Dict) {
    const element = objectOf(space, x)
    return Object.fromEntries(space.entries().map(([key, part]) => [key, unflattened(part, element[key])]))
  }
  if (space instanceof Sequence) {
    if (space.stack) return unflattenBatch(space.featureSpace, x)
    if (!Array.isArray(x)) throw unfit(space, x)
    return x.map((item) => unflattened(space.featureSpace, item))
  }
  if (space instanceof Graph) {
    const { nodes, edges, edgeLinks } = objectOf(space, x) as unknown as GraphInstance
    const hasEdges = edges !== null && space.edgeSpace !== null
    return {
      nodes: unflattenBatch(space.nodeSpace, nodes),
      edges: hasEdges ? unflattenBatch(space.edgeSpace, edges) : null,
      edgeLinks,
    }
  }
  throw new InvalidSpace(`${space} cannot be flattened: it is none of Gymnasium's kinds, or chooses among parts of no fixed size`)
}

function unflattenBatch(space: Space, batch: unknown): unknown {
  const items = iterate(batchSpace<Space>(flattenSpace(space), 1), batch)
  return stacked(
    space,
    Array.from(items, (item) => unflattened(space, item)),
  )
}

/** The element whose flattened numbers begin at `values[at]`. */
function fromNumbers(space: Space, values: ArrayLike<number>, at: number): unknown {
  if (space instanceof Discrete) return space.start + oneHotIndex(space, values, at, space.n)
  if (space instanceof MultiDiscrete) {
    const element = emptyArray<Dtype>(space.dtype, space.nvec.length)
    let from = at
    for (let i = 0; i < element.length; i++) {
      element[i] = space.start[i] + oneHotIndex(space, values, from, space.nvec[i])
      from += space.nvec[i]
    }
    return element
  }
  if (isNumeric(space)) {
    const element = emptyArray<Dtype>(space.dtype, flatdim(space))
    for (let i = 0; i < element.length; i++) element[i] = values[at + i]!
    return element
  }
  if (space instanceof Text) {
    let text = ''
    for (let i = 0; i < space.maxLength; i++) text += space.characterList[values[at + i]!] ?? ''
    return text
  }
  if (space instanceof OneOf) {
    const part = space.spaces[values[at]!]
    if (part === undefined) throw new InvalidElement(`${space} has no part ${values[at]}`)
    return [values[at], fromNumbers(part, values, at + 1)]
  }
  const parts = space instanceof Tuple ? space.spaces : space instanceof Dict ? space.entries().map(([, part]) => part) : null
  if (parts === null) throw unfit(space, values)
  let from = at
  const elements = parts.map((part: Space) => {
    const element = fromNumbers(part, values, from)
    from += flatdim(part)
    return element
  })
  return space instanceof Dict ? Object.fromEntries(space.keys.map((key: string, i: number) => [key, elements[i]])) : elements
}

/** Where the only number that is not zero stands. */
function oneHotIndex(space: Space, values: ArrayLike<number>, at: number, n: number): number {
  let index = -1
  for (let i = 0; i < n; i++) {
    if (values[at + i] === 0) continue
    if (index >= 0) throw new InvalidElement(`numbers ${at} to ${at + n - 1} are no one-hot of ${space}: several are not zero`)
    index = i
  }
  if (index < 0) throw new InvalidElement(`numbers ${at} to ${at + n - 1} are no one-hot of ${space}: all are zero`)
  return index
}
