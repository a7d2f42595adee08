import type { Encoder } from '../store/encoder.js'
import { Bell } from './bell.js'
import * as layout from './layout.js'
import type { DataMessage, Wire } from './messages.js'
import { copyWords, shelve } from './payload.js'
import { RingWriter } from './ring.js'

/** A longer text is cut, so that no line of output has to travel outside the ring. */
const TEXT_CHUNK = 8192
/** While there is no room for a reply, this thread's own replies are read so often. */
const FULL_LOOK_MS = 1

export interface Clock {
  beganMs: number
  endedMs: number
}

/** What a thread needs to send replies, whoever the client is. */
export interface ReplyTools {
  readonly encoder: Encoder
  /** Output has its own, since a getter of a value being encoded may print. */
  readonly textEncoder: Encoder
  /** When the task that is being answered began and ended. */
  readonly clock: Clock
  /** Called before a message with refs or handles in it goes to a client. */
  leaving(encoder: Encoder, client: number): void
  /** Reads this thread's own replies: two threads that wait for each other's room must not wait forever. */
  relieve(): void
}

/** The server's writing end: puts results, errors and console output into the reply ring and wakes the client. */
export class ReplySender {
  private readonly words: Int32Array
  private readonly view: DataView
  private readonly bell: Bell
  private readonly ring: RingWriter

  constructor(
    private readonly wire: Wire,
    private readonly tools: ReplyTools,
    pool: Int32Array,
  ) {
    this.words = new Int32Array(wire.channel)
    this.view = new DataView(wire.channel)
    this.bell = new Bell(wire.bell, pool)
    this.ring = new RingWriter(this.words, layout.REPLY_RING, layout.REPLY_TAIL, layout.REPLY_HEAD)
  }

  result(slot: number, value: unknown): void {
    this.value(layout.RESULT, slot, value, 'the return value')
  }

  /** One value of a streaming task. False: it could not travel, and the client was told so, which ends the task. */
  yielded(slot: number, value: unknown): boolean {
    return this.value(layout.YIELDED, slot, value, 'a yielded value')
  }

  private value(kind: number, slot: number, value: unknown, name: string): boolean {
    const { encoder } = this.tools
    encoder.start()
    try {
      encoder.section(value, name)
      this.write(kind, slot, encoder)
      return true
    } catch (error) {
      this.refused(slot, error)
      return false
    }
  }

  thrown(slot: number, error: unknown): void {
    const { encoder } = this.tools
    encoder.start()
    encoder.thrown(error)
    this.write(layout.THROWN, slot, encoder)
  }

  /** The runtime's own error. */
  refused(slot: number, error: unknown): void {
    const { encoder } = this.tools
    encoder.start()
    encoder.thrown(error)
    this.write(layout.REFUSED, slot, encoder)
  }

  /** What becomes of a call, before its result. */
  told(slot: number, kind: typeof layout.PARKED | typeof layout.UNPARKED): void {
    const { encoder } = this.tools
    encoder.start()
    this.write(kind, slot, encoder)
  }

  /** In order with the results, so a task's output is shown before its value arrives. `taskId`: whose it is, or 0. */
  text(kind: number, text: string, taskId: number): void {
    const { textEncoder } = this.tools
    for (let at = 0; at < text.length; at += TEXT_CHUNK) {
      textEncoder.start()
      textEncoder.section(text.slice(at, at + TEXT_CHUNK), 'output')
      this.write(kind, 0, textEncoder, taskId)
    }
  }

  private write(kind: number, slot: number, encoder: Encoder, beganMs = this.tools.clock.beganMs): void {
    const { words, tools } = this
    if (encoder.refs.length > 0) tools.leaving(encoder, this.wire.index)
    for (const { id, object, copied, ours = false } of encoder.attachments)
      this.wire.port.postMessage({ id, object, copied, ours } satisfies DataMessage)
    const oversize = encoder.length > layout.MAX_INLINE_BYTES ? shelve(encoder) : undefined
    const bytes = oversize === undefined ? encoder.length : 8
    const total = (layout.REPLY_HEADER + bytes + 7) & ~7
    const at = this.reserve(total)
    if (at < 0) return
    words[at + layout.LENGTH] = total
    words[at + layout.KIND] = oversize === undefined ? kind : kind | layout.OVERSIZE
    words[at + layout.SLOT] = slot
    words[at + layout.PAYLOAD_BYTES] = bytes
    this.view.setFloat64((at + layout.REPLY_BEGAN) * 4, beganMs, true)
    this.view.setFloat64((at + layout.REPLY_ENDED) * 4, tools.clock.endedMs, true)
    const payload = at + layout.REPLY_HEADER / 4
    if (oversize !== undefined) {
      this.wire.port.postMessage({ id: oversize.id, object: oversize.object } satisfies DataMessage)
      this.view.setFloat64(payload * 4, oversize.id, true)
    } else copyWords(encoder.words, words, payload, bytes)
    this.ring.publish(total)
    this.bell.ring()
    encoder.done()
  }

  /** A full ring pauses this thread until the client has read. −1: the client is gone. */
  private reserve(total: number): number {
    for (;;) {
      let at = this.ring.reserve(total)
      if (at >= 0) return at
      if (Atomics.load(this.words, layout.CLIENT_GONE) === 1) return -1
      // Store, then look again: the client stores the head and then loads this word, so one of the two sees the other.
      Atomics.store(this.words, layout.REPLIES_FULL, 1)
      at = this.ring.reserve(total)
      if (at >= 0) return at
      this.bell.ring()
      this.tools.relieve()
      // Returns at once if the head has moved since.
      Atomics.wait(this.words, layout.REPLY_HEAD, this.ring.lastHead, FULL_LOOK_MS)
    }
  }
}
