import { createHash } from 'node:crypto'
import { mkdirSync, realpathSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { ServeError } from '../errors.js'
import { FileFeedbackLog } from './feedback-log.js'
import { FolderLock } from './folder-lock.js'
import { kept } from './kept.js'
import { Room } from './room.js'
import type { Change, Learned, Lesson, Rows, State, Sums, Taught } from './state.js'
import { taught } from './sums.js'

const NEXT_QUERY_ID = 'nextQueryId'
const MOST_HALVES = 10_000
const LONGEST_FILE_NAME = 240

/** Feedback that is logged but not learned from, or the other way round: the disk was full between the two. */
interface Half {
  /** After the lesson; undefined where it was not learned. */
  readonly sums: Sums | undefined
  readonly isLogged: boolean
}

/** Files of their own, whole or not there: written beside and renamed. */
class ArtifactFolder {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true })
  }

  /** (A colon is no part of a file's name everywhere, and no part of a model's; a tilde neither. File systems have names of up to 255 bytes.) */
  #file(key: string): string {
    const name = key.replace(':', '@')
    return join(this.folder, name.length <= LONGEST_FILE_NAME ? name : `~${createHash('sha256').update(key).digest('hex')}`)
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#file(key))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  async set(key: string, bytes: Uint8Array): Promise<void> {
    const part = `${this.#file(key)}~`
    try {
      await kept(writeFile(part, bytes, { flush: true }).then(() => rename(part, this.#file(key))))
    } catch (error) {
      // What was written of it would keep the disk full.
      await rm(part, { force: true })
      throw error
    }
  }

  async delete(key: string): Promise<void> {
    await rm(this.#file(key), { force: true })
  }
}

interface Opened {
  readonly lock: FolderLock
  readonly log: FileFeedbackLog
  readonly root: RootDatabase
  readonly room: Room
}

/**
 * Without overlapping, a write's promise waits for the disk and not only for the memory map. With batches by turns, which are opened by a
 * promise that nobody holds, a commit that fails would end the process.
 */
const openDatabase = (path: string): RootDatabase => open({ path, overlappingSync: false, eventTurnBatching: false, encoding: 'json' })

/**
 * State in a folder of this machine: tables in LMDB, models' files and the feedback log beside it. A write is on the disk when its
 * promise resolves. One server a folder.
 */
export class FileState implements State {
  readonly keepsFeedback = true
  readonly #lock: FolderLock
  readonly #root: RootDatabase
  readonly #room: Room
  readonly #tables: { readonly [table in Change['table']]: Database<unknown, string> }
  readonly #standings: Database<Readonly<Record<string, readonly number[]>>, string>
  readonly #counters: Database<number, string>
  readonly #artifacts: ArtifactFolder
  readonly #log: FileFeedbackLog
  /** What was kept of feedback that could not be kept whole, by query id: it may be given again, and then only the rest is done. */
  readonly #half = new Map<number, Half>()

  /** @throws ServeError `STATE_IN_USE`, `STATE_FOLDER` */
  static async open(folder: string): Promise<FileState> {
    try {
      mkdirSync(folder, { recursive: true })
      const path = realpathSync(folder)
      const lock = FolderLock.take(path)
      try {
        const log = await FileFeedbackLog.open(join(path, 'feedback'))
        const database = join(path, 'state.lmdb')
        const root = openDatabase(database)
        return new FileState(path, { lock, log, root, room: await Room.open(database) })
      } catch (error) {
        lock.release()
        throw error
      }
    } catch (cause) {
      if (cause instanceof ServeError) throw cause
      throw new ServeError('STATE_FOLDER', `the state cannot be kept in ${folder}: ${(cause as Error).message}`, { cause })
    }
  }

  private constructor(path: string, { lock, log, root, room }: Opened) {
    this.#lock = lock
    this.#log = log
    this.#root = root
    this.#room = room
    const table = <Row>(name: string) => this.#root.openDB<Row, string>({ name, encoding: 'json' })
    this.#tables = { applications: table('applications'), models: table('models'), tokens: table('tokens') }
    this.#standings = table('standings')
    this.#counters = table('counters')
    this.#artifacts = new ArtifactFolder(join(path, 'models'))
  }

  async read(): Promise<Rows> {
    const rows = <Row>(table: Change['table']) => new Map([...this.#tables[table].getRange()].map(({ key, value }) => [key, value as Row]))
    return { applications: rows('applications'), models: rows('models'), tokens: rows('tokens') }
  }

  async write(changes: readonly Change[]): Promise<void> {
    const artifacts = changes.filter((change) => change.table === 'models')
    // A file without a row is nothing; a row without its file could not be started again.
    for (const { key, artifact } of artifacts) if (artifact !== undefined) await this.#artifacts.set(key, artifact)
    try {
      await kept(this.#room.try())
      const written = this.#root.transaction(() => {
        for (const change of changes) this.#apply(change)
      })
      await kept(written)
    } catch (error) {
      for (const { key, artifact } of artifacts) if (artifact !== undefined) await this.#artifacts.delete(key)
      throw error
    }
    for (const { key, row } of artifacts) if (row === undefined) await this.#artifacts.delete(key)
  }

  /** Only within a transaction. */
  #apply({ table, key, row }: Change): void {
    if (row !== undefined) {
      this.#tables[table].putSync(key, row)
      return
    }
    this.#tables[table].removeSync(key)
    if (table !== 'applications') return
    for (const standing of this.#standings.getKeys({ start: `${key}/` })) {
      if (!standing.startsWith(`${key}/`)) break
      this.#standings.removeSync(standing)
    }
  }

  artifact(key: string): Promise<Uint8Array | undefined> {
    return this.#artifacts.get(key)
  }

  standing(key: string): Taught {
    return { sums: new Map(Object.entries(this.#standings.get(key) ?? {})) }
  }

  async learn(lesson: Lesson): Promise<Learned> {
    const { entry, queryId } = lesson
    const half = queryId === undefined ? undefined : this.#half.get(queryId)
    const [learning, logging] = await Promise.allSettled([
      half?.sums ?? this.#learn(lesson),
      half?.isLogged === true ? undefined : entry && this.#log.append(entry),
    ])
    if (learning.status === 'fulfilled' && logging.status === 'fulfilled') {
      if (half !== undefined) this.#half.delete(queryId!)
      return { repeated: false, sums: learning.value }
    }
    const sums = learning.status === 'fulfilled' ? learning.value : undefined
    if (queryId !== undefined) this.#keepHalf(queryId, { sums, isLogged: logging.status === 'fulfilled' })
    throw learning.status === 'rejected' ? learning.reason : (logging as PromiseRejectedResult).reason
  }

  #keepHalf(queryId: number, half: Half): void {
    this.#half.set(queryId, half)
    for (const oldest of this.#half.keys()) {
      if (this.#half.size <= MOST_HALVES) break
      this.#half.delete(oldest)
    }
  }

  /** All that is learned in one turn becomes one transaction, and one write to the disk. */
  async #learn(lesson: Lesson): Promise<Sums> {
    const { key, sums } = lesson
    if (sums.size === 0) return this.standing(key).sums
    await kept(this.#room.try())
    const learned = this.#standings.transaction(() => {
      const after = taught(this.standing(key).sums, lesson)
      this.#standings.putSync(key, Object.fromEntries(after))
      return after
    })
    return kept(learned)
  }

  leaseQueryIds(count: number): number {
    this.#room.trySync()
    return this.#counters.transactionSync(() => {
      const first = this.#counters.get(NEXT_QUERY_ID) ?? 1
      this.#counters.putSync(NEXT_QUERY_ID, first + count)
      return first
    })
  }

  async close(): Promise<void> {
    await this.#log.close()
    await this.#room.close()
    await this.#root.close()
    this.#lock.release()
  }
}
