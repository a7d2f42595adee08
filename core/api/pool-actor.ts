import { type Loaded, load } from '../worker/load.js'
import type { ShippedFunction } from '../worker/messages.js'
import { describe } from './errors.js'

/** The argument lists of some calls that are made one after the other. */
export interface Chunk {
  /** The place of the first among all values. */
  readonly start: number
  readonly lists: readonly (readonly unknown[])[]
}

/** A function threw for one value of a chunk. `cause` is what it threw; it is missing if that cannot travel. */
export class ChunkError extends Error {
  constructor(
    /** The value's place among all values. */
    readonly at: number,
    /** The results of the chunk's values before it; missing if they cannot travel. */
    readonly done: readonly unknown[] | undefined,
    thrown: unknown,
  ) {
    super(describe(thrown), { cause: thrown })
    this.name = 'ChunkError'
  }
}

/** One process of a Pool. It gets a function as its description, and makes it from source or by import the first time. */
export class PoolActor {
  private readonly functions = new Map<number, Loaded>()

  /** Results in the order of the lists. Calls follow one another also if the function is async. */
  async run(definition: ShippedFunction, { start, lists }: Chunk): Promise<unknown[]> {
    const code = this.functions.get(definition.index) ?? (await load(definition))
    this.functions.set(definition.index, code)
    const done: unknown[] = []
    for (const args of lists) {
      try {
        done.push(await code(...args))
      } catch (error) {
        throw new ChunkError(start + done.length, done, error)
      }
    }
    return done
  }
}
