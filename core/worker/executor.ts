import { receiveMessageOnPort } from 'node:worker_threads'
import { AnyActorHandle } from '../api/actor-handle.js'
import { type Attachment, ObjectRef } from '../api/object-ref.js'
import { Decoder, type Names } from '../store/decoder.js'
import { pressForCollection } from '../store/handles.js'
import { clearContext, OpenTask, runAs } from './context.js'
import * as layout from './layout.js'
import { type Loaded, load } from './load.js'
import type { DataMessage, ShippedFunction, WorkerData } from './messages.js'
import type { NestedEngine } from './nested-engine.js'
import type { ReplySender } from './reply-sender.js'
import { RingReader } from './ring.js'

/**
 * Carries out the requests of one worker thread, one record after the other.
 *
 * A worker for tasks runs one task at a time and gives a task's record back only when the task is over, so that a crash
 * leaves its arguments in the ring. An actor runs sync methods one at a time and lets async ones overlap.
 */
export class Executor implements Names {
  readonly running = new Map<number, OpenTask>()
  open = 0
  private limit = 1
  private readonly words: Int32Array
  private readonly buffer: Buffer
  private readonly view: DataView
  readonly requests: RingReader
  private readonly decoder = new Decoder(this)
  private readonly functions = new Map<number, Loaded | Promise<Loaded>>()
  private readonly shipped = new Map<number, ShippedFunction>()
  private readonly arrived = new Map<number, Attachment['object']>()
  private methods: readonly string[] = []
  private instance: Record<string, Loaded> | undefined

  constructor(
    private readonly data: WorkerData,
    private readonly replies: ReplySender,
    private readonly nested: NestedEngine,
    /** Called when a task that was left open has ended. */
    private readonly ended: () => void,
  ) {
    this.words = new Int32Array(data.channel)
    this.buffer = Buffer.from(data.channel)
    this.view = new DataView(data.channel)
    this.requests = new RingReader(this.words, layout.REQUEST_RING, layout.REQUEST_TAIL, layout.REQUEST_HEAD)
  }

  /** Whether another record may be begun. */
  get free(): boolean {
    return this.open < this.limit
  }

  /** Carries out the record at `at`; an async task is left open. */
  begin(at: number): void {
    const { words } = this
    const bytes = words[at + layout.LENGTH]!
    const kind = words[at + layout.KIND]!
    const id = this.view.getFloat64((at + layout.TASK_ID) * 4, true)
    if (kind === layout.DROP_HANDLE) {
      this.handle(id, true)
      this.pass(bytes)
      return
    }
    // Compare-exchange: the driver does the same with REVOKED to take a task back; whoever finds QUEUED has it.
    if (Atomics.compareExchange(words, at + layout.STATUS, layout.QUEUED, layout.CLAIMED) !== layout.QUEUED) {
      this.pass(bytes)
      return
    }
    const slot = words[at + layout.SLOT]!
    if (kind & layout.TIMED) this.replies.started(slot)
    const actor = this.data.actorId !== undefined
    const task = new OpenTask(id, this.data.actorId, this.data.workerId)
    let result: unknown
    let pending: Promise<unknown> | undefined
    try {
      const args = this.args(at, (kind & layout.OVERSIZE) !== 0)
      result = this.call(task, kind & layout.KIND_MASK, words[at + layout.WHAT]!, args)
      // Looking at a result may run code of the user's, as a getter's.
      if (isThenable(result)) pending = Promise.resolve(result)
    } catch (error) {
      this.replies.thrown(slot, error)
      this.pass(bytes)
      return
    }
    if (pending === undefined) {
      this.replies.result(slot, result)
      this.pass(bytes)
      return
    }
    if (actor) this.pass(bytes)
    this.open++
    this.running.set(id, task)
    const done = (send: () => void) => {
      this.running.delete(id)
      if (--this.open === 0) clearContext()
      send()
      if (!actor) this.pass(bytes)
      this.ended()
    }
    pending.then(
      (value) => done(() => this.replies.result(slot, value)),
      (error: unknown) => done(() => this.replies.thrown(slot, error)),
    )
  }

  private pass(bytes: number): void {
    this.requests.skip(bytes)
    this.requests.share()
  }

  private args(at: number, oversize: boolean): unknown[] {
    const start = at * 4 + layout.REQUEST_HEADER
    if (oversize) {
      const shelf = this.handle(this.view.getFloat64(start, true), true) as SharedArrayBuffer
      this.decoder.open(Buffer.from(shelf), new DataView(shelf), 0)
    } else this.decoder.open(this.buffer, this.view, start)
    return this.decoder.args()
  }

  private call(task: OpenTask, kind: number, what: number, args: unknown[]): unknown {
    const alone = this.open === 0
    if (kind === layout.CALL) {
      const instance = this.instance!
      const method = this.methods[what]!
      return runAs(task, alone, () => instance[method]!(...args))
    }
    const loaded = this.functions.get(what) ?? this.define(what)
    const run =
      kind === layout.TASK
        ? (code: Loaded) => runAs(task, alone, () => code(...args))
        : (code: Loaded) => runAs(task, alone, () => this.construct(code, what, args))
    return loaded instanceof Promise ? loaded.then(run) : run(loaded)
  }

  private construct(type: Loaded, what: number, args: unknown[]): undefined {
    const instance = Reflect.construct(type, args) as Record<string, Loaded>
    if (isThenable(instance)) {
      throw new TypeError(`the constructor of ${type.name} returned a promise; give the class an async method and call that first`)
    }
    this.instance = instance
    this.methods = this.shipped.get(what)!.methods
    this.limit = this.data.maxConcurrency
  }

  private define(index: number): Loaded | Promise<Loaded> {
    while (!this.shipped.has(index)) if (!this.receive()) throw new Error(`function ${index} did not arrive`)
    const loaded = load(this.shipped.get(index)!)
    this.functions.set(index, loaded)
    if (loaded instanceof Promise) {
      loaded.then(
        (code) => this.functions.set(index, code),
        // Tried again by the next task.
        () => this.functions.delete(index),
      )
    }
    return loaded
  }

  /** Takes one message off the data port. The driver posts before it publishes the record that needs it, so it is there. */
  private receive(): boolean {
    const next = receiveMessageOnPort(this.data.dataPort) as { message: DataMessage } | undefined
    if (next === undefined) return false
    if ('define' in next.message) this.shipped.set(next.message.define.index, next.message.define)
    else {
      this.arrived.set(next.message.id, next.message.object)
      pressForCollection(next.message.object)
    }
    return true
  }

  handle(id: number, once: boolean): Attachment['object'] | undefined {
    while (!this.arrived.has(id)) if (!this.receive()) return undefined
    const object = this.arrived.get(id)
    if (once) this.arrived.delete(id)
    return object
  }

  ref(id: number): object {
    return new ObjectRef(id)
  }

  actor(id: number, className: string, methodNames: string[]): object {
    return new AnyActorHandle(id, className, methodNames, this.nested)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
