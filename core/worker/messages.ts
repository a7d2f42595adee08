import type { MessagePort } from 'node:worker_threads'
import type { Attachment } from '../api/object-ref.js'

/** What a worker needs to make a function or a class: its source, or where to import it. */
export interface ShippedFunction {
  readonly index: number
  readonly name: string
  /** File URL or path of the file that called `remote` or `actor`: imports in the source resolve from there. */
  readonly file: string
  readonly source: string | undefined
  /** Where the source begins in that file, both from 0; undefined if it was not found there. */
  readonly line: number | undefined
  readonly column: number
  /** Set for `{ module }`: the source is not used then. */
  readonly module: string | undefined
  /** An actor class's methods; a call names one by its place. */
  readonly methods: readonly string[]
}

/** Travels on the data port; the receiver looks when a ring record names an id that it does not know. */
export type DataMessage = { readonly define: ShippedFunction } | { readonly id: number; readonly object: Attachment['object'] }

export interface WorkerData {
  readonly channel: SharedArrayBuffer
  readonly driverBell: SharedArrayBuffer
  readonly dataPort: MessagePort
  readonly controlPort: MessagePort
  readonly workerId: string
  readonly actorId: number | undefined
  readonly maxConcurrency: number
}

/** What the driver calls in a worker through comlink. */
export interface WorkerControl {
  /** Resolves once the worker takes tasks. */
  ready(): true
  /** Fires the AbortSignal of a running task. */
  abort(taskId: number): void
}
