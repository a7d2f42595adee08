import { type BatchReply, type Container, ITEM_OK, type ModelDescription } from '../containers/container.js'
import { type Prediction, predictionAt } from '../query/prediction.js'
import { Batch, type Item } from './batch.js'
import { type Block, Slice } from './block.js'
import { DeadlineQueue } from './deadline-queue.js'
import type { Evaluation } from './evaluation.js'
import { type Batching, batchController } from './policies.js'
import { Replica, type ReplicaState } from './replica.js'
import { ReplyRoom } from './reply-room.js'

/**
 * A query may wait for the batch before its own, so a batch gets half of the time the query has.
 * With the whole of it (as in Clipper) a growing batch size makes every query of the next batch late.
 */
const BATCH_SHARE_OF_SLO = 0.5
/** An input that has been in this many containers when they were lost is not tried on another one. */
const LOSSES_PER_EVALUATION = 3

/** What is asked of a container that leaves has so long to be answered. */
const LEAVE_LIMIT_MS = 5_000
/** What is asked of a version that is deleted: longer than a block of rows waits that says nothing else. */
const DRAIN_LIMIT_MS = 15_000

/** Where finished evaluations go, before those who asked are told. */
export interface EvaluationSink {
  predicted(evaluation: Evaluation, prediction: Prediction): void
  /** It will not be predicted; `reason` is undefined when nobody waits any more. */
  dropped(evaluation: Evaluation, reason: string | undefined): void
}

/** Of what one item takes, how much a new batch counts. */
const SMOOTHING = 0.1
const FULL = "The model's queue is full"

/** One model version's queue and the replicas that empty it. */
export class Dispatcher {
  /** How many batches had how many items: no more sizes than `maxBatch`. */
  readonly batchSizes = new Map<number, number>()
  /** Evaluations that went back into the queue because a container was lost. */
  retried = 0
  /** Inputs that found the queue full. */
  refused = 0
  readonly batching: Batching
  readonly #description: ModelDescription
  readonly #replicas: Replica[]
  readonly #sink: EvaluationSink
  readonly #queue = new DeadlineQueue<Item>()
  /** Rows of everything in the queue. */
  #waiting = 0
  #scheduled = false
  #closed = false
  #sloMs: number
  #inFlight = 0
  /** Called when nothing waits and nothing is in flight any more. */
  #onIdle: (() => void) | undefined
  /** Since when something has waited for a batch. */
  #waitingSince = 0
  #waitTimer: NodeJS.Timeout | undefined
  /** (A batch whose reply is too large would be lost as a whole.) */
  readonly #room: ReplyRoom
  /** What an item took of late in a batch, and a batch from dispatch to reply, ms. */
  #itemMs = 0
  #batchMs = 0

  constructor(description: ModelDescription, containers: readonly Container[], sloMs: number, batching: Batching, sink: EvaluationSink) {
    this.batching = batching
    this.#description = description
    this.#sink = sink
    this.#sloMs = sloMs
    this.#room = new ReplyRoom(description.outputs)
    this.#replicas = []
    for (const container of containers) this.add(container)
  }

  /** One more replica, which has been started. */
  add(container: Container): void {
    if (this.#closed) {
      void container.stop()
      return
    }
    this.#replicas.push(new Replica(container, batchController(this.batching, this.#sloMs * BATCH_SHARE_OF_SLO)))
    container.onReady = () => this.#schedule()
    this.#schedule()
  }

  /** One replica less, the newest; resolves when it has answered what it had and is stopped. */
  async remove(): Promise<void> {
    const replica = this.#replicas.pop()
    if (replica === undefined) return
    if (replica.inFlight > 0) await atMost(LEAVE_LIMIT_MS, (left) => (replica.leaving = left))
    await replica.container.stop()
  }

  /** Resolves when everything that was asked is answered, or nobody waits for it any more. */
  async drained(): Promise<void> {
    this.#dropExpired(performance.now())
    if (this.#queue.size === 0 && this.#inFlight === 0) return
    await atMost(DRAIN_LIMIT_MS, (idle) => (this.#onIdle = idle))
  }

  /** The tightest objective of the applications that use the model. */
  setSlo(sloMs: number): void {
    this.#sloMs = sloMs
    for (const { controller } of this.#replicas) controller.objectiveMs = sloMs * BATCH_SHARE_OF_SLO
  }

  get ready(): boolean {
    return this.#replicas.some(({ container }) => container.ready)
  }

  /** Inputs that wait for a batch. */
  get queued(): number {
    return this.#waiting
  }

  get replicas(): ReplicaState[] {
    return this.#replicas.map(({ state }) => state)
  }

  /**
   * How long an input that comes now would take, by what inputs took of late; infinite where the queue is full. Nothing is expected of an
   * empty queue: were the last batches slow, only another one can tell whether the next are.
   */
  get expectedMs(): number {
    // A block counts as one: its rows have time, and go after queries that have less.
    const ahead = this.#queue.size
    if (ahead === 0) return 0
    if (ahead >= this.batching.maxQueued) return Number.POSITIVE_INFINITY
    const working = this.#replicas.reduce((sum, { container }) => sum + (container.ready ? 1 : 0), 0)
    return (ahead * this.#itemMs) / Math.max(1, working) + this.#batchMs
  }

  enqueue(evaluation: Evaluation, now: number): void {
    // While no container is ready nothing else takes expired evaluations out: the queue never holds more than one SLO's worth.
    this.#dropExpired(now)
    if (this.#queue.size >= this.batching.maxQueued) {
      this.refused++
      this.#sink.dropped(evaluation, FULL)
      return
    }
    if (this.#waiting === 0) this.#waitingSince = now
    this.#push(evaluation)
    this.#schedule()
  }

  /** Many rows as one item. Its rows join those of others in batches of the controller's size. */
  enqueueBlock(block: Block): void {
    this.#dropExpired(performance.now())
    this.#push(new Slice(block, 0, block.inputs.size))
    this.#schedule()
  }

  #push(item: Item): void {
    this.#waiting += item.rows
    this.#queue.push(item)
  }

  #pop(): Item | undefined {
    const item = this.#queue.pop()
    if (item !== undefined) this.#waiting -= item.rows
    return item
  }

  #dropExpired(now: number): void {
    for (let head = this.#queue.peek(); head !== undefined && head.expiresAt <= now; head = this.#queue.peek()) {
      this.#pop()
      this.#drop(head, undefined)
    }
  }

  #drop(item: Item, reason: string | undefined): void {
    if (!(item instanceof Slice)) this.#sink.dropped(item, reason)
    else if (reason !== undefined) item.block.failed(reason)
  }

  /** After this turn of the event loop has read every socket: what came together travels together, and nothing waits for more. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#dispatch)
  }

  readonly #dispatch = (): void => {
    this.#scheduled = false
    for (const replica of this.#replicas) {
      while (this.#queue.size > 0 && replica.container.ready && replica.inFlight < replica.container.maxInFlight) {
        const now = performance.now()
        if (!this.#due(replica, now)) break
        const batch = this.#take(Math.min(replica.controller.maxBatch, this.#room.mostItems), now)
        if (batch !== undefined) this.#send(replica, batch)
      }
    }
  }

  /** Whether a batch may go: it is full, or has waited for more for long enough. */
  #due({ controller }: Replica, now: number): boolean {
    const leftMs = this.batching.waitMs - (now - this.#waitingSince)
    if (leftMs <= 0 || this.#waiting >= controller.maxBatch) return true
    this.#waitTimer ??= setTimeout(() => {
      this.#waitTimer = undefined
      this.#schedule()
    }, leftMs)
    return false
  }

  /** A batch of at most `most` rows; of a block as many as there is room for. */
  #take(most: number, now: number): Batch | undefined {
    const items: Item[] = []
    let size = 0
    this.#waitingSince = now
    for (let head = this.#queue.peek(); head !== undefined && size < most; head = this.#queue.peek()) {
      if (head.expiresAt <= now) {
        this.#pop()
        this.#drop(head, undefined)
        continue
      }
      const part = head instanceof Slice && head.rows > most - size ? head.take(most - size) : head
      if (part === head) this.#queue.pop()
      this.#waiting -= part.rows
      size += part.rows
      items.push(part)
    }
    return size > 0 ? new Batch(items, size, this.#description.inputSize, now) : undefined
  }

  #send(replica: Replica, batch: Batch): void {
    replica.inFlight++
    this.#inFlight++
    this.batchSizes.set(batch.size, (this.batchSizes.get(batch.size) ?? 0) + 1)
    replica.container.evaluate(batch, (reply, reason) => {
      replica.inFlight--
      this.#inFlight--
      if (replica.inFlight === 0) replica.leaving?.()
      if (reply === null) this.#lost(batch, reason)
      else {
        const tookMs = performance.now() - batch.sentAt
        replica.controller.observe(batch.size, tookMs)
        this.#room.saw(batch.size, reply)
        this.#itemMs += (this.#itemMs === 0 ? 1 : SMOOTHING) * (tookMs / batch.size - this.#itemMs)
        this.#batchMs += (this.#batchMs === 0 ? 1 : SMOOTHING) * (tookMs - this.#batchMs)
        this.#answered(batch, reply)
      }
      if (this.#queue.size > 0) this.#schedule()
      else if (this.#inFlight === 0) this.#onIdle?.()
    })
  }

  #answered({ items, size }: Batch, reply: BatchReply): void {
    let row = 0
    for (const item of items) {
      if (item instanceof Slice) item.block.answered(item.row, item.rows, reply, row, size)
      else this.#tell(item, reply, row, size)
      row += item.rows
    }
  }

  #tell(evaluation: Evaluation, { outputs, statuses, errors }: BatchReply, row: number, size: number): void {
    if (statuses !== undefined && statuses[row] !== ITEM_OK) {
      this.#sink.dropped(evaluation, `The model failed on this input: ${errors?.[row] ?? 'no reason given'}`)
      return
    }
    const prediction = predictionAt(outputs[0]!, row, size, this.#description.outputs[0])
    if (typeof prediction === 'string') this.#sink.dropped(evaluation, prediction)
    else this.#sink.predicted(evaluation, prediction)
  }

  #lost({ items }: Batch, reason = 'was lost'): void {
    const now = performance.now()
    for (const item of items) {
      item.losses++
      if (this.#closed || item.losses >= LOSSES_PER_EVALUATION) this.#drop(item, `The model's container ${reason}`)
      else if (item.expiresAt <= now) this.#drop(item, undefined)
      else {
        this.retried += item.rows
        this.#push(item)
      }
    }
  }

  /** Stops the containers. What is still queued is given up, with the reason. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#waitTimer)
    await Promise.all(this.#replicas.map(({ container }) => container.stop()))
    // Answers that wait for feedback keep the version, and must not keep its containers and their model's bytes.
    this.#replicas.length = 0
    for (let left = this.#pop(); left !== undefined; left = this.#pop()) this.#drop(left, 'The model was stopped')
  }
}

/** Resolves when `wait`'s callback is called, or the limit is over: a container that hangs holds nobody up for longer. */
function atMost(limitMs: number, wait: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, limitMs)
    wait(() => {
      clearTimeout(limit)
      resolve()
    })
  })
}
