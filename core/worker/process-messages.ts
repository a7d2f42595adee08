import type { LedgerMessage } from '../control/ref-book.js'
import type { CallMessage } from './calls.js'
import type { Role } from './messages.js'
import type { RelayMessage } from './relay.js'

/** The number of the main thread's own connection to a process worker. */
export const MAIN_END = 1
/** The file descriptor of the stream, in a process worker. */
export const STREAM_FD = 3

/** What a process worker is started with. */
export interface ProcessSetup {
  readonly index: number
  readonly firstId: number
  readonly name: string
  readonly role: Role
  readonly heapMb: number | undefined
  readonly namespace: string
  /** Of this process: memory is counted by process. */
  readonly store: { readonly limitBytes: number; readonly spillDir: string }
}

export type ToProcess =
  | RelayMessage
  | CallMessage
  | { readonly kind: 'setup'; readonly setup: ProcessSetup }
  /** A thread wants to send it requests. */
  | { readonly kind: 'attach'; readonly end: number; readonly index: number; readonly name: string }

export type FromProcess =
  | RelayMessage
  | CallMessage
  | { readonly kind: 'ledger'; readonly message: LedgerMessage }
  /** Its thread has ended, and all that it sent has been sent. */
  | { readonly kind: 'dead'; readonly how: string; readonly cause: unknown }

/** A connection to an actor that the main thread has made for a process worker, by its end. */
export interface RelayedWire {
  readonly end: number
  readonly index: number
  readonly name: string
}
