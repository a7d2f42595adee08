import { ObjectLostError } from '../api/errors.js'
import { type Absent, type Attachment, FAILED, hexId, type ObjectRef, READY, type Stock, type Stored } from '../api/object-ref.js'
import type { LargeBuffer, StoredObject } from './large-buffer.js'
import type { ObjectStore } from './object-store.js'

/** How a value was made, so that it can be made again. */
export interface Lineage {
  /** Of the task. */
  readonly name: string
  /** So many runs, −1 for any number. */
  readonly maxRetries: number
  /** Runs the task again; `done` is called with the ref of its result of that index, when it has settled. */
  run(index: number, done: (made: ObjectRef) => void): void
}

export interface LargeValueTools {
  readonly store: ObjectStore
  decode(stored: Stored): unknown
  /** Other threads may let go of memory that they were sent under this id. */
  forget(id: number): void
  /** A value is there that tasks may have waited for. */
  arrived(): void
}

/**
 * A value with large arrays in the object store: the bytes around them, and the buffers, which may be on disk. It lives as
 * long as its ref, or a task that names it: then its memory and its files come free.
 */
export class LargeValue implements Stored, Absent {
  readonly attachments: readonly Attachment[]
  readonly buffers: readonly LargeBuffer[]
  lineage: Lineage | undefined
  /** Of its result. */
  index = 0
  private runs = 0
  private making = false
  /** The value as it came, until it is read, or a buffer is written to disk. */
  private value: unknown = undefined

  /** Takes over the copies among the attachments. Throws ObjectStoreFullError, and then holds nothing. */
  constructor(
    readonly ref: ObjectRef,
    readonly bytes: Uint8Array,
    attachments: readonly Attachment[],
    readonly refs: Stored['refs'],
    private readonly tools: LargeValueTools,
  ) {
    const owner = new Owner(this, ref.id, tools)
    const buffers: LargeBuffer[] = []
    try {
      this.attachments = attachments.map((attachment) => {
        if (!attachment.copied) return attachment
        const buffer = tools.store.hold(attachment.object as SharedArrayBuffer, attachment.id, owner)
        buffers.push(buffer)
        return new Share(buffer, this, tools.store)
      })
    } catch (error) {
      for (const buffer of buffers) tools.store.release(buffer)
      throw error
    }
    this.buffers = buffers
    abandoned.register(this, { buffers, tools }, this)
  }

  /** The value as it came, so that the first reader need not decode it. */
  cache(value: unknown): void {
    this.value = value
  }

  read(): unknown {
    const { value } = this
    if (value === undefined) return this.tools.decode(this)
    this.value = undefined
    for (const buffer of this.buffers) buffer.touch()
    return value
  }

  spilled(): void {
    this.value = undefined
  }

  bring(): boolean {
    if (this.making) return false
    if (this.value !== undefined) return true
    try {
      for (const buffer of this.buffers) if (!buffer.inMemory) void buffer.object
      return true
    } catch (error) {
      if (!(error instanceof ObjectLostError)) throw error
      this.makeAgain(error)
      return false
    }
  }

  private makeAgain(loss: ObjectLostError): void {
    const { ref, lineage } = this
    const what = `object ${hexId(ref.id)}`
    if (lineage === undefined)
      throw new ObjectLostError(
        `${what} is lost: ${loss.message}. It cannot be made again: it was put, or is the result of an actor, of a task without retries, or of another thread's task; put it or call that again`,
        { cause: loss },
      )
    if (lineage.maxRetries !== -1 && this.runs >= lineage.maxRetries)
      throw new ObjectLostError(
        `${what}, made by ${lineage.name}, is lost, and the task has used up its ${this.runs} retries: ${loss.message}`,
        {
          cause: loss,
        },
      )
    this.runs++
    this.making = true
    ref.leave()
    lineage.run(this.index, (made) => {
      this.making = false
      const error = this.takeFrom(made, `${what}, made by ${lineage.name}, is lost, and`)
      if (error === undefined) ref.settle(READY, undefined)
      else ref.settle(FAILED, error)
      this.tools.arrived()
    })
  }

  /** Takes the buffers of a value that was made anew. */
  private takeFrom(made: ObjectRef, lost: string): unknown {
    if (made.state === FAILED) return new ObjectLostError(`${lost} could not be made again`, { cause: made.value })
    const anew = made.absent
    const same =
      anew instanceof LargeValue &&
      anew.buffers.length === this.buffers.length &&
      anew.buffers.every(({ bytes }, i) => bytes === this.buffers[i]!.bytes)
    if (!same) return new ObjectLostError(`${lost} the task gave something else when it was run again`)
    try {
      for (const [i, buffer] of this.buffers.entries()) {
        const memory = anew.buffers[i]!.object
        this.tools.store.release(anew.buffers[i]!)
        if (!buffer.inMemory) this.tools.store.renew(buffer, memory)
      }
    } catch (error) {
      return error
    }
    return undefined
  }

  /** Frees the memory: nobody else has the value. */
  release(): void {
    abandoned.unregister(this)
    free({ buffers: this.buffers, tools: this.tools })
  }
}

/** A buffer as tasks name it, which keeps the value alive. */
class Share implements Attachment, Stock {
  readonly once = false
  readonly copied = true

  constructor(
    private readonly buffer: LargeBuffer,
    private readonly value: LargeValue,
    private readonly store: ObjectStore,
  ) {}

  get id(): number {
    return this.buffer.id
  }

  get object(): SharedArrayBuffer {
    return this.buffer.object
  }

  get stock(): Stock {
    return this
  }

  get bytes(): number {
    return this.buffer.bytes
  }

  get inMemory(): boolean {
    return this.buffer.inMemory
  }

  pin(by: 1 | -1): void {
    this.store.pin(this.buffer, by)
  }

  bring(): boolean {
    return this.value.bring()
  }

  roomFor(bytes: number): boolean {
    return this.store.roomFor(bytes)
  }
}

/** What the store knows of a value. Weak: the store must not keep it alive. */
class Owner implements StoredObject {
  private readonly value: WeakRef<LargeValue>

  constructor(
    value: LargeValue,
    readonly refId: number,
    private readonly tools: LargeValueTools,
  ) {
    this.value = new WeakRef(value)
  }

  get gone(): boolean {
    return this.value.deref() === undefined
  }

  spilled({ id }: LargeBuffer): void {
    this.value.deref()?.spilled()
    this.tools.forget(id)
  }
}

interface Held {
  readonly buffers: readonly LargeBuffer[]
  readonly tools: LargeValueTools
}

function free({ buffers, tools }: Held): void {
  for (const buffer of buffers) {
    tools.store.release(buffer)
    tools.forget(buffer.id)
  }
}

const abandoned = new FinalizationRegistry<Held>(free)

/** A large object of this thread, for the state API. */
export interface StoredRow {
  /** Of its ref. */
  readonly refId: number
  readonly bytes: number
  readonly inMemory: boolean
}

export function storedRows(store: ObjectStore): StoredRow[] {
  const rows: StoredRow[] = []
  for (const { owner, bytes, inMemory } of store.buffers()) if (owner instanceof Owner) rows.push({ refId: owner.refId, bytes, inMemory })
  return rows
}
