/** Where the environments of a kernel lie. */
import { InvalidKwargs } from '../errors.js'
import { shown } from '../shown.js'

/**
 * A memory that others compute in too, such as networks that read the observations where they are. Its bytes 64–128 KiB are for the
 * kernels of environments. If it is not shared between threads it must not grow after environments were made in it: growth would take
 * their arrays away.
 */
export interface KernelMemory {
  readonly memory: WebAssembly.Memory
  /** The address of so many bytes that nobody else uses, a multiple of 16, all zero. */
  allocate(bytes: number): number
}

const PAGE = 65_536
const HEAP_BASE = 2 * PAGE
const ALIGNMENT = 64

/** Places in one memory, by name: addresses in bytes. */
export interface Layout<Name extends string> {
  readonly memory: WebAssembly.Memory
  readonly address: Readonly<Record<Name, number>>
}

/** Puts areas of so many bytes one after the other: into the memory that is given, or one of their own. @throws InvalidKwargs */
export function layOut<Name extends string>(bytes: Readonly<Record<Name, number>>, given: unknown): Layout<Name> {
  const names = Object.keys(bytes) as Name[]
  const offsets: number[] = []
  let total = 0
  for (const name of names) {
    offsets.push(total)
    total += Math.ceil(bytes[name] / ALIGNMENT) * ALIGNMENT
  }
  const { memory, base } = given === undefined || given === null ? ownMemory(total) : placeIn(given, total)
  const address = Object.fromEntries(names.map((name, k) => [name, base + offsets[k]!])) as Record<Name, number>
  return { memory, address }
}

function ownMemory(bytes: number): { memory: WebAssembly.Memory; base: number } {
  return { memory: new WebAssembly.Memory({ initial: Math.ceil((HEAP_BASE + bytes) / PAGE) }), base: HEAP_BASE }
}

function placeIn(given: unknown, bytes: number): { memory: WebAssembly.Memory; base: number } {
  const { memory, allocate } = given as Partial<KernelMemory>
  if (!(memory instanceof WebAssembly.Memory) || typeof allocate !== 'function')
    throw new InvalidKwargs(`memory is { memory: WebAssembly.Memory, allocate(bytes) }, got ${shown(given)}`)
  const base = (given as KernelMemory).allocate(bytes)
  if (!(Number.isInteger(base) && base >= HEAP_BASE && base % 16 === 0 && base + bytes <= memory.buffer.byteLength))
    throw new InvalidKwargs(
      `allocate(${bytes}) must give a multiple of 16 from ${HEAP_BASE} on with so many bytes behind it, got ${shown(base)} of ${memory.buffer.byteLength}`,
    )
  return { memory, base }
}
