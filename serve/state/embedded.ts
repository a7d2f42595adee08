import { mkdirSync, realpathSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { ServeError } from '../errors.js'
import { FileFeedbackLog } from './feedback-log.js'
import { FolderLock } from './folder-lock.js'
import { kept } from './kept.js'
import { added } from './memory.js'
import type { ApplicationRecord, Artifacts, FeedbackLog, ModelRecord, State, Sums, SumTable, Table } from './state.js'

const NEXT_QUERY_ID = 'nextQueryId'

class LmdbTable<Row> implements Table<Row> {
  constructor(private readonly rows: Database<Row, string>) {}

  async get(key: string): Promise<Row | undefined> {
    return this.rows.get(key)
  }

  async set(key: string, row: Row): Promise<void> {
    await kept(this.rows.put(key, row))
  }

  async delete(key: string): Promise<void> {
    await kept(this.rows.remove(key))
  }

  async all(): Promise<Row[]> {
    return [...this.rows.getRange()].map(({ value }) => value)
  }
}

class LmdbSums implements SumTable {
  constructor(private readonly rows: Database<Sums, string>) {}

  get(key: string): Sums {
    return this.rows.get(key) ?? {}
  }

  async add(key: string, sums: Sums): Promise<void> {
    // All that is added in one turn becomes one transaction, and one write to the disk.
    await kept(this.rows.transaction(() => this.rows.putSync(key, added(this.get(key), sums))))
  }

  async deleteAll(prefix: string): Promise<void> {
    const removal = this.rows.transaction(() => {
      for (const key of this.rows.getKeys({ start: prefix })) {
        if (!key.startsWith(prefix)) break
        this.rows.removeSync(key)
      }
    })
    await kept(removal)
  }
}

/** Files of their own, whole or not there: written beside and renamed. */
class ArtifactFolder implements Artifacts {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true })
  }

  /** (A colon is no part of a file's name everywhere, and no part of a model's.) */
  #file(key: string): string {
    return join(this.folder, key.replace(':', '@'))
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
    const part = `${this.#file(key)}.part`
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

/**
 * State in a folder of this machine: tables in LMDB, models' files and the feedback log beside it. A write is on the disk when its
 * promise resolves. One server a folder.
 */
export class FileState implements State {
  readonly applications: Table<ApplicationRecord>
  readonly models: Table<ModelRecord>
  readonly standings: SumTable
  readonly artifacts: Artifacts
  readonly feedback: FeedbackLog
  readonly #lock: FolderLock
  readonly #root: RootDatabase
  readonly #counters: Database<number, string>
  readonly #log: FileFeedbackLog

  /** @throws ServeError `STATE_IN_USE`, `STATE_FOLDER` */
  static async open(folder: string): Promise<FileState> {
    try {
      mkdirSync(folder, { recursive: true })
      const path = realpathSync(folder)
      const lock = FolderLock.take(path)
      try {
        return new FileState(path, lock, await FileFeedbackLog.open(join(path, 'feedback')))
      } catch (error) {
        lock.release()
        throw error
      }
    } catch (cause) {
      if (cause instanceof ServeError) throw cause
      throw new ServeError('STATE_FOLDER', `the state cannot be kept in ${folder}: ${(cause as Error).message}`, { cause })
    }
  }

  private constructor(path: string, lock: FolderLock, log: FileFeedbackLog) {
    this.#lock = lock
    this.#log = log
    // Without overlapping, a write's promise waits for the disk and not only for the memory map. With batches by turns, which are opened
    // by a promise that nobody holds, a commit that fails would end the process.
    this.#root = open({ path: join(path, 'state.lmdb'), overlappingSync: false, eventTurnBatching: false, encoding: 'json' })
    const table = <Row>(name: string) => this.#root.openDB<Row, string>({ name, encoding: 'json' })
    this.applications = new LmdbTable(table<ApplicationRecord>('applications'))
    this.models = new LmdbTable(table<ModelRecord>('models'))
    this.standings = new LmdbSums(table<Sums>('standings'))
    this.#counters = table<number>('counters')
    this.artifacts = new ArtifactFolder(join(path, 'models'))
    this.feedback = log
  }

  leaseQueryIds(count: number): number {
    return this.#counters.transactionSync(() => {
      const first = this.#counters.get(NEXT_QUERY_ID) ?? 1
      this.#counters.putSync(NEXT_QUERY_ID, first + count)
      return first
    })
  }

  async close(): Promise<void> {
    await this.#log.close()
    await this.#root.close()
    this.#lock.release()
  }
}
