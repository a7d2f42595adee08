import { ServeError } from '../../errors.js'

/** Ids in a block: so many that there are some for months, and so few that 2²¹ blocks stay integers that are safe in JSON. */
const BLOCK = 2 ** 32

/** The block that a query's id is of: who has it answered the query. */
export const blockOf = (queryId: number): number => Math.floor(queryId / BLOCK)

/** Query ids out of blocks that belong to this frontend alone; the next block is fetched long before one is used up. */
export class QueryIds {
  #next: number
  #end: number
  #spare: number | undefined
  #fetching = false

  /** @param fetch the number of a block that nobody has had */
  constructor(
    block: number,
    private readonly fetch: () => Promise<number>,
  ) {
    this.#next = block * BLOCK
    this.#end = this.#next + BLOCK
  }

  /** @throws ServeError `STATE_UNREACHABLE` when all ids are used up and no block could be fetched since */
  lease(count: number): number {
    if (this.#next + count > this.#end) {
      if (this.#spare === undefined) throw new ServeError('STATE_UNREACHABLE', 'there are no query ids left, and Redis gives no more now')
      this.#next = this.#spare * BLOCK
      this.#end = this.#next + BLOCK
      this.#spare = undefined
    }
    const first = this.#next
    this.#next += count
    if (this.#spare === undefined && !this.#fetching && this.#end - this.#next < BLOCK / 2) this.#fetch()
    return first
  }

  #fetch(): void {
    this.#fetching = true
    this.fetch()
      .then(
        (block) => {
          this.#spare = block
        },
        // The next lease tries again.
        () => {},
      )
      .finally(() => {
        this.#fetching = false
      })
  }
}
