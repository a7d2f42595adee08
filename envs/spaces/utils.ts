import { InvalidSpace } from '../errors.js'
import { shown } from '../shown.js'
import { Box } from './box.js'
import { Discrete } from './discrete.js'
import { MAX_SIZE } from './dtype.js'
import { MultiDiscrete } from './multi-discrete.js'
import type { Space } from './space.js'

/** How many numbers an element has once flattened for a network: a Box its coordinates, Discrete a one-hot of n. */
export function flatdim(space: Space<unknown>): number {
  if (space instanceof Box) return space.low.length
  if (space instanceof Discrete) return space.n
  if (space instanceof MultiDiscrete) return space.nvec.reduce((sum: number, n: number) => sum + n, 0)
  throw new InvalidSpace(`${space} cannot be flattened to numbers; use a Box, Discrete or MultiDiscrete`)
}

/** The space of `count` elements side by side: rows of a Box, a MultiDiscrete for Discrete. A seeded stream is copied, as Gymnasium does. */
export function batchSpace(space: Space<unknown>, count: number): Space<unknown> {
  const size = space.shape.reduce((product, side) => product * side, count)
  if (!(Number.isInteger(count) && count >= 0 && size <= MAX_SIZE))
    throw new InvalidSpace(`${shown(count)} of ${space} side by side are no batch of up to ${MAX_SIZE} numbers`)
  const batched = batchedLike(space, count)
  batched.setState(space.getState())
  return batched
}

function batchedLike(space: Space<unknown>, count: number): Space<unknown> {
  const tile = (values: ArrayLike<number>, open?: { bounded: Uint8Array; value: number }) =>
    Float64Array.from({ length: count * values.length }, (_, i) => {
      const at = i % values.length
      return open && !open.bounded[at] ? open.value : values[at]!
    })
  if (space instanceof Box) {
    return new Box(
      tile(space.low, { bounded: space.boundedBelow, value: -Infinity }),
      tile(space.high, { bounded: space.boundedAbove, value: Infinity }),
      {
        shape: [count, ...space.shape],
        dtype: space.dtype,
      },
    )
  }
  if (space instanceof Discrete) {
    return new MultiDiscrete(tile([space.n]), { start: tile([space.start]), dtype: space.dtype })
  }
  if (space instanceof MultiDiscrete) {
    const low = tile(space.start)
    const high = tile(space.nvec).map((n, i) => low[i]! + n - 1)
    return new Box(low, high, { shape: [count, ...space.shape], dtype: space.dtype })
  }
  throw new InvalidSpace(`${space} cannot be batched; use a Box, Discrete or MultiDiscrete`)
}
