import { receiveMessageOnPort } from 'node:worker_threads'
import type { Attachment } from '../api/object-ref.js'
import type { Task, TaskTable } from '../scheduler/task.js'
import { letGo } from '../store/collection.js'
import type { Encoder } from '../store/encoder.js'
import { noteArrived } from '../store/handles.js'
import { Bell, spoke } from './bell.js'
import * as layout from './layout.js'
import type { DataMessage, Wire } from './messages.js'
import { copyWords, shelve } from './payload.js'
import { RingReader, RingWriter } from './ring.js'

/** One reply as it lies in memory. A link has one object for all its replies: it is good until the next. */
export interface Reply {
  /** Without flags. */
  kind: number
  buffer: Buffer
  view: DataView
  /** Where the payload begins. */
  at: number
  beganMs: number
  endedMs: number
}

export interface LinkOwner {
  /** `task` is undefined for output. */
  replied(link: Link, task: Task | undefined, reply: Reply): void
}

/** The client's end of a connection to a thread: sends it requests and shared memory, and reads its replies. */
export class Link {
  readonly index: number
  readonly name: string
  readonly bell: Bell
  /** In the list of links that owe replies. */
  listed = false
  /** Requests sent over this link and not answered. */
  inFlight = 0
  alive = true
  private spoke = false
  private readonly words: Int32Array
  private readonly buffer: Buffer
  private readonly view: DataView
  private readonly requests: RingWriter
  private readonly replies: RingReader
  private readonly port: Wire['port']
  private readonly known = new Set<number>()
  private readonly sentHandles = new Set<number>()
  private readonly arrived = new Map<number, Attachment['object']>()
  /** Memory was forgotten that the server was not told to look for. */
  private forgotten = false
  private readonly reply: Reply

  constructor(
    wire: Wire,
    private readonly table: TaskTable,
    private readonly owner: LinkOwner,
    private readonly pool: Int32Array,
  ) {
    this.index = wire.index
    this.name = wire.name
    this.bell = new Bell(wire.bell, pool)
    this.port = wire.port
    this.words = new Int32Array(wire.channel)
    this.buffer = Buffer.from(wire.channel)
    this.view = new DataView(wire.channel)
    this.requests = new RingWriter(this.words, layout.REQUEST_RING, layout.REQUEST_TAIL, layout.REQUEST_HEAD)
    this.replies = new RingReader(this.words, layout.REPLY_RING, layout.REPLY_TAIL, layout.REPLY_HEAD)
    this.reply = { kind: 0, buffer: this.buffer, view: this.view, at: 0, beganMs: 0, endedMs: 0 }
  }

  /** Puts a request into the ring; false when there is no room. `encoder` holds the payload. */
  send(task: Task, encoder: Encoder): boolean {
    if (!this.alive) return false
    const oversize = encoder.length > layout.MAX_INLINE_BYTES
    const total = requestBytes(encoder)
    const at = this.requests.reserve(total)
    if (at < 0) return false
    if (oversize) task.attachments = [...task.attachments, shelve(encoder)]
    this.provide(task)
    this.table.add(task)
    task.link = this
    task.position = this.requests.position
    task.inRing = true
    writeRequest(this.words, this.view, at, total, task, encoder, oversize)
    this.publish(total)
    this.inFlight++
    return true
  }

  private publish(bytes: number): void {
    this.requests.publish(bytes)
    if (!this.spoke) {
      this.spoke = true
      spoke(this.pool)
    }
    this.bell.ring()
  }

  /** Sends what a task's record will only name: its function, and shared memory. */
  provide(task: Task): void {
    const { definition, attachments } = task
    if (definition !== undefined && !this.known.has(definition.index)) {
      this.known.add(definition.index)
      this.port.postMessage({ define: definition } satisfies DataMessage)
    }
    if (attachments.length > 0) this.post(attachments)
  }

  /** The server may take from this thread's queue. */
  openQueue(): void {
    Atomics.store(this.words, layout.QUEUE_OPEN, 1)
    spoke(this.pool)
  }

  private post(attachments: readonly Attachment[]): void {
    for (const attachment of attachments) {
      const { id } = attachment
      // First: looking at the memory may bring it back from disk.
      if (this.sentHandles.has(id)) continue
      // A copy made for this message is the server's own; one that is stored is everybody's.
      const copied = attachment.once && attachment.copied
      this.port.postMessage({ id, object: attachment.object, copied, ours: attachment.ours ?? false } satisfies DataMessage)
      this.sentHandles.add(id)
    }
  }

  abort(taskId: number, recursive: boolean, force = false): void {
    this.port.postMessage({ abort: taskId, recursive, force } satisfies DataMessage)
  }

  credit(taskId: number, read: number): void {
    this.port.postMessage({ stream: taskId, read } satisfies DataMessage)
  }

  /** Makes a request ready to be sent again: copies its payload out of the ring, if none was kept and the record is still there. */
  recover(task: Task): void {
    if (task.payload === undefined) rescuePayload(task, this.words, this.buffer, this.requests.indexOf(task.position))
    // It goes into memory of its own anew.
    else if (task.payload.byteLength > layout.MAX_INLINE_BYTES) task.attachments = task.attachments.slice(0, -1)
  }

  /** Takes a request back that was not begun. True: it never will be. */
  revoke(task: Task): boolean {
    if (task.parked || this.begun(task)) return false
    const status = this.requests.indexOf(task.position) + layout.STATUS
    // Compare-exchange: the server does the same with CLAIMED, and only one of the two finds QUEUED.
    if (Atomics.compareExchange(this.words, status, layout.QUEUED, layout.REVOKED) !== layout.QUEUED) return false
    this.recover(task)
    this.free(task)
    return true
  }

  /** Whether a request was begun. */
  begun(task: Task): boolean {
    if (task.parked) return false
    return (
      this.requests.passed(task.position) ||
      (Atomics.load(this.words, this.requests.indexOf(task.position) + layout.STATUS) & 3) === layout.CLAIMED
    )
  }

  /** The requests that were sent and not answered, in the order they were sent. */
  unanswered(): Task[] {
    const tasks = [...this.table].filter((task) => task.link === this)
    return tasks.sort((a, b) => (a.position - b.position) | 0)
  }

  free(task: Task): void {
    this.table.remove(task)
    task.link = undefined
    task.inRing = false
    task.parked = false
    this.inFlight--
    for (const { id, once } of task.attachments) if (once) this.sentHandles.delete(id)
  }

  /** Whether replies wait. */
  ready(): boolean {
    return this.replies.ready()
  }

  /** Hands all waiting replies to the owner; returns how many there were. */
  drain(): number {
    let count = 0
    const { words, replies, view, reply } = this
    for (let at = replies.next(); at >= 0; at = replies.next()) {
      const kind = words[at + layout.KIND]!
      const whole = kind & layout.KIND_MASK
      const task = whole === layout.STDOUT || whole === layout.STDERR ? undefined : this.table.at(words[at + layout.SLOT]!)
      const start = at * 4 + layout.REPLY_HEADER
      reply.kind = whole
      reply.beganMs = view.getFloat64((at + layout.REPLY_BEGAN) * 4, true)
      reply.endedMs = view.getFloat64((at + layout.REPLY_ENDED) * 4, true)
      // Passed before it is handed on: whatever that leads to must not meet the same record again. The room is given back after.
      replies.skip(words[at]!)
      if ((kind & layout.OVERSIZE) === 0) {
        reply.buffer = this.buffer
        reply.view = view
        reply.at = start
      } else {
        const shelf = (this.takeHandle(view.getFloat64(start, true)) as SharedArrayBuffer | undefined) ?? new SharedArrayBuffer(0)
        reply.buffer = Buffer.from(shelf)
        reply.view = new DataView(shelf)
        reply.at = 0
      }
      this.owner.replied(this, task, reply)
      // Room is given back in lots: one store, and at most one wake, for many replies.
      if ((++count & 63) === 0) this.shareReplies()
    }
    if (count > 0) this.shareReplies()
    return count
  }

  private shareReplies(): void {
    this.replies.share()
    // Load: pairs with the server's store of 1 before its last look at the head.
    if (Atomics.load(this.words, layout.REPLIES_FULL) === 0) return
    Atomics.store(this.words, layout.REPLIES_FULL, 0)
    Atomics.notify(this.words, layout.REPLY_HEAD)
  }

  /** Shared memory that came with a reply. */
  takeHandle(id: number): Attachment['object'] | undefined {
    for (;;) {
      const object = this.arrived.get(id)
      if (object !== undefined) {
        this.arrived.delete(id)
        return object
      }
      const next = receiveMessageOnPort(this.port) as { message: DataMessage } | undefined
      if (next === undefined) return undefined
      if (!('id' in next.message)) continue
      const { message } = next
      this.arrived.set(message.id, message.object)
      noteArrived(message)
      if (message.object instanceof SharedArrayBuffer) letGo(message.object.byteLength)
    }
  }

  /** The server has taken shared memory that was made for one message. */
  used(id: number): void {
    this.sentHandles.delete(id)
  }

  /** The server may let go of shared memory that was sent to it. */
  forget(id: number): void {
    if (!this.alive || !this.sentHandles.delete(id)) return
    // On the port, in order with the memory itself: it may be sent again. The record only makes the server look there.
    this.port.postMessage({ forget: id } satisfies DataMessage)
    this.forgotten = true
    this.flushForgotten()
  }

  private flushForgotten(): void {
    if (!this.forgotten) return
    const at = this.requests.reserve(layout.REQUEST_HEADER)
    // No room: it goes out with a later one. Nobody waits for it.
    if (at < 0) return
    this.forgotten = false
    this.words[at + layout.LENGTH] = layout.REQUEST_HEADER
    this.words[at + layout.STATUS] = layout.QUEUED
    this.words[at + layout.KIND] = layout.DROP_HANDLE
    this.publish(layout.REQUEST_HEADER)
  }

  close(): void {
    this.alive = false
    this.port.close()
  }
}

export function requestBytes(encoder: Encoder): number {
  return layout.REQUEST_HEADER + (encoder.length > layout.MAX_INLINE_BYTES ? 8 : (encoder.length + 7) & ~7)
}

/** Fills in a request's record. An oversize payload is the last of the task's attachments. */
export function writeRequest(
  words: Int32Array,
  view: DataView,
  at: number,
  total: number,
  task: Task,
  encoder: Encoder,
  oversize: boolean,
): void {
  words[at + layout.LENGTH] = total
  words[at + layout.KIND] =
    task.kind |
    (oversize ? layout.OVERSIZE : 0) |
    (task.stream !== undefined ? layout.STREAMING : 0) |
    (task.restores ? layout.RESTORES : 0) |
    (task.group << layout.GROUP_SHIFT)
  words[at + layout.SLOT] = task.slot
  words[at + layout.WHAT] = task.what
  words[at + layout.PAYLOAD_BYTES] = oversize ? 8 : encoder.length
  view.setFloat64((at + layout.TASK_ID) * 4, task.ref.id, true)
  const payload = at + layout.REQUEST_HEADER / 4
  if (oversize) view.setFloat64(payload * 4, task.attachments.at(-1)!.id, true)
  else copyWords(encoder.words, words, payload, encoder.length)
  // Last: in a queue's ring the word may still belong to an earlier record until the tail shows this one.
  words[at + layout.STATUS] = layout.QUEUED
}

/** Copies a task's payload out of its record. */
export function rescuePayload(task: Task, words: Int32Array, buffer: Buffer, at: number): void {
  if (words[at + layout.KIND]! & layout.OVERSIZE) {
    const shelf = task.attachments.at(-1)!
    task.attachments = task.attachments.slice(0, -1)
    task.payload = new Uint8Array(shelf.object as SharedArrayBuffer).slice()
    return
  }
  const start = at * 4 + layout.REQUEST_HEADER
  task.payload = Uint8Array.prototype.slice.call(buffer, start, start + words[at + layout.PAYLOAD_BYTES]!)
}
