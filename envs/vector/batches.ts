/** Batches of elements, built as `createEmptyArray` builds them: how vector environments copy, save and cut them. */
import { InvalidKwargs, InvalidSpace } from '../errors.js'
import { shown } from '../shown.js'
import { emptyArray } from '../spaces/dtype.js'
import { Dict, Discrete, type DtypeArray, type Space, Tuple } from '../spaces/index.js'
import { sizeOf } from '../spaces/shape.js'
import { invalidState, numbersFromState } from '../state.js'

type Parts = Record<string | number, unknown>

/** Whether elements are numbers of fixed count, so that a batch is one array. */
export function isArraySpace(space: Space): boolean {
  return space.dtype !== null && space.shape !== null
}

/** @throws InvalidSpace unless elements are one array of numbers, where nothing else can be carried */
export function checkArraySpace(space: Space): void {
  if (!isArraySpace(space)) throw new InvalidSpace(`elements of ${space} are not one array of numbers, which is what can be carried here`)
}

/** The parts of a Dict or Tuple by key; null for other spaces. */
function partsOf(space: Space): [key: string | number, part: Space][] | null {
  if (space instanceof Dict) return space.entries()
  if (space instanceof Tuple) return space.spaces.map((part: Space, i: number) => [i, part])
  return null
}

/** Whether a batch is arrays alone, which threads can share. */
export function isFixedSize(space: Space): boolean {
  return isArraySpace(space) || (partsOf(space)?.every(([, part]) => isFixedSize(part)) ?? false)
}

/** Builds a batch of which `leaf` makes each array. */
function built(space: Space, leaf: (space: Space) => unknown): unknown {
  if (space instanceof Tuple) return space.spaces.map((part: Space) => built(part, leaf))
  if (space instanceof Dict) return Object.fromEntries(space.entries().map(([key, part]) => [key, built(part, leaf)]))
  return leaf(space)
}

/** A batch in memory that threads share; only for spaces of fixed size. */
export function sharedBatch(space: Space, count: number): unknown {
  return built(space, (part) => {
    const empty = emptyArray(part.dtype!, 0)
    const SharedArray = empty.constructor as new (buffer: SharedArrayBuffer) => DtypeArray
    return new SharedArray(new SharedArrayBuffer(count * sizeOf(part.shape!) * empty.BYTES_PER_ELEMENT))
  })
}

/** Rows of a batch, as views of it. */
export function rowsOf(space: Space, batch: unknown, from: number, count: number): unknown {
  const parts = partsOf(space)
  if (space instanceof Tuple) return parts!.map(([key, part]) => rowsOf(part, (batch as Parts)[key], from, count))
  if (parts) return Object.fromEntries(parts.map(([key, part]) => [key, rowsOf(part, (batch as Parts)[key], from, count)]))
  if (!isArraySpace(space)) return (batch as unknown[]).slice(from, from + count)
  const size = sizeOf(space.shape!)
  return (batch as DtypeArray).subarray(from * size, (from + count) * size)
}

/** Copies a row of one batch into another's. */
export function copyRow(space: Space, from: unknown, to: unknown, index: number, toIndex = index): void {
  const parts = partsOf(space)
  if (parts) {
    for (const [key, part] of parts) copyRow(part, (from as Parts)[key], (to as Parts)[key], index, toIndex)
  } else if (!isArraySpace(space)) (to as unknown[])[toIndex] = (from as unknown[])[index]
  else {
    const size = sizeOf(space.shape!)
    for (let k = 0; k < size; k++) (to as DtypeArray)[toIndex * size + k] = (from as DtypeArray)[index * size + k]!
  }
}

/** A batch as lists of numbers, for a saved state. */
export function plainBatch(space: Space, batch: unknown): unknown {
  const parts = partsOf(space)
  if (space instanceof Tuple) return parts!.map(([key, part]) => plainBatch(part, (batch as Parts)[key]))
  if (parts) return Object.fromEntries(parts.map(([key, part]) => [key, plainBatch(part, (batch as Parts)[key])]))
  return isArraySpace(space) ? Array.from(batch as DtypeArray) : structuredClone(batch)
}

/** Writes what `plainBatch` gave into a batch, or, without one, looks whether it could. @throws EnvError (ENVS_INVALID_STATE) */
export function loadBatch(space: Space, own: Record<string | number, unknown>, name: string | number, like: unknown, into: unknown): void {
  const parts = partsOf(space)
  const plain = own[name]
  if (parts) {
    if (typeof plain !== 'object' || plain === null)
      throw invalidState(`${name} of a saved state is a batch of ${space}, got ${shown(plain)}`)
    for (const [key, part] of parts) loadBatch(part, plain as Parts, key, (like as Parts)[key], into && (into as Parts)[key])
  } else if (isArraySpace(space)) {
    const numbers = numbersFromState(own as Record<string, unknown>, String(name), (like as DtypeArray).length)
    if (into) (into as DtypeArray).set(numbers)
  } else {
    if (!Array.isArray(plain) || plain.length !== (like as unknown[]).length)
      throw invalidState(`${name} of a saved state is a list of elements`)
    if (into) for (let i = 0; i < plain.length; i++) (into as unknown[])[i] = plain[i]
  }
}

/**
 * A function that gives element i of a batch of actions. What it gives it writes again at the next call, so that a step makes nothing new.
 */
export function elementReader(space: Space): (batch: unknown, i: number) => unknown {
  const parts = partsOf(space)
  if (parts) {
    const element: Parts = (space instanceof Tuple ? [] : {}) as Parts
    const readers = parts.map(([key, part]) => [key, elementReader(part)] as const)
    return (batch, i) => {
      if (typeof batch !== 'object' || batch === null)
        throw new InvalidKwargs(`a batch of ${space} is built as its space is, got ${shown(batch)}`)
      for (const [key, read] of readers) element[key] = read((batch as Parts)[key], i)
      return element
    }
  }
  if (!isArraySpace(space) || space instanceof Discrete) return (batch, i) => (batch as ArrayLike<unknown>)[i]
  const row = emptyArray(space.dtype!, sizeOf(space.shape!))
  return (batch, i) => {
    for (let k = 0; k < row.length; k++) row[k] = (batch as ArrayLike<number>)[i * row.length + k]!
    return row
  }
}

/**
 * A copy with arrays of its own. Arrays are copied one by one: cloned structurally, one that lies in a kernel's memory would bring all of
 * it, and one that threads share would stay shared.
 */
export function detached<T>(value: T): T {
  if (ArrayBuffer.isView(value)) return (value as unknown as DtypeArray).slice() as unknown as T
  if (Array.isArray(value)) return value.map(detached) as T
  if (typeof value !== 'object' || value === null) return value
  if (Object.getPrototypeOf(value) !== Object.prototype) return structuredClone(value)
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, detached(part)])) as T
}
