import type { Frame } from './frames.js'

/** Frames both ways: over a socket (`connection.ts`) or between threads (`port-wire.ts`). */
export interface Wire {
  onFrame: (frame: Frame) => void
  /** Called once, with the reason, and whether it was the other side that closed it. */
  onClose: (reason: string, byThem: boolean) => void
  /** Raises the limit on a frame's size, once the other side has shown its token. */
  trust(maxBodyBytes: number): void
  /** A small frame: JSON only. For batches write a frame of your own with `write`. */
  send(type: number, json?: object): void
  /** The buffer must stay untouched until the other side has answered. */
  write(frame: Buffer): void
  /** Sends what was written, then says goodbye. */
  end(): void
  close(reason: string): void
}
