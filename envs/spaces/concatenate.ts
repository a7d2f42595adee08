/** Elements side by side, as a vector environment holds them: into one batch, and out of it. */
import { InvalidElement } from '../errors.js'
import { shown } from '../shown.js'
import { Box } from './box.js'
import { Dict } from './dict.js'
import { Discrete } from './discrete.js'
import { type DtypeArray, emptyArray } from './dtype.js'
import { arrayOf, listOf, objectOf, unfit } from './element.js'
import { MultiBinary } from './multi-binary.js'
import { MultiDiscrete } from './multi-discrete.js'
import { sizeOf } from './shape.js'
import type { Space } from './space.js'
import { Tuple } from './tuple.js'

/** Spaces whose elements are numbers of fixed count, and whose batches are therefore one array. */
export function isNumeric(space: Space): space is Box | Discrete | MultiDiscrete | MultiBinary {
  return space instanceof Box || space instanceof Discrete || space instanceof MultiDiscrete || space instanceof MultiBinary
}

/**
 * Elements of `space` as one batch, which `out` becomes (`createEmptyArray(space, items.length)` makes it): rows of an array, the same
 * within a Tuple or a Dict, and a list for spaces of no fixed size.
 *
 * @throws InvalidElement for an item or an `out` that does not fit
 */
export function concatenate(space: Space, items: readonly unknown[], out: unknown): unknown {
  const rows = isNumeric(space) ? ((out as ArrayLike<number> | null)?.length ?? 0) / Math.max(sizeOf(space.shape), 1) : items.length
  if (rows !== items.length)
    throw new InvalidElement(
      `${items.length} elements of ${space} side by side do not fit ${shown(out)}; make it by createEmptyArray(space, ${items.length})`,
    )
  const batch = out ?? []
  for (let i = 0; i < items.length; i++) putElement(space, items[i], batch, i)
  return batch
}

/**
 * Writes one element into row `index` of a batch, without making anything new. Whether the element lies in the space is not looked at,
 * only whether it can be written.
 *
 * @throws InvalidElement
 */
export function putElement(space: Space, element: unknown, batch: unknown, index: number): void {
  if (space instanceof Discrete) {
    if (typeof element !== 'number') throw unfit(space, element)
    ;(batch as DtypeArray)[index] = element
  } else if (space instanceof Box || space instanceof MultiDiscrete || space instanceof MultiBinary) {
    const size = sizeOf(space.shape)
    ;(batch as DtypeArray).set(arrayOf(space, element, size), index * size)
  } else if (space instanceof Tuple) {
    const parts = listOf(space, element, space.spaces.length)
    for (let i = 0; i < parts.length; i++) putElement(space.spaces[i], parts[i], (batch as unknown[])[i], index)
  } else if (space instanceof Dict) {
    const parts = objectOf(space, element)
    for (const key of space.keys) putElement(space.spaces[key], parts[key], (batch as Record<string, unknown>)[key], index)
  } else (batch as unknown[])[index] = element
}

/** A fresh batch of these elements. */
export function stacked(space: Space, items: readonly unknown[]): unknown {
  if (isNumeric(space)) return concatenate(space, items, emptyArray(space.dtype, items.length * sizeOf(space.shape)))
  if (space instanceof Tuple)
    return space.spaces.map((part: Space, i: number) =>
      stacked(
        part,
        items.map((item) => partOf(space, item, i)),
      ),
    )
  if (space instanceof Dict) {
    return Object.fromEntries(
      space.entries().map(([key, part]) => [
        key,
        stacked(
          part,
          items.map((item) => partOf(space, item, key)),
        ),
      ]),
    )
  }
  return [...items]
}

function partOf(space: Space, item: unknown, key: number | string): unknown {
  if (typeof item !== 'object' || item === null) throw unfit(space, item)
  return (item as Record<number | string, unknown>)[key]
}

/**
 * The elements of a batch one after the other, of `space`, the batched space. Rows of an array are views of it, or numbers where the
 * batch has one axis. How many there are, the batch says and not the space.
 *
 * @throws InvalidElement for a batch that is not built as the space is, InvalidSpace for a space that holds one number
 */
export function* iterate(space: Space, batch: unknown): Generator<unknown, void, undefined> {
  if (isNumeric(space)) yield* rows(space, batch)
  else if (
    space instanceof Tuple &&
    space.spaces.every((part: Space) => isNumeric(part) || part instanceof Tuple || part instanceof Dict)
  ) {
    const batches = listOf(space, batch, space.spaces.length)
    yield* zipped(space.spaces.map((part: Space, i: number) => iterate(part, batches[i])))
  } else if (space instanceof Dict) {
    const batches = objectOf(space, batch)
    const parts = space.entries().map(([key, part]) => iterate(part, batches[key]))
    for (const values of zipped(parts)) yield Object.fromEntries(space.keys.map((key: string, i: number) => [key, values[i]]))
  } else {
    if (!Array.isArray(batch)) throw unfit(space, batch)
    yield* batch
  }
}

function* rows(space: Space, batch: unknown): Generator<unknown, void, undefined> {
  const [count, ...rest] = space.shape ?? []
  if (count === undefined) throw new InvalidElement(`${space} holds one number, which has no rows`)
  if (!Array.isArray(batch) && !ArrayBuffer.isView(batch)) throw unfit(space, batch)
  const values = batch as Float64Array
  if (rest.length === 0) {
    yield* values
    return
  }
  const size = sizeOf(rest)
  const length = size === 0 ? count : values.length / size
  if (!Number.isInteger(length)) throw new InvalidElement(`${values.length} numbers are no rows of [${rest}] of ${space}`)
  for (let i = 0; i < length; i++) {
    const [from, to] = [i * size, (i + 1) * size]
    yield Array.isArray(values) ? values.slice(from, to) : values.subarray(from, to)
  }
}

function* zipped(parts: Generator<unknown, void, undefined>[]): Generator<unknown[], void, undefined> {
  for (;;) {
    const next = parts.map((part) => part.next())
    const ended = next.filter(({ done }) => done).length
    if (ended === next.length) return
    if (ended > 0) throw new InvalidElement('the parts of a batch have different numbers of rows')
    yield next.map(({ value }) => value)
  }
}
