/// <reference lib="es2024.sharedmemory" />
import type { Bell } from './bell.js'
import { ASLEEP_ELSE, BELL } from './layout.js'
import type { DataMessage } from './messages.js'
import { FULL_LOOK_MS, type RelayEnd, type RelayTools } from './relay-end.js'
import type { FrameStream } from './stream.js'

/** What the two processes tell each other about connections, beside the records in them. */
export type RelayMessage =
  | { readonly kind: 'data'; readonly end: number; readonly message: DataMessage }
  | { readonly kind: 'placed'; readonly end: number; readonly bytes: number }

/** All connections that go through one stream, in one of the two processes. */
export class Relay implements RelayTools {
  private readonly ends = new Map<number, RelayEnd>()
  private listening = false
  private due = false
  private closed = false

  constructor(
    private readonly bell: Bell,
    private readonly stream: () => FrameStream,
    /** Called before records are sent: what must arrive before them is sent now. */
    private readonly before: () => void,
  ) {}

  get congested(): boolean {
    return this.stream().congested
  }

  record(end: number, record: Uint8Array): void {
    this.before()
    this.stream().record(end, record)
  }

  data(end: number, message: DataMessage): void {
    this.stream().send({ kind: 'data', end, message } satisfies RelayMessage)
  }

  placed(end: number, bytes: number): void {
    this.stream().send({ kind: 'placed', end, bytes } satisfies RelayMessage)
  }

  add(end: RelayEnd): void {
    this.ends.set(end.id, end)
    this.turn()
  }

  /** Ends the connections with a thread. */
  remove(which: (end: RelayEnd) => boolean): void {
    for (const end of this.ends.values()) {
      if (!which(end)) continue
      this.ends.delete(end.id)
      end.close()
    }
  }

  records(end: number, records: Buffer): void {
    this.ends.get(end)?.records(records)
  }

  handle(message: RelayMessage): void {
    const end = this.ends.get(message.end)
    if (message.kind === 'data') end?.data(message.message)
    else {
      end?.placedThere(message.bytes)
      this.turn()
    }
  }

  /** Sends what waits; all of it, or what may be under way. Then waits for the bell. */
  turn(all = false): void {
    if (this.closed) return
    for (const end of this.ends.values()) end.pump(all)
    this.listen()
  }

  private listen(): void {
    const seen = this.bell.announce(ASLEEP_ELSE)
    // Announced before the last look: who has something publishes it and then looks whether we sleep.
    if ([...this.ends.values()].some(({ ready }) => ready)) {
      this.bell.awake()
      this.later()
      return
    }
    // An earlier wait that was not rung still waits on the same value.
    if (this.listening) return
    const { async, value } = Atomics.waitAsync(this.bell.words, BELL, seen)
    if (!async) {
      this.later()
      return
    }
    this.listening = true
    value.then(() => {
      this.listening = false
      this.turn()
    })
  }

  private later(): void {
    if (this.due) return
    this.due = true
    setImmediate(() => {
      this.due = false
      this.turn()
    })
  }

  /** Resolves when all that came lies in its ring, or after so many milliseconds. */
  async settled(limitMs = Infinity): Promise<void> {
    const end = performance.now() + limitMs
    while ([...this.ends.values()].some(({ full }) => full) && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, FULL_LOOK_MS))
  }

  close(): void {
    this.closed = true
    for (const end of this.ends.values()) end.close()
    this.ends.clear()
  }
}
