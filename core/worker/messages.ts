import type { MessagePort } from 'node:worker_threads'
import type { Attachment } from '../api/object-ref.js'
import type { UsageMemory } from '../store/usage.js'

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
  /** Those of them that are generators. */
  readonly generators: readonly string[]
  /** Names the source and the file: a function shipped by several threads is made once. */
  readonly hash: string
}

/** Travels on a data port. The receiver also looks when a record names an id that it does not know. */
export type DataMessage =
  | { readonly define: ShippedFunction }
  /** `copied` and `ours`: as an Attachment's. */
  | { readonly id: number; readonly object: Attachment['object']; readonly copied?: boolean | undefined; readonly ours?: boolean }
  /** The sender will not name this memory again, unless it sends it again. */
  | { readonly forget: number }
  /** Fires the AbortSignal of a task; `recursive`: what it has started and will start is cancelled too, `force`: by force. */
  | { readonly abort: number; readonly recursive: boolean; readonly force: boolean }
  /** So many values of a streaming task have been read in all. */
  | { readonly stream: number; readonly read: number }

/** One end of a connection between two threads, seen from one of them. */
export interface Wire {
  /** The other thread. */
  readonly index: number
  readonly name: string
  readonly bell: SharedArrayBuffer
  readonly channel: SharedArrayBuffer
  readonly port: MessagePort
}

/** The serving end; a worker for tasks gets the client's queue too. */
export interface InletSetup extends Wire {
  readonly queue: SharedArrayBuffer | undefined
}

/** What a thread is there for. */
export type Role =
  /** `bells`: those of all workers for tasks, by their place; `place`: its own. */
  | { readonly kind: 'pool'; readonly bells: readonly SharedArrayBuffer[]; readonly place: number }
  /** One task at a time that the main thread sends. */
  | { readonly kind: 'dedicated'; readonly gpuIds: readonly number[] }
  | ActorRole

export interface ActorRole {
  readonly kind: 'actor'
  readonly actorId: number
  readonly maxConcurrency: number
  /** Limits of the concurrency groups, by their index from 1. */
  readonly groups: readonly number[]
  /** The group of each method; 0: none. */
  readonly groupOfMethod: readonly number[]
  readonly gpuIds: readonly number[]
}

export interface WorkerData {
  readonly index: number
  /** Ids that this thread mints begin here. */
  readonly firstId: number
  readonly workerId: string
  readonly role: Role
  readonly bell: SharedArrayBuffer
  readonly pool: SharedArrayBuffer
  /** The connection to the main thread, which is the client. */
  readonly main: InletSetup
  readonly controlPort: MessagePort
  readonly headPort: MessagePort
  readonly ledgerPort: MessagePort
  /** Milliseconds since the epoch at the main thread's `performance.now()` 0. */
  readonly timeOrigin: number
  readonly namespace: string
  readonly store: { readonly limitBytes: number; readonly spillDir: string; readonly usage: UsageMemory }
  /** This thread lies in a process of its own. */
  readonly apart: boolean
}
