import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** More than a commit adds to the file: pages that are copied before they are changed, up to the root. */
const ROOM = Buffer.alloc(128 * 1024)

/**
 * Whether there is room on the disk for a commit, tried on a file beside the database before each: a commit of LMDB's that fails writes
 * its error message beyond the memory that it has for it (lmdb 3.5.6, mdb.c), and with that, sooner or later, ends the process.
 */
export class Room {
  #trying: Promise<void> | undefined

  private constructor(
    private readonly path: string,
    private readonly database: FileHandle,
    private readonly file: FileHandle,
  ) {}

  /** @param database its path; it is there */
  static async open(database: string): Promise<Room> {
    const path = `${database}-room`
    return new Room(path, await open(database, 'r'), await open(path, 'w'))
  }

  /** Those that come together try together. @throws what the file system says */
  try(): Promise<void> {
    this.#trying ??= this.#try().finally(() => {
      this.#trying = undefined
    })
    return this.#trying
  }

  async #try(): Promise<void> {
    const { size } = await this.database.stat()
    try {
      for (let at = 0; at < ROOM.length; ) at += (await this.file.write(ROOM, at, ROOM.length - at, size + at)).bytesWritten
    } finally {
      await this.file.truncate(0)
    }
  }

  /** @throws what the file system says */
  trySync(): void {
    const { size } = fstatSync(this.database.fd)
    const fd = openSync(this.path, 'r+')
    try {
      for (let at = 0; at < ROOM.length; ) at += writeSync(fd, ROOM, at, ROOM.length - at, size + at)
    } finally {
      ftruncateSync(fd, 0)
      closeSync(fd)
    }
  }

  async close(): Promise<void> {
    await this.#trying?.catch(() => {})
    await this.database.close()
    await this.file.close()
  }
}
