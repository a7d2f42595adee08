import type { ApplicationRecord, ModelRecord, State, Table } from './state.js'

class MemoryTable<Row> implements Table<Row> {
  readonly #rows = new Map<string, Row>()

  async get(key: string): Promise<Row | undefined> {
    return this.#rows.get(key)
  }

  async set(key: string, row: Row): Promise<void> {
    this.#rows.set(key, row)
  }

  async all(): Promise<Row[]> {
    return [...this.#rows.values()]
  }
}

/** State that ends with the process. */
export class MemoryState implements State {
  readonly applications: Table<ApplicationRecord> = new MemoryTable()
  readonly models: Table<ModelRecord> = new MemoryTable()
  #nextQueryId = 1

  leaseQueryIds(count: number): number {
    const first = this.#nextQueryId
    this.#nextQueryId += count
    return first
  }
}
