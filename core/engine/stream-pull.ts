import type { RefStream } from '../api/ref-stream.js'
import type { Settled } from '../control/headquarters.js'
import { STREAM_WINDOW } from '../worker/streams.js'

/** Fetches the values of a worker's streaming task that the main thread runs, one after another, up to a window ahead of the reader. */
export class StreamPull {
  /** Resolves when there are no more. */
  readonly done: Promise<void>
  private read = 0
  private resume: (() => void) | undefined

  constructor(
    private readonly stream: RefStream,
    private readonly next: () => Promise<Settled | undefined>,
    private readonly made: (value: unknown) => void,
  ) {
    // What goes wrong is told by the task itself.
    this.done = this.all().catch(() => {})
  }

  /** So many values have been read in all. */
  told(read: number): void {
    this.read = read
    this.resume?.()
  }

  private async all(): Promise<void> {
    for (let count = 0; ; count++) {
      while (!this.stream.ended && count - this.read >= STREAM_WINDOW) await new Promise<void>((resolve) => (this.resume = resolve))
      const settled = await this.next()
      // An error is told by the task itself, as its last value.
      if (settled === undefined || settled.failed) return
      this.made(settled.value)
    }
  }
}
