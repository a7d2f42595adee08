import { ObjectStoreFullError } from '../api/errors.js'
import { hexId } from '../api/object-ref.js'
import { collectNow, letGo } from './collection.js'
import { type BufferStore, LargeBuffer, type StoredObject } from './large-buffer.js'
import { SpillFolder } from './spill-folder.js'
import type { StoreUsage } from './usage.js'

export interface ObjectStoreSetup {
  /** Of all threads together. */
  readonly limitBytes: number
  /** As `newSpillFolder` gave it. */
  readonly spillDir: string
  readonly usage: StoreUsage
  /** Tells the other threads that this one cannot make room alone. */
  readonly pressed?: () => void
  /** Asks the other threads to let go of refs that they do not need any more. */
  readonly swept?: () => void
}

/** After a failed write to disk, other threads' needs do not make us try again before so many milliseconds. */
const RETRY_MS = 1000
/** The other threads are told so often at most. */
const TELL_MS = 10
/** So often at most the other threads are asked to collect. */
const SWEEP_MS = 250
/** Tasks wait so long for those under way that use what is in memory. */
const PATIENCE_MS = 1000
/** What nobody wants any more is looked for before anything is written to disk, if so large a part of the store has come in since. */
const SWEEP_PART = 1 / 8

/**
 * The large buffers of the values that one thread owns. All threads together keep to `objectStoreBytes`: what would go beyond
 * it makes this thread write its least recently used buffers to disk, and if it has none, asks the other threads to.
 *
 * The limit is soft: what the others hold is there until they come to `relieve`, and memory that was spilled comes free only
 * when nobody has a view of it and every thread that had one has collected. Spilling and restoring are synchronous.
 */
export class ObjectStore implements BufferStore {
  private readonly limitBytes: number
  private readonly usage: StoreUsage
  private readonly folder: SpillFolder
  private readonly pressed: () => void
  private readonly swept: () => void
  /** In memory, the least recently used first. */
  private readonly resident = new Set<LargeBuffer>()
  private readonly onDisk = new Set<LargeBuffer>()
  private newest: LargeBuffer | undefined
  private retryAt = 0
  private toldAt = 0
  private sinceSweep = 0
  private sweptAt = 0
  private pinned = 0
  private closed = false
  private patience: NodeJS.Timeout | undefined
  private impatient = false
  /** Sends what has waited for room. */
  retry: () => void = () => {}

  constructor({ limitBytes, spillDir, usage, pressed = () => {}, swept = () => {} }: ObjectStoreSetup) {
    this.pressed = pressed
    this.swept = swept
    this.limitBytes = limitBytes
    this.usage = usage
    this.folder = new SpillFolder(spillDir)
  }

  /** Memory for an object that `hold` will be given. Throws ObjectStoreFullError. */
  allocate(bytes: number): SharedArrayBuffer {
    this.checkSize(bytes)
    try {
      return new SharedArrayBuffer(bytes)
    } catch {
      // What nobody holds any more may be in the way.
      collectNow()
    }
    try {
      return new SharedArrayBuffer(bytes)
    } catch (cause) {
      const message = `no memory for a value of ${bytes} bytes; pass or store it in smaller pieces, or give init a smaller objectStoreBytes than ${this.limitBytes}`
      throw new ObjectStoreFullError(message, { cause })
    }
  }

  /**
   * Takes an object in. It must be the store's own memory, which nobody writes to any more: not a SharedArrayBuffer of a user's.
   * Throws ObjectStoreFullError, and then holds what it held before.
   */
  hold(object: SharedArrayBuffer, id: number, owner: StoredObject): LargeBuffer {
    this.checkSize(object.byteLength)
    this.admit(object.byteLength)
    const buffer = new LargeBuffer(object, object.byteLength, id, owner, this)
    this.add(buffer)
    return buffer
  }

  /** Frees an object's memory and its file. Nothing happens if it is free already. */
  release(buffer: LargeBuffer): void {
    if (this.resident.delete(buffer)) this.usage.addInMemory(-buffer.bytes)
    else if (this.onDisk.delete(buffer)) this.usage.addOnDisk(-buffer.bytes)
    // Not to keep its owner alive.
    if (this.newest === buffer) this.newest = undefined
    buffer.free()
  }

  /** A buffer that was on disk, or is lost, was made anew. `memory` has its size and is held by nobody else. */
  renew(buffer: LargeBuffer, memory: SharedArrayBuffer): void {
    this.admit(buffer.bytes)
    if (this.onDisk.delete(buffer)) this.usage.addOnDisk(-buffer.bytes)
    buffer.renew(memory)
    this.add(buffer)
  }

  /** A task that names a buffer is under way, or is over. */
  pin(buffer: LargeBuffer, by: 1 | -1): void {
    const before = buffer.pins
    buffer.pins += by
    if (before === 0) this.pinned += buffer.bytes
    else if (buffer.pins === 0) this.pinned -= buffer.bytes
  }

  /**
   * Whether so many bytes can come into memory beside those that tasks under way name. One task may always, and after a while
   * any: those under way may wait for what this is for.
   */
  roomFor(bytes: number): boolean {
    if (this.pinned === 0 || this.pinned + bytes <= this.limitBytes) return true
    if (this.patience === undefined) {
      this.patience = setTimeout(() => {
        this.impatient = true
        this.patience = undefined
        this.retry()
        this.impatient = false
      }, PATIENCE_MS).unref()
    }
    return this.impatient
  }

  /** All that this thread holds. */
  *buffers(): Iterable<LargeBuffer> {
    yield* this.resident
    yield* this.onDisk
  }

  /** Makes room if another thread has asked for it. To be called again and again: it costs a load while nobody has. */
  relieve(): void {
    if (!this.usage.pressed || performance.now() < this.retryAt) return
    try {
      this.makeRoom()
    } catch {
      // The thread that needs the room is told by its own write to disk.
      this.retryAt = performance.now() + RETRY_MS
    }
  }

  /** The runtime ends: what is in memory stays as long as its refs, and nothing goes to disk any more. */
  close(): void {
    this.closed = true
    clearTimeout(this.patience)
    this.folder.close()
  }

  /** Bytes in memory, of this thread. */
  get usedBytes(): number {
    return this.usage.ownInMemoryBytes
  }

  /** Bytes on disk and not in memory, of this thread. */
  get spilledBytes(): number {
    return this.usage.ownOnDiskBytes
  }

  get objectCount(): number {
    return this.resident.size + this.onDisk.size
  }

  get spilledCount(): number {
    return this.onDisk.size
  }

  /** @internal */
  used(buffer: LargeBuffer): void {
    if (this.newest !== buffer && this.resident.delete(buffer)) this.add(buffer)
  }

  /** @internal */
  bringBack(buffer: LargeBuffer): void {
    this.admit(buffer.bytes)
    try {
      buffer.restore(this.allocate(buffer.bytes))
    } catch (error) {
      this.usage.addInMemory(-buffer.bytes)
      throw error
    }
    this.onDisk.delete(buffer)
    this.usage.addOnDisk(-buffer.bytes)
    this.add(buffer)
  }

  /** Counts bytes that come into memory, and spills others for them. Counted first, so that threads which do this at once see each other. */
  private admit(bytes: number): void {
    this.usage.addInMemory(bytes)
    this.sinceSweep += bytes
    try {
      this.makeRoom()
    } catch (error) {
      this.usage.addInMemory(-bytes)
      throw error
    }
  }

  private add(buffer: LargeBuffer): void {
    this.resident.add(buffer)
    this.newest = buffer
  }

  private makeRoom(): void {
    if (this.closed) return
    while (this.usage.inMemoryBytes > this.limitBytes) {
      if (this.sinceSweep > this.limitBytes * SWEEP_PART) {
        this.sweep()
        continue
      }
      const oldest = this.oldest()
      if (oldest === undefined) {
        this.usage.pressed = true
        this.tell()
        return
      }
      this.spill(oldest)
    }
    if (this.usage.pressed) this.usage.pressed = false
  }

  /** Frees what nobody wants any more: V8 tells of it late. What other threads have refs to follows when those have collected. */
  sweep(): void {
    this.sinceSweep = 0
    collectNow()
    for (const buffer of [...this.buffers()]) if (buffer.owner.gone) this.release(buffer)
    const now = performance.now()
    if (now < this.sweptAt + SWEEP_MS) return
    this.sweptAt = now
    this.swept()
  }

  private oldest(): LargeBuffer | undefined {
    for (const buffer of this.resident) if (buffer.pins === 0) return buffer
    return undefined
  }

  private tell(): void {
    const now = performance.now()
    if (now < this.toldAt + TELL_MS) return
    this.toldAt = now
    this.pressed()
  }

  private spill(buffer: LargeBuffer): void {
    try {
      buffer.spill(this.folder)
    } catch (cause) {
      throw this.diskError(buffer, cause)
    }
    this.resident.delete(buffer)
    this.onDisk.add(buffer)
    this.usage.addInMemory(-buffer.bytes)
    this.usage.addOnDisk(buffer.bytes)
    buffer.owner.spilled(buffer)
    letGo(buffer.bytes)
  }

  private checkSize(bytes: number): void {
    if (bytes <= this.limitBytes) return
    throw new ObjectStoreFullError(
      `a value of ${bytes} bytes is larger than the whole object store (${this.limitBytes} bytes); give init a larger objectStoreBytes, or pass the value in pieces`,
    )
  }

  private diskError(buffer: LargeBuffer, cause: unknown): ObjectStoreFullError {
    return new ObjectStoreFullError(
      `the object store is full (${this.limitBytes} bytes), and object ${hexId(buffer.id)} (${buffer.bytes} bytes) cannot be moved to disk, ` +
        `to ${this.folder.path}: ${cause instanceof Error ? cause.message : String(cause)}; ` +
        'make room there, set GYMNURA_SPILL_DIR to a folder on another disk, give init a larger objectStoreBytes, or drop refs',
      { cause },
    )
  }
}
