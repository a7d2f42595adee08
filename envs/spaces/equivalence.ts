import { Dict } from './dict.js'
import { Graph } from './graph.js'
import { OneOf } from './one-of.js'
import { Sequence } from './sequence.js'
import type { Space } from './space.js'
import { Text } from './text.js'
import { Tuple } from './tuple.js'

/** Whether two spaces are of one kind, shape and dtype, whatever their bounds: whether elements of both fit into one batch. */
export function isSpaceDtypeShapeEquiv(a: Space, b: Space): boolean {
  if (a.constructor !== b.constructor) return false
  if (a instanceof Text && b instanceof Text) return a.maxLength === b.maxLength && a.characters === b.characters
  if ((a instanceof Tuple && b instanceof Tuple) || (a instanceof OneOf && b instanceof OneOf)) return equivalentParts(a.spaces, b.spaces)
  if (a instanceof Dict && b instanceof Dict) {
    return (
      [...a.keys].sort().join('\0') === [...b.keys].sort().join('\0') &&
      a.keys.every((key: string) => isSpaceDtypeShapeEquiv(a.spaces[key], b.spaces[key]))
    )
  }
  if (a instanceof Sequence && b instanceof Sequence) return a.stack === b.stack && isSpaceDtypeShapeEquiv(a.featureSpace, b.featureSpace)
  if (a instanceof Graph && b instanceof Graph) {
    const edges = [a.edgeSpace, b.edgeSpace].filter((space) => space !== null)
    return edges.length !== 1 && equivalentParts([a.nodeSpace, ...edges.slice(0, 1)], [b.nodeSpace, ...edges.slice(1)])
  }
  return String(a.shape) === String(b.shape) && a.dtype === b.dtype
}

function equivalentParts(a: readonly Space[], b: readonly Space[]): boolean {
  return a.length === b.length && a.every((part, i) => isSpaceDtypeShapeEquiv(part, b[i]!))
}
