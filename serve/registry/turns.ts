/** Work on the same thing is done one after another. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Does `work` when all that was begun on `thing` before is over, however that ended. */
  take<T>(thing: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(thing) ?? Promise.resolve()).then(work)
    const over = done
      .catch(() => {})
      .then(() => {
        if (this.#last.get(thing) === over) this.#last.delete(thing)
      })
    this.#last.set(thing, over)
    return done
  }
}
