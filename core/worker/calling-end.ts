import { Bell, spoke } from './bell.js'
import * as layout from './layout.js'
import type { DataMessage, Wire } from './messages.js'
import { RelayEnd, type RelayTools, refusal, unshareableError } from './relay-end.js'
import { RingReader, RingWriter } from './ring.js'

/** The end at a server: it makes the requests that come as the client would, and sends the replies back. */
export class CallingEnd extends RelayEnd {
  protected readonly from: RingReader
  protected readonly to: RingWriter
  protected readonly headerBytes = layout.REPLY_HEADER
  protected readonly unread = false
  private readonly bell: Bell
  private spoke = false
  /** Requests that were not answered, by slot. */
  private readonly open = new Map<number, { readonly taskId: number; readonly position: number }>()

  constructor(
    id: number,
    wire: Wire,
    tools: RelayTools,
    private readonly pool: Int32Array,
  ) {
    super(id, wire, tools)
    this.from = new RingReader(this.words, layout.REPLY_RING, layout.REPLY_TAIL, layout.REPLY_HEAD)
    this.to = new RingWriter(this.words, layout.REQUEST_RING, layout.REQUEST_TAIL, layout.REQUEST_HEAD)
    this.bell = new Bell(wire.bell, pool)
  }

  protected override arrived(record: Buffer): void {
    // It was claimed there to be sent here.
    record.writeInt32LE(layout.QUEUED, layout.STATUS * 4)
    super.arrived(record)
  }

  protected placing(_at: number, record: Buffer, position: number): void {
    if (!isDrop(record)) this.open.set(record.readInt32LE(layout.SLOT * 4), { taskId: taskIdOf(record), position })
  }

  protected claim(at: number): boolean {
    const { words } = this
    const kind = words[at + layout.KIND]! & layout.KIND_MASK
    const slot = words[at + layout.SLOT]!
    if (kind <= layout.REFUSED) this.open.delete(slot)
    if (!this.namesUnshareable(at)) return true
    this.open.delete(slot)
    this.answer(slot, unshareableError('the return value'))
    return false
  }

  protected passed(): void {
    // Load: pairs with the server's store of 1 before its last look at the head.
    if (Atomics.load(this.words, layout.REPLIES_FULL) === 0) return
    Atomics.store(this.words, layout.REPLIES_FULL, 0)
    Atomics.notify(this.words, layout.REPLY_HEAD)
  }

  override data(message: DataMessage): void {
    if (!('abort' in message && this.revoke(message.abort))) super.data(message)
  }

  /** Takes a request back that was not begun, as its client could have done. */
  private revoke(taskId: number): boolean {
    const waiting = this.takeBack((record) => !isDrop(record) && taskIdOf(record) === taskId)
    const slot = waiting?.readInt32LE(layout.SLOT * 4) ?? this.revokePlaced(taskId)
    if (slot === undefined) return false
    this.open.delete(slot)
    this.answer(slot, new DOMException('the call was cancelled', 'AbortError'))
    return true
  }

  private revokePlaced(taskId: number): number | undefined {
    for (const [slot, { taskId: id, position }] of this.open) {
      if (id !== taskId) continue
      const status = this.to.indexOf(position) + layout.STATUS
      const revoked =
        !this.to.passed(position) && Atomics.compareExchange(this.words, status, layout.QUEUED, layout.REVOKED) === layout.QUEUED
      return revoked ? slot : undefined
    }
    return undefined
  }

  private answer(slot: number, error: Error): void {
    this.send(refusal(slot, error))
  }

  protected wakeReader(): void {
    if (!this.spoke) {
      this.spoke = true
      spoke(this.pool)
    }
    this.bell.ring()
  }

  protected ringIsFull(): void {
    this.bell.ring()
  }
}

function taskIdOf(record: Buffer): number {
  return record.readDoubleLE(layout.TASK_ID * 4)
}

function isDrop(record: Buffer): boolean {
  return (record.readInt32LE(layout.KIND * 4) & layout.KIND_MASK) === layout.DROP_HANDLE
}
