import { randomBytes } from 'node:crypto'
import { accessSync, closeSync, constants, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderPrefix, removeStaleFolders } from '../store/spill-folder.js'

/** In memory where the system has such a place. */
const IN_MEMORY = '/dev/shm'
/** One system call moves at most 2 GiB. */
const CHUNK_BYTES = 2 ** 30
let cleaned = false

/**
 * A folder for what a process worker and this process hand each other: memory that two processes share needs native code, so
 * a large object goes through a file that lies in memory, and is removed by whoever reads it. Whoever of the two survives the
 * other removes the folder; what is left of a pair that was killed together goes when the next one starts.
 *
 *     /dev/shm/gymnura-process-<which machine>-<pid>-<random>/<pid of the writer>-<number>
 */
export function newSharedFolder(): string {
  const root = sharedRoot()
  const prefix = folderPrefix('process')
  if (!cleaned) removeStaleFolders(root, prefix)
  cleaned = true
  const path = join(root, `${prefix}${process.pid}-${randomBytes(8).toString('hex')}`)
  // Only the user who runs this may read what lies in it.
  mkdirSync(path, { mode: 0o700 })
  return path
}

function sharedRoot(): string {
  try {
    accessSync(IN_MEMORY, constants.W_OK | constants.X_OK)
    return IN_MEMORY
  } catch {
    return tmpdir()
  }
}

/** The files of one such folder, from one of its two sides. */
export class SharedFiles {
  private count = 0

  constructor(private readonly folder: string) {}

  /** The file's name; undefined if there is no room for it. */
  write(memory: SharedArrayBuffer): string | undefined {
    const name = `${process.pid}-${++this.count}`
    const path = join(this.folder, name)
    const bytes = new Uint8Array(memory)
    try {
      const file = openSync(path, 'wx', 0o600)
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(CHUNK_BYTES, bytes.length - at))
      } finally {
        closeSync(file)
      }
      return name
    } catch {
      rmSync(path, { force: true })
      return undefined
    }
  }

  /** Reads a file whole and removes it. Throws the system's error. */
  take(name: string, into: SharedArrayBuffer): void {
    const path = join(this.folder, name)
    const bytes = new Uint8Array(into)
    try {
      const file = openSync(path, 'r')
      try {
        for (let at = 0; at < bytes.length; ) {
          const read = readSync(file, bytes, at, Math.min(CHUNK_BYTES, bytes.length - at), null)
          if (read === 0) throw new Error(`${path} ended ${bytes.length - at} bytes early`)
          at += read
        }
      } finally {
        closeSync(file)
      }
    } finally {
      rmSync(path, { force: true })
    }
  }
}
