import type { ApplicationRecord, Change, ModelRecord, Rows, State, TokenRecord } from '../state/state.js'
import { RowsMoved } from '../state/state.js'

/** Another frontend may be faster so many times in a row. */
const MOST_ATTEMPTS = 20

/** A change of the rows that has been thought through on what they are now. */
export interface Plan<T> {
  readonly changes: readonly Change[]
  /** Called once they are kept, before whoever follows the rows looks at them. */
  readonly kept: () => T
}

/**
 * The rows of the state as they were last seen, and the only way to change them: one change after another, each decided on what is
 * there, and decided anew where another frontend has changed something meanwhile. Those who run what the rows say follow them.
 */
export class Ledger {
  readonly applications = new Map<string, ApplicationRecord>()
  readonly models = new Map<string, ModelRecord>()
  readonly tokens = new Map<string, TokenRecord>()
  readonly #followers: (() => void)[] = []
  #turn: Promise<unknown> = Promise.resolve()

  constructor(private readonly state: Pick<State, 'read' | 'write'>) {}

  /** @param follower called after each change, this frontend's or another's; it must not throw */
  follow(follower: () => void): void {
    this.#followers.push(follower)
  }

  /** @param decide throws where the change cannot be made @throws what `decide` throws; ServeError `STATE_UNREACHABLE` */
  change<T>(decide: () => Plan<T>): Promise<T> {
    return this.#inTurn(async () => {
      for (let attempt = 1; ; attempt++) {
        const { changes, kept } = decide()
        try {
          if (changes.length > 0) await this.state.write(changes)
        } catch (error) {
          if (!(error instanceof RowsMoved) || attempt === MOST_ATTEMPTS) throw error
          await this.#read()
          continue
        }
        for (const change of changes) this.#apply(change)
        const result = kept()
        this.#tell()
        return result
      }
    })
  }

  /** Reads what others have changed. @param began called when it does @throws ServeError `STATE_UNREACHABLE` */
  refresh(began?: () => void): Promise<void> {
    return this.#inTurn(() => {
      began?.()
      return this.#read()
    })
  }

  async #read(): Promise<void> {
    const rows = await this.state.read()
    for (const table of ['applications', 'models', 'tokens'] as const) replace<Rows[typeof table]>(this[table], rows[table])
    this.#tell()
  }

  #apply({ table, key, row }: Change): void {
    const rows: Map<string, unknown> = this[table]
    if (row === undefined) rows.delete(key)
    else rows.set(key, row)
  }

  #tell(): void {
    for (const follower of this.#followers) follower()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}

function replace<M extends ReadonlyMap<string, unknown>>(rows: Map<string, unknown>, by: M): void {
  for (const key of rows.keys()) if (!by.has(key)) rows.delete(key)
  for (const [key, row] of by) rows.set(key, row)
}
