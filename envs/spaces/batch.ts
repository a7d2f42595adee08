import { InvalidSpace } from '../errors.js'
import { RandomGenerator } from '../seeding.js'
import { shown } from '../shown.js'
import { Box, openBound } from './box.js'
import { Dict } from './dict.js'
import { Discrete } from './discrete.js'
import { DTYPES, type Dtype, MAX_SIZE } from './dtype.js'
import { MultiBinary } from './multi-binary.js'
import { MultiDiscrete } from './multi-discrete.js'
import { sizeOf } from './shape.js'
import type { Space } from './space.js'
import { Tuple } from './tuple.js'

/** The type of `batchSpace(space)`. */
export type Batched<S extends Space> = Space extends S
  ? Space
  : S extends Box<infer D>
    ? Box<D>
    : S extends Discrete<infer D>
      ? MultiDiscrete<D>
      : S extends MultiDiscrete<infer D>
        ? Box<D>
        : S extends MultiBinary
          ? Box<'int8'>
          : S extends Tuple<infer P>
            ? Tuple<{ [K in keyof P]: Batched<P[K]> }>
            : S extends Dict<infer P>
              ? Dict<{ [K in keyof P]: Batched<P[K]> }>
              : Tuple<readonly S[]>

/**
 * The space of `count` elements side by side: rows of a Box, a MultiDiscrete for Discrete, a Tuple or Dict of batches; of a space without
 * fixed size (Text, Sequence, Graph, OneOf) a Tuple of `count`. A seeded stream is copied, as Gymnasium does.
 *
 * @throws InvalidSpace for a count that is none, or a batch of more numbers than fit
 */
export function batchSpace<S extends Space>(space: S, count = 1): Batched<S> {
  return batched(space, count) as unknown as Batched<S>
}

function batched(space: Space, count: number): Space {
  const size = sizeOf(space.shape ?? []) * count
  if (!(Number.isInteger(count) && count >= 0 && size <= MAX_SIZE))
    throw new InvalidSpace(`${shown(count)} of ${space} side by side are no batch of up to ${MAX_SIZE} numbers`)
  if (space instanceof Box) {
    const shape = [count, ...space.shape]
    return withStreamOf(
      space,
      new Box<Dtype>(tiled(numericBound(space, 'low'), count), tiled(numericBound(space, 'high'), count), { shape, dtype: space.dtype }),
    )
  }
  if (space instanceof Discrete) {
    const start = tiled([space.start], count)
    return withStreamOf(space, new MultiDiscrete(tiled([space.n], count), { start, dtype: space.dtype }))
  }
  if (space instanceof MultiDiscrete) {
    const low = tiled(space.start, count)
    const high = tiled(space.nvec, count).map((n, i) => low[i]! + n - 1)
    return withStreamOf(space, new Box<Dtype>(low, high, { shape: [count, ...space.shape], dtype: space.dtype }))
  }
  if (space instanceof MultiBinary) return withStreamOf(space, new Box<Dtype>(0, 1, { shape: [count, ...space.shape], dtype: space.dtype }))
  if (space instanceof Tuple) return withStreamOf(space, new Tuple(space.spaces.map((part: Space) => batched(part, count))))
  if (space instanceof Dict)
    return withStreamOf(
      space,
      space.map((part) => batched(part, count)),
    )
  return copies(space, count)
}

/** `count` copies of a space whose elements have no fixed size, each with a seed drawn from a copy of its stream. */
function copies(space: Space, count: number): Space {
  const tuple = new Tuple(Array.from({ length: count }, () => space.clone()))
  const random = space.npRandom.clone()
  tuple.npRandom = space.npRandom.clone()
  tuple.seed(Array.from({ length: count }, () => random.integers(0, 1e8)))
  return tuple
}

/**
 * The space of one element of each of `spaces`, which are of one kind and shape but differ in their bounds: `batchSpace` for environments
 * whose spaces differ. The first one's stream is copied.
 *
 * @throws InvalidSpace for no spaces, or spaces that don't fit together
 */
export function batchDifferingSpaces(spaces: readonly Space[]): Space {
  const first = spaces[0]
  if (first === undefined) throw new InvalidSpace('batchDifferingSpaces needs at least one space, got none')
  const odd = spaces.find((space) => space.constructor !== first.constructor)
  if (odd) throw new InvalidSpace(`spaces side by side are of one kind, got ${first} and ${odd}`)
  const agree = (what: string, of: (space: Space) => unknown) => {
    const other = spaces.find((space) => String(of(space)) !== String(of(first)))
    if (other) throw new InvalidSpace(`spaces side by side have one ${what}, got ${first} and ${other}`)
  }
  const concat = (values: (space: never) => ArrayLike<number>) =>
    Float64Array.from(spaces.flatMap((space) => Array.from(values(space as never))))
  const shape = [spaces.length, ...(first.shape ?? [])]
  if (first instanceof Discrete) {
    const dtype = (spaces as Discrete[]).map((space) => space.dtype).reduce((a, b) => (bytesOf(b) > bytesOf(a) ? b : a))
    const nvec = concat((space: Discrete) => [space.n])
    return withStreamOf(first, new MultiDiscrete(nvec, { start: concat((space: Discrete) => [space.start]), dtype }))
  }
  if (first instanceof Box || first instanceof MultiDiscrete || first instanceof MultiBinary) {
    agree('dtype', (space) => space.dtype)
    agree('shape', (space) => space.shape)
  }
  if (first instanceof Box) {
    const [low, high] = (['low', 'high'] as const).map((side) => concat((space: Box<Dtype>) => numericBound(space, side)))
    return withStreamOf(first, new Box<Dtype>(low!, high!, { shape, dtype: first.dtype }))
  }
  if (first instanceof MultiDiscrete) {
    const low = concat((space: MultiDiscrete) => space.start)
    const high = concat((space: MultiDiscrete) => space.nvec).map((n, i) => low[i]! + n - 1)
    return withStreamOf(first, new Box<Dtype>(low, high, { shape, dtype: first.dtype }))
  }
  if (first instanceof MultiBinary) return withStreamOf(first, new Box<Dtype>(0, 1, { shape, dtype: first.dtype }))
  if (first instanceof Tuple) {
    agree('number of parts', (space) => (space as Tuple).spaces.length)
    return withStreamOf(
      first,
      new Tuple(first.spaces.map((_: Space, i: number) => batchDifferingSpaces((spaces as Tuple[]).map((space) => space.spaces[i]!)))),
    )
  }
  if (first instanceof Dict) {
    agree('set of keys', (space) => [...(space as Dict).keys].sort())
    const parts = (key: string) => (spaces as Dict[]).map((space) => space.spaces[key]!)
    return withStreamOf(
      first,
      first.map((_, key) => batchDifferingSpaces(parts(key))),
    )
  }
  const tuple = new Tuple(spaces.map((space) => space.clone()))
  tuple.npRandom = first.npRandom.clone()
  return tuple
}

function withStreamOf<S extends Space>(space: Space, batch: S): S {
  const state = space.getState()
  const random = state !== null && 'parts' in state ? state.random : state
  if (random !== null) batch.npRandom = RandomGenerator.fromState(random)
  return batch
}

const bytesOf = (dtype: Dtype) => Number(/\d+/.exec(dtype)?.[0])

function tiled(values: ArrayLike<number>, count: number): Float64Array {
  return Float64Array.from({ length: count * values.length }, (_, i) => values[i % values.length]!)
}

/**
 * A side of a Box as NumPy hands it on, in an array of its dtype: there an open side of an integer is the dtype's limit, and so a bound.
 * 64-bit integers stay open, since their limit cannot be stored here.
 */
export function numericBound(box: Box<Dtype>, side: 'low' | 'high'): ArrayLike<number> {
  return DTYPES[box.dtype].kind === 'signed' && box.dtype !== 'int64' ? box[side] : openBound(box, side)
}
