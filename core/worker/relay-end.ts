import { receiveMessageOnPort } from 'node:worker_threads'
import { SerializationError } from '../api/errors.js'
import { Fifo } from '../scheduler/fifo.js'
import { Encoder } from '../store/encoder.js'
import * as tag from '../store/tags.js'
import * as layout from './layout.js'
import type { DataMessage, Wire } from './messages.js'
import type { RingReader, RingWriter } from './ring.js'

/** So many bytes of records may be on their way to the other process, or lie there waiting for room. */
const WINDOW_BYTES = layout.RING_BYTES
/** While a ring is full, it is looked at so often. */
export const FULL_LOOK_MS = 1

/** How an end of a relayed connection reaches the other process. */
export interface RelayTools {
  readonly congested: boolean
  record(end: number, record: Uint8Array): void
  data(end: number, message: DataMessage): void
  /** So many bytes that came have been put into the ring. */
  placed(end: number, bytes: number): void
}

/**
 * One end of a connection between two threads that lie in different processes. Each process has a channel as if the other
 * thread were its own; the end reads what is written into it and sends it to the end in the other process, which writes it
 * there. It stops reading when too much is under way, so that a full ring holds its writer up as ever.
 */
export abstract class RelayEnd {
  protected readonly words: Int32Array
  protected readonly buffer: Buffer
  private readonly backlog = new Fifo<Buffer>()
  /** Those in the backlog that did not come from the other process. */
  private readonly own = new Set<Buffer>()
  private underWay = 0
  private timer: NodeJS.Timeout | undefined
  private closed = false
  /** Shared things that cannot leave the process, by their ids. */
  private readonly unshareable = new Set<number>()

  constructor(
    readonly id: number,
    readonly wire: Wire,
    protected readonly tools: RelayTools,
  ) {
    this.words = new Int32Array(wire.channel)
    this.buffer = Buffer.from(wire.channel)
  }

  protected abstract readonly from: RingReader
  protected abstract readonly to: RingWriter
  /** Takes a record out of the ring; false: it is not to be sent. */
  protected abstract claim(at: number): boolean
  /** The reader's head has moved. */
  protected abstract passed(): void
  /** Nobody reads what comes. */
  protected abstract readonly unread: boolean
  /** A record is about to be written, and has been. */
  protected abstract placing(at: number, record: Buffer, position: number): void
  protected abstract wakeReader(): void
  protected abstract ringIsFull(): void

  get ready(): boolean {
    return !this.held && this.from.ready()
  }

  private get held(): boolean {
    return this.underWay >= WINDOW_BYTES || this.tools.congested
  }

  /** Whether what came lies here for want of room. */
  get full(): boolean {
    return this.backlog.length > 0
  }

  /** Sends what waits in the ring: as much as may be under way, or all. */
  pump(all: boolean): void {
    let count = 0
    while ((all || !this.held) && !this.closed) {
      const at = this.from.next()
      if (at < 0) break
      // The writer posts what a record names before the record.
      this.drainPort()
      const bytes = this.words[at + layout.LENGTH]!
      if (this.claim(at)) this.send(this.buffer.subarray(at * 4, at * 4 + bytes))
      this.from.skip(bytes)
      count++
    }
    if (count === 0) return
    this.from.share()
    this.passed()
  }

  protected send(record: Uint8Array): void {
    this.underWay += record.length
    this.tools.record(this.id, record)
  }

  /** Records that came from the other process. */
  records(records: Buffer): void {
    for (let at = 0; at < records.length; ) {
      const bytes = records.readInt32LE(at)
      this.arrived(records.subarray(at, at + bytes))
      at += bytes
    }
    this.place()
  }

  protected arrived(record: Buffer): void {
    this.backlog.push(record)
  }

  /** Takes out the first record of its kind that waits for room. */
  protected takeBack(unwanted: (record: Buffer) => boolean): Buffer | undefined {
    const found = this.backlog.all().find(unwanted)
    if (found === undefined || !this.backlog.remove(found)) return undefined
    this.tools.placed(this.id, found.length)
    return found
  }

  /** A record of this process's own, as if it had come. */
  protected insert(record: Buffer): void {
    this.own.add(record)
    this.backlog.push(record)
    this.place()
  }

  /** Writes what came, as far as there is room. */
  place(): void {
    let bytes = 0
    let count = 0
    for (let record = this.backlog.peek(); record !== undefined; record = this.backlog.peek()) {
      if (!this.unread) {
        const at = this.to.reserve(record.length)
        if (at < 0) {
          this.ringIsFull()
          this.timer ??= setTimeout(() => {
            this.timer = undefined
            this.place()
          }, FULL_LOOK_MS)
          break
        }
        const { position } = this.to
        record.copy(this.buffer, at * 4)
        this.placing(at, record, position)
        this.to.publish(record.length)
      }
      this.backlog.shift()
      count++
      if (!this.own.delete(record)) bytes += record.length
    }
    if (bytes > 0) this.tools.placed(this.id, bytes)
    if (count > 0) this.wakeReader()
  }

  /** The other process has put so many bytes into its ring. */
  placedThere(bytes: number): void {
    this.underWay -= bytes
  }

  /** A message that the other process's thread sent beside its records. */
  data(message: DataMessage): void {
    this.wire.port.postMessage(message)
  }

  protected drainPort(): void {
    for (let next = receiveMessageOnPort(this.wire.port); next !== undefined; next = receiveMessageOnPort(this.wire.port))
      this.sendData(next.message as DataMessage)
  }

  protected sendData(message: DataMessage): void {
    if ('object' in message) {
      if (!(message.object instanceof SharedArrayBuffer)) {
        this.unshareable.add(message.id)
        return
      }
      // A payload that was too large for the ring.
      if (this.unshareable.size > 0 && this.names(Buffer.from(message.object))) this.unshareable.add(message.id)
    }
    this.tools.data(this.id, message)
  }

  /** Whether a record names something that cannot leave the process. */
  protected namesUnshareable(at: number): boolean {
    if (this.unshareable.size === 0) return false
    const record = this.buffer.subarray(at * 4, at * 4 + this.words[at + layout.LENGTH]!)
    if (this.words[at + layout.KIND]! & layout.OVERSIZE) return this.unshareable.has(record.readDoubleLE(this.headerBytes))
    return this.names(record.subarray(this.headerBytes))
  }

  protected abstract readonly headerBytes: number

  private names(bytes: Buffer): boolean {
    const name = Buffer.alloc(9)
    for (const id of this.unshareable) {
      name.writeDoubleLE(id, 1)
      for (const kind of [tag.HANDLE, tag.HANDLE_ONCE]) {
        name[0] = kind
        if (bytes.includes(name)) return true
      }
    }
    return false
  }

  close(): void {
    this.closed = true
    clearTimeout(this.timer)
    this.backlog.clear()
    this.wire.port.close()
  }
}

/** A reply that says why a request was not carried out. */
export function refusal(slot: number, error: Error): Buffer {
  const encoder = new Encoder(false)
  encoder.start()
  encoder.thrown(error)
  const total = (layout.REPLY_HEADER + encoder.length + 7) & ~7
  const record = Buffer.alloc(total)
  record.writeInt32LE(total, layout.LENGTH * 4)
  record.writeInt32LE(layout.REFUSED, layout.KIND * 4)
  record.writeInt32LE(slot, layout.SLOT * 4)
  record.writeInt32LE(encoder.length, layout.PAYLOAD_BYTES * 4)
  record.set(encoder.buffer.subarray(0, encoder.length), layout.REPLY_HEADER)
  return record
}

export function unshareableError(what: string): SerializationError {
  return new SerializationError(
    `${what} has a WebAssembly.Memory or WebAssembly.Module in it, which cannot leave its process; pass its bytes, or leave out runtime: 'process'`,
  )
}
