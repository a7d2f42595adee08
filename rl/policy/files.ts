import { randomBytes } from 'node:crypto'
import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A file could not be written; nothing of it was. */
class FileWriteError extends Error {
  override readonly name = 'FileWriteError'
  readonly code = 'FILE_WRITE'
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, flushed, then renamed over it. Makes missing folders, follows links.
 * @throws FileWriteError
 */
export async function writeFileAtomically(path: string, data: Uint8Array | string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    const target = await realpath(path).catch(() => path)
    const there = await stat(target).catch(() => undefined)
    if (there && !there.isFile()) throw new Error('it is there already and no ordinary file')
    await replaceFile(target, data)
  } catch (cause) {
    throw new FileWriteError(`cannot write ${path}: ${(cause as Error).message}; choose another place, or free space`, { cause })
  }
}

async function replaceFile(target: string, data: Uint8Array | string): Promise<void> {
  const temporary = `${target}.${process.pid}.${randomBytes(4).toString('hex')}.part`
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
