import type { Exchange } from './exchange.js'

/** Who is told of every answer of an application, as it is given. */
export class Watchers {
  readonly #watchers = new Set<(exchange: Exchange) => void>()

  /** Returns how to stop. */
  add(watcher: (exchange: Exchange) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  tell(exchange: Exchange): void {
    for (const watcher of this.#watchers) watcher(exchange)
  }
}
