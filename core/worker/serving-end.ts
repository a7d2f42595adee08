import { Bell } from './bell.js'
import * as layout from './layout.js'
import type { DataMessage, Wire } from './messages.js'
import { RelayEnd, type RelayTools, refusal, unshareableError } from './relay-end.js'
import { RingReader, RingWriter } from './ring.js'

/** The end at a client: it takes requests as the server would, and hands out the replies that come. */
export class ServingEnd extends RelayEnd {
  protected readonly from: RingReader
  protected readonly to: RingWriter
  protected readonly headerBytes = layout.REQUEST_HEADER
  private readonly bell: Bell

  constructor(id: number, wire: Wire, tools: RelayTools, pool: Int32Array) {
    super(id, wire, tools)
    this.from = new RingReader(this.words, layout.REQUEST_RING, layout.REQUEST_TAIL, layout.REQUEST_HEAD)
    this.to = new RingWriter(this.words, layout.REPLY_RING, layout.REPLY_TAIL, layout.REPLY_HEAD)
    this.bell = new Bell(wire.bell, pool)
    wire.port.on('message', (message: DataMessage) => this.sendData(message))
    wire.port.unref()
  }

  protected get unread(): boolean {
    return Atomics.load(this.words, layout.CLIENT_GONE) === 1
  }

  protected claim(at: number): boolean {
    const { words } = this
    if ((words[at + layout.KIND]! & layout.KIND_MASK) === layout.DROP_HANDLE) return true
    // From here on the client cannot take it back by itself: that is asked of the other process.
    if (Atomics.compareExchange(words, at + layout.STATUS, layout.QUEUED, layout.CLAIMED) !== layout.QUEUED) return false
    if (!this.namesUnshareable(at)) return true
    this.insert(refusal(words[at + layout.SLOT]!, unshareableError('an argument')))
    return false
  }

  protected passed(): void {}

  protected placing(): void {}

  protected wakeReader(): void {
    this.bell.ring()
  }

  protected ringIsFull(): void {
    Atomics.store(this.words, layout.REPLIES_FULL, 1)
    this.bell.ring()
  }
}
