import { createHash, randomBytes } from 'node:crypto'
import { accessSync, constants, mkdirSync, readdirSync, readlinkSync, rmSync, statfsSync, statSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { invalid } from '../api/errors.js'
import { removeAfterUs } from './janitor.js'
import { type SpillFile, writeSpillFile } from './spill-file.js'

/**
 * The folder of a runtime's spilled objects; each thread has a folder inside it. It is made at the first spill. The name
 * says which process it belongs to, so a later run can remove what a killed one left behind:
 *
 *     gymnura-spill-<which machine>-<pid>-<random>/thread-<thread>/<number>
 */
export class SpillFolder {
  private readonly threadFolder: string
  private files = 0
  private removeNow: () => void = () => {}

  /** `path`: as `newSpillFolder` gave it to the thread that started the runtime. */
  constructor(readonly path: string) {
    this.threadFolder = threadFolderIn(path, threadId)
  }

  /** Throws the system's error. */
  write(memory: SharedArrayBuffer): SpillFile {
    if (this.files === 0) {
      // Only the user who runs this may read what lies in it.
      mkdirSync(this.threadFolder, { recursive: true, mode: 0o700 })
      this.removeNow = removeAfterUs(this.threadFolder, this.above)
    }
    return writeSpillFile(join(this.threadFolder, String(++this.files)), memory)
  }

  /** The folders above this thread's, from the nearest, as far as they are the runtime's. */
  private get above(): string[] {
    const above = [this.path]
    // A process worker's lies in the runtime's.
    if (basename(dirname(this.path)).startsWith(folderPrefix('spill'))) above.push(dirname(this.path))
    return above
  }

  /** Nothing in it is needed any more. */
  close(): void {
    this.removeNow()
  }
}

const removedAtExit = new Set<string>()

/** Where this process's spilled objects will lie. Removed when the process exits; `removeSpillFolder` does it earlier. Throws for a bad GYMNURA_SPILL_DIR. */
export function newSpillFolder(): string {
  const root = spillRoot()
  removeStaleFolders(root, folderPrefix('spill'))
  const path = join(root, `${folderPrefix('spill')}${process.pid}-${randomBytes(8).toString('hex')}`)
  if (removedAtExit.size === 0) process.on('exit', removeAll)
  removedAtExit.add(path)
  return path
}

/** At the runtime's end, when its threads have ended. */
export function removeSpillFolder(path: string): void {
  removeFolder(path)
  removedAtExit.delete(path)
  if (removedAtExit.size === 0) process.off('exit', removeAll)
}

function removeAll(): void {
  for (const path of removedAtExit) removeFolder(path)
}

/** Without an error: nobody can do anything about what cannot be removed, and a later run tries again. */
export function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {}
}

/** Removes what a thread that has ended left in the runtime's folder. */
export function removeThreadFolder(path: string, thread: number): void {
  removeFolder(threadFolderIn(path, thread))
}

function threadFolderIn(path: string, thread: number): string {
  return join(path, `thread-${thread}`)
}

/** Linux's number for file systems that lie in memory. */
const TMPFS = 0x01021994
const ON_DISK = '/var/tmp'

/** GYMNURA_SPILL_DIR; else the system's folder for temporary files, or /var/tmp where that one lies in memory itself. */
function spillRoot(): string {
  const given = process.env.GYMNURA_SPILL_DIR
  if (given !== undefined && given !== '') return checkedRoot(given)
  const folder = tmpdir()
  return process.platform === 'linux' && inMemory(folder) && writable(ON_DISK) === undefined ? ON_DISK : folder
}

function checkedRoot(folder: string): string {
  const problem = isAbsolute(folder) ? writable(folder) : 'is not an absolute path'
  if (problem === undefined) return folder
  throw invalid(`GYMNURA_SPILL_DIR is '${folder}', which ${problem}; set it to the absolute path of a folder that this user may write to`)
}

/** Why nothing can be written to a folder. */
function writable(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return 'is not a folder'
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? 'does not exist' : `cannot be written to (${code})`
  }
}

function inMemory(folder: string): boolean {
  try {
    return statfsSync(folder).type === TMPFS
  } catch {
    return false
  }
}

/**
 * A pid means something only on its machine, and in a container only there, while the folder for temporary files may be
 * shared with others: their folders must never be taken for those of dead processes.
 */
export function folderPrefix(what: 'spill' | 'process'): string {
  let space = ''
  try {
    space = readlinkSync('/proc/self/ns/pid')
  } catch {}
  return `gymnura-${what}-${createHash('sha256').update(`${hostname()} ${space}`).digest('hex').slice(0, 8)}-`
}

/** Removes the folders of dead processes whose names begin so. */
export function removeStaleFolders(root: string, start: string): void {
  let names: string[] = []
  try {
    names = readdirSync(root).filter((name) => name.startsWith(start))
  } catch {}
  for (const name of names) {
    const pid = Number(/^(\d+)-[0-9a-f]+$/.exec(name.slice(start.length))?.[1])
    if (pid > 0 && !isAlive(pid)) removeFolder(join(root, name))
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Anything but "no such process" speaks of one that is there.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
