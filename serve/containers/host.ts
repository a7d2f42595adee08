import type { Wire } from './wire.js'

/** What a host tells of the container that it runs. */
export interface HostEvents {
  /** It is connected and has shown that it is the one; told at most once. */
  arrived(wire: Wire, maxInFlight: number): void
  /** It came, but cannot be spoken with. */
  refused(reason: string): void
  /** It does not run any more; told exactly once. */
  gone(reason: string): void
}

/** What runs one life of a container: a process, a thread, or somebody else's machine. */
export interface Host {
  /** The operating system's process, where it is one of this machine's. */
  readonly pid: number | undefined
  /** The end of what it said on its standard error. */
  readonly lastWords: string
  /** Whether it connects by itself, whenever that may be: there is no limit on its start then. */
  readonly isAwaited: boolean
  /** Asks it to go, once its connection has ended. */
  leave(): void
  /** Ends it at once. */
  kill(): void
}

/** Starts a life. */
export type StartHost = (events: HostEvents) => Host
