import { ObjectLostError } from '../api/errors.js'
import { type Attachment, hexId } from '../api/object-ref.js'
import { noteArrived } from './handles.js'
import { readSpillFile, removeFile, type SpillFile } from './spill-file.js'
import type { SpillFolder } from './spill-folder.js'

/** Who holds a value that a large buffer is part of. */
export interface StoredObject {
  /** The bytes are on disk: let go of views of them, and let workers drop what they hold under `buffer.id`. */
  spilled(buffer: LargeBuffer): void
  /** Nobody wants the value any more. */
  readonly gone?: boolean
}

/** The store, as its buffers see it. */
export interface BufferStore {
  /** `buffer`, which is in memory, is being used. */
  used(buffer: LargeBuffer): void
  /** Puts `buffer`, which is on disk, back into memory; throws ObjectLostError, ObjectStoreFullError. */
  bringBack(buffer: LargeBuffer): void
}

/**
 * Shared memory of the object store that may be on disk instead. It travels as an attachment: whoever reads `object` gets
 * memory, in which the bytes are. Read it when it is needed and keep it no longer, since what is kept cannot come free.
 */
export class LargeBuffer implements Attachment {
  readonly once = false
  /** So many tasks under way name it: what they hold of it could not come free. */
  pins = 0
  private memory: SharedArrayBuffer | undefined
  /** Stays when the bytes are back in memory: values do not change, so the next spill need not write it again. */
  private file: SpillFile | undefined = undefined

  constructor(
    memory: SharedArrayBuffer | undefined,
    readonly bytes: number,
    readonly id: number,
    readonly owner: StoredObject,
    private readonly store: BufferStore,
  ) {
    this.memory = memory
  }

  /** Restored if it was spilled, which takes as long as reading the file. Throws ObjectLostError, ObjectStoreFullError. */
  get object(): SharedArrayBuffer {
    if (this.memory === undefined) {
      if (this.file === undefined) throw this.freed()
      this.store.bringBack(this)
    } else this.store.used(this)
    return this.memory!
  }

  /** It is being used, without being looked at. */
  touch(): void {
    if (this.memory !== undefined) this.store.used(this)
  }

  get inMemory(): boolean {
    return this.memory !== undefined
  }

  /** @internal The store's. Throws the system's error, and the bytes stay where they are. */
  spill(folder: SpillFolder): void {
    this.file ??= folder.write(this.memory!)
    this.memory = undefined
  }

  /** @internal The store's. `into` has the object's size. */
  restore(into: SharedArrayBuffer): void {
    const { file } = this
    if (file === undefined) throw this.freed()
    const problem = readSpillFile(file, into)
    if (problem !== undefined) {
      throw new ObjectLostError(`object ${hexId(this.id)} (${this.bytes} bytes) was moved to disk, and its file ${file.path} ${problem}`)
    }
    this.memory = into
    noteArrived({ object: into, ours: true })
  }

  private freed(): ObjectLostError {
    return new ObjectLostError(`object ${hexId(this.id)} (${this.bytes} bytes) was freed: its last ref is gone`)
  }

  /** @internal The store's. The same bytes made anew. */
  renew(memory: SharedArrayBuffer): void {
    this.free()
    this.memory = memory
  }

  /** @internal The store's. */
  free(): void {
    this.memory = undefined
    if (this.file !== undefined) removeFile(this.file.path)
    this.file = undefined
  }
}
