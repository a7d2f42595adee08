/** Something that knows its place in a list; −1: it is in none. */
export interface HasPlace {
  at: number
}

/**
 * Things in no order, each of which knows its place, so that one is taken out without a search. A Set would do the same, but costs a
 * short task a tenth of its time.
 */
export class Placed<Thing extends HasPlace> implements Iterable<Thing> {
  private readonly list: Thing[] = []

  get size(): number {
    return this.list.length
  }

  add(thing: Thing): void {
    thing.at = this.list.length
    this.list.push(thing)
  }

  /** Does nothing if it is not here. */
  delete(thing: Thing): void {
    const { at } = thing
    if (this.list[at] !== thing) return
    const last = this.list.pop()!
    if (last !== thing) {
      this.list[at] = last
      last.at = at
    }
    thing.at = -1
  }

  has(thing: Thing): boolean {
    return this.list[thing.at] === thing
  }

  /** Who takes things out on the way goes through a copy. */
  [Symbol.iterator](): Iterator<Thing> {
    return this.list.values()
  }
}
