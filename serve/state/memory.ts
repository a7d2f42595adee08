import type { ApplicationRecord, ModelRecord, State, Sums, SumTable, Table } from './state.js'

class MemoryTable<Row> implements Table<Row> {
  readonly #rows = new Map<string, Row>()

  async get(key: string): Promise<Row | undefined> {
    return this.#rows.get(key)
  }

  async set(key: string, row: Row): Promise<void> {
    this.#rows.set(key, row)
  }

  async delete(key: string): Promise<void> {
    this.#rows.delete(key)
  }

  async all(): Promise<Row[]> {
    return [...this.#rows.values()]
  }
}

/** `before` and `more`, number by number. */
export function added(before: Sums, more: Sums): Sums {
  const sums: Record<string, readonly number[]> = { ...before }
  for (const [name, numbers] of Object.entries(more)) {
    const old = before[name] ?? []
    sums[name] = numbers.map((number, i) => number + (old[i] ?? 0))
  }
  return sums
}

class MemorySums implements SumTable {
  readonly #rows = new Map<string, Sums>()

  get(key: string): Sums {
    return this.#rows.get(key) ?? {}
  }

  async add(key: string, sums: Sums): Promise<void> {
    this.#rows.set(key, added(this.get(key), sums))
  }

  async deleteAll(prefix: string): Promise<void> {
    for (const key of this.#rows.keys()) if (key.startsWith(prefix)) this.#rows.delete(key)
  }
}

/** State that ends with the process. */
export class MemoryState implements State {
  readonly applications: Table<ApplicationRecord> = new MemoryTable()
  readonly models: Table<ModelRecord> = new MemoryTable()
  readonly standings: SumTable = new MemorySums()
  #nextQueryId = 1

  leaseQueryIds(count: number): number {
    const first = this.#nextQueryId
    this.#nextQueryId += count
    return first
  }

  async close(): Promise<void> {}
}
