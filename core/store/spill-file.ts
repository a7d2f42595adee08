import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/** A file that holds the bytes of one object. What must be in it is remembered here and not in the file. */
export interface SpillFile {
  readonly path: string
  readonly bytes: number
  readonly checksum: number
}

/** The checksum is taken of a part while it is in the processor's cache. */
const CHUNK_BYTES = 1024 * 1024

/** Writes under another name and then renames: a file with its own name is whole. Throws the system's error. */
export function writeSpillFile(path: string, memory: SharedArrayBuffer): SpillFile {
  const unfinished = `${path}.part`
  let checksum = 0
  try {
    const file = openSync(unfinished, 'w', 0o600)
    try {
      for (let at = 0; at < memory.byteLength; at += CHUNK_BYTES) {
        const chunk = chunkAt(memory, at)
        checksum = crc32(chunk, checksum)
        writeWhole(file, chunk)
      }
    } finally {
      closeSync(file)
    }
    renameSync(unfinished, path)
  } catch (error) {
    removeFile(unfinished)
    throw error
  }
  return { path, bytes: memory.byteLength, checksum }
}

/** Reads into memory of the object's size. Returns what is wrong with the file; undefined if nothing is. */
export function readSpillFile({ path, bytes, checksum }: SpillFile, into: SharedArrayBuffer): string | undefined {
  let found = 0
  try {
    const file = openSync(path, 'r')
    try {
      const { size } = fstatSync(file)
      if (size !== bytes) return `has ${size} bytes instead of ${bytes}`
      for (let at = 0; at < bytes; at += CHUNK_BYTES) {
        const chunk = chunkAt(into, at)
        const missing = chunk.byteLength - readWhole(file, chunk)
        if (missing > 0) return `ended ${missing} bytes early at byte ${at + chunk.byteLength - missing} of ${bytes}`
        found = crc32(chunk, found)
      }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? 'is gone' : `cannot be read (${message})`
  }
  return found === checksum ? undefined : `has other content (checksum ${hex(found)} instead of ${hex(checksum)})`
}

/** Best effort: what stays behind goes with the folder. */
export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {}
}

function chunkAt(memory: SharedArrayBuffer, at: number): Uint8Array {
  return new Uint8Array(memory, at, Math.min(CHUNK_BYTES, memory.byteLength - at))
}

/** One system call may write less than it was given, as when the disk is about to be full. */
function writeWhole(file: number, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.byteLength; ) done += writeSync(file, chunk, done, chunk.byteLength - done)
}

function readWhole(file: number, chunk: Uint8Array): number {
  let done = 0
  while (done < chunk.byteLength) {
    const read = readSync(file, chunk, done, chunk.byteLength - done, null)
    if (read === 0) break
    done += read
  }
  return done
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
