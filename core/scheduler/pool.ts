import type { WorkerCrashedError } from '../api/errors.js'
import type { Attachment } from '../api/object-ref.js'
import type { Encoder } from '../store/encoder.js'
import { type Bell, spoke, wakeWorker } from '../worker/bell.js'
import * as layout from '../worker/layout.js'
import { type Link, requestBytes, rescuePayload, writeRequest } from '../worker/link.js'
import { shelve } from '../worker/payload.js'
import { QueueWriter, type Stragglers } from '../worker/queue.js'
import { Fifo } from './fifo.js'
import { bringAll, type Task, type TaskTable } from './task.js'

/**
 * A submitter's way to the workers for tasks: its queue, from which all of them take, and the tasks that the queue has no
 * room for. Nobody decides here which worker runs what: whoever is free takes the oldest, its own submissions first.
 */
export class Pool implements Stragglers {
  readonly workers: Link[] = []
  private bells: Bell[] = []
  private readonly queue = new QueueWriter(this)
  private readonly buffer = Buffer.from(this.queue.memory)
  private readonly view = new DataView(this.queue.memory)
  private readonly backlog = new Fifo<Task>()
  /** Sent and not answered. */
  inFlight = 0
  private spoke = false
  private none: WorkerCrashedError | undefined

  constructor(
    private readonly table: TaskTable,
    /** For payloads that are sent late or again: no code of a user's runs while it is in use. */
    private readonly relay: Encoder,
    private readonly pool: Int32Array,
    private readonly failed: (task: Task, error: unknown) => void,
  ) {}

  get memory(): SharedArrayBuffer {
    return this.queue.memory
  }

  /** Connects a worker. It may take any task that waits, so it is sent what their records name. */
  add(link: Link): void {
    this.workers.push(link)
    this.bells = this.workers.map(({ bell }) => bell)
    for (const task of this.table) if (task.link === undefined) link.provide(task)
    link.openQueue()
    this.refill()
    if (!this.queue.empty) wakeWorker(this.pool, this.bells)
  }

  /** A worker is gone: returns the tasks that it had taken. */
  remove(link: Link): Task[] {
    this.workers.splice(this.workers.indexOf(link), 1)
    this.bells = this.workers.map(({ bell }) => bell)
    this.queue.unlock(link.index)
    // It may have been woken for what waits, and have died before it looked.
    if (!this.queue.empty) wakeWorker(this.pool, this.bells)
    const lost: Task[] = []
    for (const task of this.table) if (task.link === undefined && this.taker(task) === link.index) lost.push(task)
    for (const task of lost) {
      this.recover(task)
      this.release(task)
    }
    return lost
  }

  /** Tasks will never be taken. */
  giveUp(error: WorkerCrashedError): void {
    this.none = error
    for (const task of [...this.table].filter(({ link }) => link === undefined)) {
      this.free(task)
      this.failed(task, error)
    }
    for (const task of this.backlog.clear()) this.failed(task, error)
  }

  /** Sends a task whose payload is in `encoder`, or keeps a copy until there is room. */
  submit(task: Task, encoder: Encoder): void {
    if (this.none !== undefined) this.failed(task, this.none)
    else if (this.backlog.length > 0 || !this.send(task, encoder)) {
      task.payload = encoder.copy()
      this.backlog.push(task)
    }
  }

  private send(task: Task, encoder: Encoder): boolean {
    if (task.attachments.length > 0) {
      try {
        if (!bringAll(task.attachments)) return false
      } catch (error) {
        this.failed(task, error)
        return true
      }
    }
    const oversize = encoder.length > layout.MAX_INLINE_BYTES
    const total = requestBytes(encoder)
    const at = this.queue.reserve(total)
    if (at < 0) return false
    if (oversize) task.attachments = [...task.attachments, shelve(encoder)]
    // Whoever takes the record must find what it names: all are sent it.
    for (let i = 0; i < this.workers.length; i++) this.workers[i]!.provide(task)
    this.table.add(task)
    task.position = this.queue.position
    task.inRing = true
    task.taker = 0
    writeRequest(this.queue.words, this.view, at, total, task, encoder, oversize)
    this.queue.publish(total)
    this.inFlight++
    if (!this.spoke) {
      this.spoke = true
      spoke(this.pool)
    }
    wakeWorker(this.pool, this.bells)
    return true
  }

  /** Sends what waits, as far as there is room. */
  refill(): void {
    for (let task = this.backlog.peek(); task !== undefined; task = this.backlog.peek()) {
      this.relay.start()
      this.relay.raw(task.payload!)
      if (!this.send(task, this.relay)) return
      task.payload = undefined
      this.backlog.shift()
    }
  }

  /** Sends tasks again before all others. */
  requeue(tasks: readonly Task[]): void {
    this.backlog.unshift(tasks)
    this.refill()
  }

  /** Takes a task back that nobody has taken. True: nobody ever will. */
  revoke(task: Task): boolean {
    if (this.backlog.remove(task)) return true
    if (task.slot < 0 || task.link !== undefined || !task.inRing || !this.queue.revoke(task.position)) return false
    this.free(task)
    return true
  }

  /** The index of the thread that runs a task; 0 if nobody does. */
  taker(task: Task): number {
    return task.inRing ? this.queue.taker(task.position) : task.taker
  }

  /** A task is answered, or will never be. */
  free(task: Task): void {
    if (task.attachments.length > 0) this.forget(task, task.attachments)
    this.release(task)
  }

  /** A task is not on its way any more; it may be sent again. */
  release(task: Task): void {
    if (task.slot < 0) return
    this.table.remove(task)
    task.inRing = false
    this.inFlight--
  }

  /** Memory that was made for one message went to all workers, and one at most has used it. */
  forget(task: Task, attachments: readonly Attachment[]): void {
    const taker = this.taker(task)
    for (const { id, once } of attachments) {
      if (once) for (const link of this.workers) link.index === taker ? link.used(id) : link.forget(id)
    }
  }

  /** Copies the payload of a task that was sent out of its record, so that it can be sent again. */
  recover(task: Task): void {
    if (!task.inRing) return
    const taker = this.taker(task)
    task.taker = taker
    const sent = task.attachments
    rescuePayload(task, this.queue.words, this.buffer, this.queue.indexOf(task.position))
    task.inRing = false
    // An oversize payload is sent anew; the others that were sent the rest have it still.
    if (sent.length > task.attachments.length) this.forget(task, sent.slice(-1))
    for (const { id, once } of task.attachments) if (once) for (const link of this.workers) if (link.index === taker) link.used(id)
  }

  over(at: number, position: number): boolean {
    const task = this.table.at(this.queue.words[at + layout.SLOT]!)
    return task === undefined || !task.inRing || task.link !== undefined || task.position !== position
  }

  rescue(at: number): void {
    this.recover(this.table.at(this.queue.words[at + layout.SLOT]!)!)
  }

  /** Takes out all tasks that were not sent, and counts them. */
  clear(): Task[] {
    return this.backlog.clear()
  }

  /** Whether tasks wait that nobody has taken. */
  get waits(): boolean {
    return this.backlog.length > 0 || !this.queue.empty
  }

  /** The tasks that were not sent. */
  queued(): readonly Task[] {
    return this.backlog.all()
  }
}
