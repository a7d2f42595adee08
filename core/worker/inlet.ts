import { receiveMessageOnPort } from 'node:worker_threads'
import type { Attachment } from '../api/object-ref.js'
import { letGo } from '../store/collection.js'
import { noteArrived } from '../store/handles.js'
import * as layout from './layout.js'
import { type Loaded, load } from './load.js'
import type { DataMessage, InletSetup, ShippedFunction } from './messages.js'
import { QueueReader } from './queue.js'
import type { ReplySender } from './reply-sender.js'
import { RingReader } from './ring.js'

/** Where a request lies. */
export interface Memory {
  readonly words: Int32Array
  readonly buffer: Buffer
  readonly view: DataView
}

function memory(shared: SharedArrayBuffer): Memory {
  return { words: new Int32Array(shared), buffer: Buffer.from(shared), view: new DataView(shared) }
}

/** Functions that several threads have shipped are made once. */
const loadedByHash = new Map<string, Loaded | Promise<Loaded>>()

/** The server's end of a connection: one client's requests, its queue, its functions and its shared memory. */
export class Inlet {
  readonly client: number
  readonly channel: Memory
  readonly requests: RingReader
  private readonly reader: QueueReader | undefined
  private queueOpen = false
  readonly queued: Memory | undefined
  private readonly shipped = new Map<number, ShippedFunction>()
  private readonly loaded = new Map<number, Loaded | Promise<Loaded>>()
  private readonly arrived = new Map<number, Attachment['object']>()

  constructor(
    private readonly setup: InletSetup,
    worker: number,
    readonly replies: ReplySender,
    /** What is neither a function nor memory. */
    private readonly told: (message: DataMessage) => void,
  ) {
    this.client = setup.index
    this.channel = memory(setup.channel)
    this.requests = new RingReader(this.channel.words, layout.REQUEST_RING, layout.REQUEST_TAIL, layout.REQUEST_HEAD)
    if (setup.queue !== undefined) {
      this.reader = new QueueReader(setup.queue, worker)
      this.queued = memory(setup.queue)
    }
    setup.port.on('message', (message: DataMessage) => this.accept(message))
    // The loop decides how long this thread lives.
    setup.port.unref()
  }

  /** The client's queue, once it may be taken from. */
  get queue(): QueueReader | undefined {
    if (this.queueOpen || this.reader === undefined) return this.reader
    // Load: the client stores it after it has sent what the tasks name.
    this.queueOpen = Atomics.load(this.channel.words, layout.QUEUE_OPEN) === 1
    return this.queueOpen ? this.reader : undefined
  }

  /** Whether the client has sent anything yet. */
  get used(): boolean {
    return this.requests.ready() || this.queue?.used() === true
  }

  /** A function of the client's, by its index. */
  define(index: number): Loaded | Promise<Loaded> {
    const known = this.loaded.get(index)
    if (known !== undefined) return known
    const { hash } = this.shippedAs(index)
    const loaded = loadedByHash.get(hash) ?? load(this.shippedAs(index))
    this.keep(index, hash, loaded)
    if (loaded instanceof Promise) {
      loaded.then(
        (code) => this.keep(index, hash, code),
        () => {
          // Tried again by the next task.
          this.loaded.delete(index)
          loadedByHash.delete(hash)
        },
      )
    }
    return loaded
  }

  private keep(index: number, hash: string, loaded: Loaded | Promise<Loaded>): void {
    this.loaded.set(index, loaded)
    loadedByHash.set(hash, loaded)
  }

  shippedAs(index: number): ShippedFunction {
    for (let found = this.shipped.get(index); ; found = this.shipped.get(index)) {
      if (found !== undefined) return found
      if (!this.receive()) throw new Error(`function ${index} did not arrive`)
    }
  }

  handle(id: number, once: boolean): Attachment['object'] | undefined {
    while (!this.arrived.has(id)) if (!this.receive()) return undefined
    const object = this.arrived.get(id)
    if (once) this.arrived.delete(id)
    return object
  }

  /** The request at this index has been read. */
  pass(at: number): void {
    this.requests.skip(this.channel.words[at + layout.LENGTH]!)
    this.requests.share()
  }

  /** The client has let go of memory. */
  forgetDropped(): void {
    while (this.receive());
  }

  /** Takes one message off the data port. The client posts before it publishes the record that needs it, so it is there. */
  private receive(): boolean {
    const next = receiveMessageOnPort(this.setup.port) as { message: DataMessage } | undefined
    if (next === undefined) return false
    this.accept(next.message)
    return true
  }

  private accept(message: DataMessage): void {
    if ('define' in message) this.shipped.set(message.define.index, message.define)
    else if ('object' in message) {
      this.arrived.set(message.id, message.object)
      noteArrived(message)
      if (message.object instanceof SharedArrayBuffer) letGo(message.object.byteLength)
    } else if ('forget' in message) {
      const object = this.arrived.get(message.forget)
      this.arrived.delete(message.forget)
      if (object instanceof SharedArrayBuffer) letGo(object.byteLength)
    } else this.told(message)
  }

  close(): void {
    this.setup.port.close()
  }
}
