import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServeError } from '../errors.js'

const ATTEMPTS = 3

/**
 * When a process began, in clock ticks since the machine did; undefined where there is no /proc, or no such process, or one that has
 * ended and only waits for its parent to take notice.
 */
function startOf(pid: number): string | undefined {
  try {
    // The command's name stands in brackets and may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Keeps a folder to one process: a file that names it. One that a dead process left, or that names none, is taken over. */
export class FolderLock {
  private constructor(private readonly file: string) {}

  /** @throws ServeError `STATE_IN_USE` */
  static take(folder: string): FolderLock {
    const file = join(folder, 'server.pid')
    const mine = `${process.pid} ${startOf(process.pid) ?? ''}\n`
    for (let attempt = 0; ; attempt++) {
      try {
        writeFileSync(file, mine, { flag: 'wx' })
        return new FolderLock(file)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === ATTEMPTS) throw error
      }
      const [pid, start = ''] = readFileSync(file, 'utf8').trim().split(' ')
      // A number may have been given to another process since; when that began tells them apart.
      if (/^[1-9]\d*$/.test(pid!) && isAlive(Number(pid)) && startOf(Number(pid)) === (start || undefined)) {
        throw new ServeError('STATE_IN_USE', `process ${pid} serves from ${folder}; stop it, or serve from another folder`)
      }
      rmSync(file, { force: true })
    }
  }

  release(): void {
    rmSync(this.file, { force: true })
  }
}
