/**
 * Columns: named arrays in one shared memory. The driver allocates them; its actors get the layout (plain numbers) and make
 * views of the same bytes, so a rollout crosses threads without a copy.
 */
import type { Heap } from '../nn/heap.js'

interface ArrayTypes {
  float32: Float32Array
  float64: Float64Array
  int32: Int32Array
  uint8: Uint8Array
}

/** What to allocate: `[element type, length]` a column. */
export type ColumnSpec = Readonly<Record<string, readonly [keyof ArrayTypes, number]>>

/** Where each column lies; can be passed to an actor. */
export type ColumnLayout<S extends ColumnSpec> = { readonly [K in keyof S]: { type: S[K][0]; byteOffset: number; length: number } }

export type Columns<S extends ColumnSpec> = { readonly [K in keyof S]: ArrayTypes[S[K][0]] }

const CONSTRUCTORS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array } as const

export function allocateColumns<S extends ColumnSpec>(heap: Heap, spec: S): ColumnLayout<S> {
  const entries = Object.entries(spec).map(([name, [type, length]]) => [name, { type, byteOffset: heap[type](length).byteOffset, length }])
  return Object.fromEntries(entries)
}

/** Views of allocated columns; made again by each thread from its own handle of the memory. */
export function viewColumns<S extends ColumnSpec>(heap: Heap, layout: ColumnLayout<S>): Columns<S> {
  const listed = Object.entries<ColumnLayout<ColumnSpec>[string]>(layout)
  const entries = listed.map(([name, { type, byteOffset, length }]) => [
    name,
    new CONSTRUCTORS[type](heap.memory.buffer, byteOffset, length),
  ])
  return Object.fromEntries(entries)
}
