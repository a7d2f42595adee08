import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { type Remote, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import type { Attachment } from '../api/object-ref.js'
import type { Task } from '../scheduler/task.js'
import type { Encoder } from '../store/encoder.js'
import { pressForCollection } from '../store/handles.js'
import * as layout from './layout.js'
import type { DataMessage, ShippedFunction, WorkerControl, WorkerData } from './messages.js'
import { copyWords, shelve } from './payload.js'
import { RingReader, RingWriter } from './ring.js'

export interface LinkSetup {
  readonly name: string
  readonly actorId: number | undefined
  readonly maxConcurrency: number
  readonly driverBell: SharedArrayBuffer
  readonly heapMb: number | undefined
}

export interface LinkOwner {
  /** One reply: `kind` without flags, the task whose slot it names (none for output), the payload. */
  replied(link: WorkerLink, kind: number, task: Task | undefined, buffer: Buffer, view: DataView, at: number, bytes: number): void
  /** The thread is gone. `error` is what it died of, if it said so. */
  exited(link: WorkerLink, error: unknown, exitCode: number): void
}

/** The driver's end of one worker thread: its rings, its ports and what it has been sent. */
export class WorkerLink {
  readonly name: string
  /** In the driver's list of links that owe replies. */
  listed = false
  inFlight = 0
  alive = true
  /** It is being ended on purpose. */
  condemned = false
  /** It has taken tasks. */
  hasStarted = false
  /** Resolves true once the worker takes tasks, false if it died before. */
  readonly started: Promise<boolean>
  readonly control: Remote<WorkerControl>
  private readonly channel = new SharedArrayBuffer(layout.CHANNEL_BYTES)
  private readonly words = new Int32Array(this.channel)
  private readonly buffer = Buffer.from(this.channel)
  private readonly view = new DataView(this.channel)
  private readonly requests = new RingWriter(this.words, layout.REQUEST_RING, layout.REQUEST_TAIL, layout.REQUEST_HEAD)
  private readonly replies = new RingReader(this.words, layout.REPLY_RING, layout.REPLY_TAIL, layout.REPLY_HEAD)
  private readonly slots: (Task | undefined)[] = []
  private readonly freeSlots: number[] = []
  private readonly known = new Set<number>()
  private readonly sentHandles = new Set<number>()
  private readonly arrived = new Map<number, Attachment['object']>()
  private readonly deadHandles: number[] = []
  private readonly dataPort: MessagePort
  private readonly thread: Worker
  private deathCause: unknown

  constructor(
    setup: LinkSetup,
    private readonly owner: LinkOwner,
  ) {
    this.name = setup.name
    const data = new MessageChannel()
    const control = new MessageChannel()
    this.dataPort = data.port1
    const workerData: WorkerData = {
      channel: this.channel,
      driverBell: setup.driverBell,
      dataPort: data.port2,
      controlPort: control.port2,
      workerId: setup.name,
      actorId: setup.actorId,
      maxConcurrency: setup.maxConcurrency,
    }
    this.thread = new Worker(new URL('./thread.js', import.meta.url), {
      name: setup.name,
      workerData,
      transferList: [data.port2, control.port2],
      ...inheritedFlags(),
      ...(setup.heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: setup.heapMb } }),
    })
    this.control = this.connect(control.port1)
    let dead: (value: false) => void
    const died = new Promise<false>((resolve) => (dead = resolve))
    this.thread.on('error', (error) => (this.deathCause = error))
    this.thread.on('exit', (code) => {
      this.alive = false
      control.port1.close()
      dead(false)
      this.drain()
      this.dataPort.close()
      this.owner.exited(this, this.deathCause, code)
    })
    this.started = Promise.race([this.control.ready(), died])
    void this.started.then((took) => (this.hasStarted ||= took))
    // Only an outstanding `get` keeps the process alive.
    this.thread.unref()
    control.port1.unref()
  }

  /** comlink over the control port, with one addition: each message is counted and rings the bell, since a worker asleep in Atomics.wait hears no port. */
  private connect(port: MessagePort): Remote<WorkerControl> {
    const endpoint = nodeEndpoint(port)
    return wrap<WorkerControl>({
      addEventListener: endpoint.addEventListener,
      removeEventListener: endpoint.removeEventListener,
      start: () => endpoint.start?.(),
      postMessage: (message, transfer) => {
        // Counted before it is posted: the worker must not see fewer than there are.
        Atomics.add(this.words, layout.CONTROL_SENT, 1)
        endpoint.postMessage(message, transfer)
        this.ring()
      },
    })
  }

  /** Wakes the worker if it sleeps. */
  private ring(): void {
    // Load: pairs with the worker's store of 1, which it makes before it looks at the ring a last time. Either it sees our tail or we see its 1.
    if (Atomics.load(this.words, layout.WORKER_ASLEEP) === 0) return
    // Store: the next requests of this burst need no system call.
    Atomics.store(this.words, layout.WORKER_ASLEEP, 0)
    Atomics.add(this.words, layout.WORKER_BELL, 1)
    // All waiters: a waitAsync of an earlier sleep may be waiting there too, and must not swallow the only wake.
    Atomics.notify(this.words, layout.WORKER_BELL)
  }

  /** Puts a task into the ring; false when there is no room. `encoder` holds the payload. */
  send(task: Task, encoder: Encoder): boolean {
    if (!this.alive) return false
    const tooLarge = encoder.length > layout.MAX_INLINE_BYTES
    const bytes = tooLarge ? 8 : encoder.length
    const total = layout.REQUEST_HEADER + ((bytes + 7) & ~7)
    const at = this.requests.reserve(total)
    if (at < 0) return false
    const oversize = tooLarge ? shelve(encoder) : undefined
    const definition = task.definition
    if (definition !== undefined && !this.known.has(definition.index)) this.define(definition)
    if (task.attachments.length > 0) this.post(task.attachments)
    const words = this.words
    const slot = this.freeSlots.pop() ?? this.slots.push(undefined) - 1
    this.slots[slot] = task
    task.slot = slot
    task.link = this
    task.position = this.requests.position
    words[at + layout.LENGTH] = total
    words[at + layout.STATUS] = layout.QUEUED
    words[at + layout.KIND] = task.kind | (oversize ? layout.OVERSIZE : 0) | (task.timeoutMs > 0 ? layout.TIMED : 0)
    words[at + layout.SLOT] = slot
    words[at + layout.WHAT] = task.what
    words[at + layout.PAYLOAD_BYTES] = bytes
    this.view.setFloat64((at + layout.TASK_ID) * 4, task.ref.id, true)
    const payload = at + layout.REQUEST_HEADER / 4
    if (oversize !== undefined) {
      task.attachments = [...task.attachments, oversize]
      this.post([oversize])
      this.view.setFloat64(payload * 4, oversize.id, true)
    } else copyWords(encoder.words, words, payload, bytes)
    this.requests.publish(total)
    this.inFlight++
    this.ring()
    return true
  }

  /** Copies a sent task's payload out of the ring, so that it can be sent elsewhere. Only while the record is still there. */
  recover(task: Task): void {
    const at = this.requests.indexOf(task.position)
    if (this.words[at + layout.KIND]! & layout.OVERSIZE) {
      const shelf = task.attachments.at(-1)!
      task.attachments = task.attachments.slice(0, -1)
      task.payload = new Uint8Array(shelf.object as SharedArrayBuffer).slice()
    } else {
      const start = at * 4 + layout.REQUEST_HEADER
      task.payload = Uint8Array.prototype.slice.call(this.buffer, start, start + this.words[at + layout.PAYLOAD_BYTES]!)
    }
  }

  /** Takes a task back that the worker has not begun. True: it never will. */
  revoke(task: Task): boolean {
    if (!this.alive || this.requests.passed(task.position)) return false
    const status = this.requests.indexOf(task.position) + layout.STATUS
    // Compare-exchange: the worker does the same with CLAIMED, and only one of the two finds QUEUED.
    if (Atomics.compareExchange(this.words, status, layout.QUEUED, layout.REVOKED) !== layout.QUEUED) return false
    for (const attachment of task.attachments) if (attachment.once) this.forget(attachment.id)
    this.recover(task)
    this.free(task)
    return true
  }

  /** Whether a task that this link has was begun. */
  begun(task: Task): boolean {
    if (this.requests.passed(task.position)) return true
    return Atomics.load(this.words, this.requests.indexOf(task.position) + layout.STATUS) === layout.CLAIMED
  }

  /** The tasks that were sent and not answered, in the order they were sent. */
  unanswered(): Task[] {
    const tasks = this.slots.filter((task) => task !== undefined)
    return tasks.sort((a, b) => (a.position - b.position) | 0)
  }

  free(task: Task): void {
    this.slots[task.slot] = undefined
    this.freeSlots.push(task.slot)
    task.link = undefined
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
    const { words, replies } = this
    for (let at = replies.next(); at >= 0; at = replies.next()) {
      const kind = words[at + layout.KIND]!
      const bytes = words[at + layout.PAYLOAD_BYTES]!
      const task = this.slots[words[at + layout.SLOT]!]
      const whole = kind & layout.KIND_MASK
      if (task !== undefined && whole <= layout.REFUSED) this.free(task)
      const start = at * 4 + layout.REPLY_HEADER
      // Passed before it is handed on: whatever that leads to must not meet the same record again. The room is given back after.
      replies.skip(words[at]!)
      if (kind & layout.OVERSIZE) this.deliverOversize(whole, task, this.view.getFloat64(start, true))
      else this.owner.replied(this, whole, task, this.buffer, this.view, start, bytes)
      // Room is given back in lots: one store, and at most one wake, for many replies.
      if ((++count & 63) === 0) this.shareReplies()
    }
    if (count > 0) this.shareReplies()
    return count
  }

  private shareReplies(): void {
    this.replies.share()
    // Load: pairs with the worker's store of 1 before its last look at the head.
    if (Atomics.load(this.words, layout.REPLIES_FULL) === 0) return
    Atomics.store(this.words, layout.REPLIES_FULL, 0)
    Atomics.notify(this.words, layout.REPLY_HEAD)
  }

  private deliverOversize(kind: number, task: Task | undefined, id: number): void {
    const shelf = this.takeHandle(id) as SharedArrayBuffer | undefined
    const bytes = shelf ?? new SharedArrayBuffer(0)
    this.owner.replied(this, kind, task, Buffer.from(bytes), new DataView(bytes), 0, bytes.byteLength)
  }

  /** Shared memory that came with a reply. */
  takeHandle(id: number): Attachment['object'] | undefined {
    for (;;) {
      const object = this.arrived.get(id)
      if (object !== undefined) {
        this.arrived.delete(id)
        return object
      }
      const next = receiveMessageOnPort(this.dataPort) as { message: DataMessage } | undefined
      if (next === undefined) return undefined
      if (!('id' in next.message)) continue
      this.arrived.set(next.message.id, next.message.object)
      pressForCollection(next.message.object)
    }
  }

  /** The worker may let go of shared memory that was sent to it. */
  forget(id: number): void {
    if (!this.alive || !this.sentHandles.delete(id)) return
    this.deadHandles.push(id)
    this.flushForgotten()
  }

  private flushForgotten(): void {
    while (this.deadHandles.length > 0) {
      const at = this.requests.reserve(layout.REQUEST_HEADER)
      // No room: it goes out with a later one. Nobody waits for it.
      if (at < 0) return
      this.words[at + layout.LENGTH] = layout.REQUEST_HEADER
      this.words[at + layout.STATUS] = layout.QUEUED
      this.words[at + layout.KIND] = layout.DROP_HANDLE
      this.view.setFloat64((at + layout.TASK_ID) * 4, this.deadHandles.pop()!, true)
      this.requests.publish(layout.REQUEST_HEADER)
      this.ring()
    }
  }

  private define(definition: ShippedFunction): void {
    this.known.add(definition.index)
    this.dataPort.postMessage({ define: definition } satisfies DataMessage)
  }

  private post(attachments: readonly Attachment[]): void {
    for (const { id, object } of attachments) {
      if (this.sentHandles.has(id)) continue
      this.sentHandles.add(id)
      this.dataPort.postMessage({ id, object } satisfies DataMessage)
    }
  }

  /** Ends the thread, whatever it is doing; `exited` follows. */
  terminate(): void {
    this.condemned = true
    void this.thread.terminate()
  }

  /** Ends the thread and waits until it is gone. */
  async close(): Promise<void> {
    await this.thread.terminate()
  }
}

/**
 * A worker inherits the process's flags, except that those of a program given on the command line would make it refuse its
 * file. Naming flags for a worker in turn allows only some; what loads modules is what matters there.
 */
function inheritedFlags(): { execArgv?: string[] } {
  const flags = process.execArgv
  if (!flags.some((flag) => /^(-e|-p|-pe|--eval|--print|--input-type)(=|$)/.test(flag))) return {}
  const kept: string[] = []
  for (const [at, flag] of flags.entries()) {
    if (!/^(-r|-C|--import|--require|--loader|--experimental-loader|--conditions)(=|$)/.test(flag)) continue
    kept.push(flag)
    if (!flag.includes('=')) kept.push(flags[at + 1] ?? '')
  }
  return { execArgv: kept }
}
