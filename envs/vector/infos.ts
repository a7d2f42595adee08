/**
 * Gathers the infos of single environments as Gymnasium does: one array a key, and `_key` with 1 where an environment had it. The
 * arrays are kept and written again; a key that no environment has in a step stays, with an empty mask.
 */
import type { Info } from '../env.js'

interface Column {
  values: Float64Array | unknown[] | InfoColumns
  mask: Uint8Array
}

export class InfoColumns {
  readonly #columns = new Map<string, Column>()

  constructor(
    readonly numEnvs: number,
    /** The object that users see. */
    readonly infos: Record<string, unknown> = {},
  ) {}

  /** Forgets which environments had what. */
  clear(): void {
    for (const { values, mask } of this.#columns.values()) {
      mask.fill(0)
      if (values instanceof InfoColumns) values.clear()
    }
  }

  add(info: Info, at: number): void {
    // Not Object.entries: most infos are empty, and this runs for each environment and step.
    for (const key in info) {
      const value = info[key]
      const column = this.#columns.get(key) ?? this.#column(key, value)
      column.mask[at] = 1
      if (column.values instanceof InfoColumns) column.values.add(value as Info, at)
      else if (column.values instanceof Float64Array && typeof value !== 'number' && typeof value !== 'boolean') {
        // A key that held numbers so far and now holds something else.
        const values: unknown[] = Array.from(column.values)
        values[at] = value
        column.values = this.infos[key] = values
      } else column.values[at] = value as number
    }
  }

  /** Adds infos that are rows of numbers, for the environments from `at` on. */
  addNumbers(keys: readonly string[], numbers: Float64Array, rowSize: number, at: number): void {
    const count = numbers.length / rowSize
    for (const [k, key] of keys.entries()) {
      const { mask, values } = this.#columns.get(key) ?? this.#column(key, 0)
      if (values instanceof InfoColumns) {
        for (let i = 0; i < count; i++) this.add({ [key]: numbers[i * rowSize + k] }, at + i)
        continue
      }
      for (let i = 0; i < count; i++) values[at + i] = numbers[i * rowSize + k]!
      mask.fill(1, at, at + count)
    }
  }

  #column(key: string, value: unknown): Column {
    let values: Column['values']
    if (typeof value === 'number' || typeof value === 'boolean') values = new Float64Array(this.numEnvs)
    else if (isPlainObject(value)) values = new InfoColumns(this.numEnvs)
    else values = new Array(this.numEnvs).fill(null)
    const column = { values, mask: new Uint8Array(this.numEnvs) }
    this.#columns.set(key, column)
    this.infos[key] = values instanceof InfoColumns ? values.infos : values
    this.infos[`_${key}`] = column.mask
    return column
  }
}

function isPlainObject(value: unknown): value is Info {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
