import type { Change, Learned, Lesson, Rows, State, Sums, Taught } from './state.js'
import { taught } from './sums.js'

const NOTHING: Sums = new Map()
/** Users of all applications, whose standings are kept; who was taught longest ago is forgotten first. */
export const USERS_REMEMBERED = 100_000

/** State that ends with the process. The rows themselves are kept by whoever writes them. */
export class MemoryState implements State {
  readonly keepsFeedback = false
  readonly #standings = new Map<string, Sums>()
  #nextQueryId = 1

  async read(): Promise<Rows> {
    return { applications: new Map(), models: new Map(), tokens: new Map() }
  }

  async write(changes: readonly Change[]): Promise<void> {
    for (const { table, key, row } of changes) {
      if (table !== 'applications' || row !== undefined) continue
      for (const standing of this.#standings.keys()) if (standing.startsWith(`${key}/`)) this.#standings.delete(standing)
    }
  }

  standing(key: string): Taught {
    return { sums: this.#standings.get(key) ?? NOTHING }
  }

  async learn(lesson: Lesson): Promise<Learned> {
    const sums = taught(this.standing(lesson.key).sums, lesson)
    // Taken out first, so that they lie in the order in which they were taught last.
    this.#standings.delete(lesson.key)
    this.#standings.set(lesson.key, sums)
    if (this.#standings.size > USERS_REMEMBERED) this.#standings.delete(this.#standings.keys().next().value!)
    return { repeated: false, sums }
  }

  leaseQueryIds(count: number): number {
    const first = this.#nextQueryId
    this.#nextQueryId += count
    return first
  }

  async close(): Promise<void> {}
}
