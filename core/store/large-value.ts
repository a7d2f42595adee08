import { ObjectLostError } from '../api/errors.js'
import { type Absent, type Attachment, FAILED, hexId, type ObjectRef, READY, type Stock, type Stored } from '../api/object-ref.js'
import { LargeBuffer, type StoredObject } from './large-buffer.js'
import type { ObjectStore } from './object-store.js'

/** How a value was made, so that it can be made again. */
export interface Lineage {
  /** Of the task. */
  readonly name: string
  /** This is one of its results: it is given what another run makes, if it has lost its memory. */
  made(value: LargeValue): void
  /** Runs the task again, or joins the run under way, and calls the value's `rebuilt` then. Otherwise says why it cannot. */
  rebuild(value: LargeValue): string | undefined
}

/** Memory that is to be made again. */
export interface Missing {
  readonly id: number
  readonly missingBytes: number
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
  /** Which of the task's results it is. */
  index = 0
  private making = false
  /** It is lost for good. */
  private failure: unknown = undefined
  readonly held: Held
  /** The value as it came, until it is read, or a buffer is written to disk. */
  private value: unknown = undefined

  /** Takes over the copies among the attachments. Throws ObjectStoreFullError, and then holds nothing. */
  constructor(
    readonly ref: ObjectRef,
    readonly bytes: Uint8Array,
    attachments: readonly (Attachment | Missing)[],
    readonly refs: Stored['refs'],
    private readonly tools: LargeValueTools,
  ) {
    const owner = new Owner(this, ref.id, tools)
    const buffers: LargeBuffer[] = []
    try {
      this.attachments = attachments.map((attachment) => {
        const missing = 'missingBytes' in attachment
        if (!missing && !attachment.copied) return attachment
        const buffer = missing
          ? new LargeBuffer(undefined, attachment.missingBytes, attachment.id, owner, tools.store)
          : tools.store.hold(attachment.object as SharedArrayBuffer, attachment.id, owner)
        buffers.push(buffer)
        return new Share(buffer, this, tools.store)
      })
    } catch (error) {
      for (const buffer of buffers) tools.store.release(buffer)
      throw error
    }
    this.buffers = buffers
    this.held = { buffers, tools, free: false }
    abandoned.register(this, this.held, this)
  }

  /** It is the result of a task that can be run again. */
  madeBy(lineage: Lineage, index: number): void {
    this.lineage = lineage
    this.index = index
    lineage.made(this)
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

  get inMemory(): boolean {
    return this.buffers.every(({ inMemory }) => inMemory)
  }

  bring(): boolean {
    if (this.failure !== undefined) throw this.failure
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
    const why =
      lineage === undefined
        ? "It cannot be made again: it was put, or is the result of an actor, of a task without retries, or of another thread's task; put it or call that again"
        : lineage.rebuild(this)
    if (why !== undefined) throw this.lose(`${loss.message}. ${why}`, loss)
    this.making = true
    ref.leave()
  }

  private lose(why: string, cause: unknown): unknown {
    const { ref, lineage } = this
    const made = lineage === undefined ? '' : `, made by ${lineage.name},`
    this.failure = new ObjectLostError(`object ${hexId(ref.id)}${made} is lost: ${why}`, { cause })
    return this.failure
  }

  /** The task that made it was run again; this is its result. */
  rebuilt(made: ObjectRef): void {
    this.takeFrom(made)
    if (!this.making) return
    this.making = false
    const { ref, failure } = this
    if (failure === undefined) ref.settle(READY, undefined)
    else ref.settle(FAILED, failure)
    this.tools.arrived()
  }

  /** Takes the buffers of a value that was made anew, where its own are not in memory. */
  private takeFrom(made: ObjectRef): void {
    const anew = made.absent
    const same =
      anew instanceof LargeValue &&
      anew.buffers.length === this.buffers.length &&
      anew.buffers.every(({ bytes }, i) => bytes === this.buffers[i]!.bytes)
    if (!same) {
      if (!this.making) return
      const { value } = made
      if (made.state !== FAILED) this.lose('the task gave something else when it was run again', undefined)
      else this.lose(`it could not be made again: ${value instanceof Error ? value.message : String(value)}`, value)
      return
    }
    try {
      for (const [i, buffer] of this.buffers.entries()) {
        const memory = anew.buffers[i]!.object
        this.tools.store.release(anew.buffers[i]!)
        if (!buffer.inMemory) this.tools.store.renew(buffer, memory)
      }
    } catch (error) {
      if (this.making) this.failure = error
    }
  }

  /** Frees the memory: nobody else has the value. */
  release(): void {
    abandoned.unregister(this)
    free(this.held)
  }
}

/** A buffer as tasks name it, which keeps the value alive. */
export class Share implements Attachment, Stock {
  readonly once = false
  readonly copied = true
  readonly ours = true

  constructor(
    private readonly buffer: LargeBuffer,
    readonly value: LargeValue,
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

export interface Held {
  readonly buffers: readonly LargeBuffer[]
  readonly tools: LargeValueTools
  free: boolean
}

/** Once: other memory may have the same ids later. */
export function free(held: Held): void {
  if (held.free) return
  held.free = true
  const { buffers, tools } = held
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
