import { Encoder } from '../store/encoder.js'
import * as layout from './layout.js'
import type { DataMessage, WorkerData } from './messages.js'
import { copyWords, shelve } from './payload.js'
import { RingWriter } from './ring.js'

/** A longer text is cut, so that no line of output has to travel outside the ring. */
const TEXT_CHUNK = 8192

/** The worker's writing end: puts results, errors and console output into the reply ring and wakes the driver. */
export class ReplySender {
  private readonly words: Int32Array
  private readonly view: DataView
  private readonly bell: Int32Array
  private readonly ring: RingWriter
  private readonly encoder = new Encoder(false)
  /** Output has its own, since a getter of a value being encoded may print. */
  private readonly textEncoder = new Encoder(false)

  constructor(private readonly data: WorkerData) {
    this.words = new Int32Array(data.channel)
    this.view = new DataView(data.channel)
    this.bell = new Int32Array(data.driverBell)
    this.ring = new RingWriter(this.words, layout.REPLY_RING, layout.REPLY_TAIL, layout.REPLY_HEAD)
  }

  result(slot: number, value: unknown): void {
    const { encoder } = this
    encoder.start()
    try {
      encoder.section(value, 'the return value')
      this.write(layout.RESULT, slot, encoder)
    } catch (error) {
      this.refused(slot, error)
    }
  }

  thrown(slot: number, error: unknown): void {
    this.encoder.start()
    this.encoder.thrown(error)
    this.write(layout.THROWN, slot, this.encoder)
  }

  /** The runtime's own error. */
  refused(slot: number, error: unknown): void {
    this.encoder.start()
    this.encoder.thrown(error)
    this.write(layout.REFUSED, slot, this.encoder)
  }

  started(slot: number): void {
    this.encoder.start()
    this.write(layout.STARTED, slot, this.encoder)
  }

  /** In order with the results, so a task's output is shown before its value arrives. */
  text(kind: number, text: string): void {
    for (let at = 0; at < text.length; at += TEXT_CHUNK) {
      this.textEncoder.start()
      this.textEncoder.section(text.slice(at, at + TEXT_CHUNK), 'output')
      this.write(kind, 0, this.textEncoder)
    }
  }

  private write(kind: number, slot: number, encoder: Encoder): void {
    const { words } = this
    for (const { id, object } of encoder.attachments) this.data.dataPort.postMessage({ id, object } satisfies DataMessage)
    const oversize = encoder.length > layout.MAX_INLINE_BYTES ? shelve(encoder) : undefined
    const bytes = oversize === undefined ? encoder.length : 8
    const total = (layout.REPLY_HEADER + bytes + 7) & ~7
    const at = this.reserve(total)
    words[at + layout.LENGTH] = total
    words[at + layout.KIND] = oversize === undefined ? kind : kind | layout.OVERSIZE
    words[at + layout.SLOT] = slot
    words[at + layout.PAYLOAD_BYTES] = bytes
    const payload = at + layout.REPLY_HEADER / 4
    if (oversize !== undefined) {
      this.data.dataPort.postMessage({ id: oversize.id, object: oversize.object } satisfies DataMessage)
      this.view.setFloat64(payload * 4, oversize.id, true)
    } else copyWords(encoder.words, words, payload, bytes)
    this.ring.publish(total)
    this.wakeDriver()
  }

  /** A full ring pauses the worker until the driver has read. */
  private reserve(total: number): number {
    for (;;) {
      let at = this.ring.reserve(total)
      if (at >= 0) return at
      // Store, then look again: the driver stores the head and then loads this word, so one of the two sees the other.
      Atomics.store(this.words, layout.REPLIES_FULL, 1)
      at = this.ring.reserve(total)
      if (at >= 0) return at
      this.wakeDriver()
      // Returns at once if the head has moved since.
      Atomics.wait(this.words, layout.REPLY_HEAD, this.ring.lastHead)
    }
  }

  /** One wake a sleep: only the worker that puts the armed word back to 0 makes the system call. */
  private wakeDriver(): void {
    if (Atomics.load(this.bell, layout.DRIVER_ARMED) === 0) return
    if (Atomics.compareExchange(this.bell, layout.DRIVER_ARMED, 1, 0) === 0) return
    Atomics.add(this.bell, layout.DRIVER_BELL, 1)
    Atomics.notify(this.bell, layout.DRIVER_BELL)
  }
}
