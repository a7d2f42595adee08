import type { Application } from '../registry/application.js'
import type { Exchange } from './exchange.js'
import type { Inputs } from './inputs.js'
import type { Prediction } from './prediction.js'

const ELEMENT_BYTES = 4
/** Of a query: its columns, and what holds its request's inputs. */
const QUERY_BYTES = 160
/** Queries whose columns are made together, once they are wanted. */
const CHUNK = 4096
const NO_ID = -1

/** An answered query, as feedback on it wants to know it. */
export interface Answered {
  readonly application: Application
  readonly inputs: Inputs
  /** Which of the inputs. */
  readonly row: number
  readonly user: string
  /** Those that were asked; undefined where the application has one model, which answered. */
  readonly names: readonly string[] | undefined
  /** Of having asked them. */
  readonly probability: number
  /** What each of them said. */
  readonly predictions: readonly (Prediction | undefined)[]
  /** The output as JSON; undefined where the default was given. */
  readonly outputJson: string | undefined
}

/** What the one member said, or each of several. */
type Said = Prediction | undefined | readonly (Prediction | undefined)[]
const isSeveral = (said: Said): said is readonly (Prediction | undefined)[] => Array.isArray(said)

const column = <T>() => new Array<T | undefined>(CHUNK).fill(undefined)

class Chunk {
  readonly ids = new Float64Array(CHUNK).fill(NO_ID)
  readonly rows = new Uint32Array(CHUNK)
  readonly bytes = new Float64Array(CHUNK)
  readonly probabilities = new Float64Array(CHUNK)
  /** 1 where feedback was given. */
  readonly told = new Uint8Array(CHUNK)
  readonly applications = column<Application>()
  readonly inputs = column<Inputs>()
  readonly users = column<string>()
  readonly names = column<readonly string[]>()
  readonly said = column<Said>()
  /** undefined: what the one member said; null: the default. */
  readonly given = column<string | null>()
}

/**
 * The newest answered queries, until their feedback comes: tens of thousands, so they lie in columns (an object a query, with its lists,
 * took twice as much). A query's place is its id's lower bits: ids follow one another, so that the next one takes the place of the oldest.
 */
export class AnsweredQueries {
  readonly #chunks: (Chunk | undefined)[]
  #bytes = 0
  /** Where the oldest one lies, or before it. */
  #oldest = 0

  /**
   * @param mostQueries that are kept, a power of two of at least 4,096
   * @param mostBytes that they take, about: of large inputs and outputs fewer are kept
   */
  constructor(
    private readonly mostQueries: number,
    private readonly mostBytes: number,
  ) {
    this.#chunks = new Array(mostQueries / CHUNK).fill(undefined)
  }

  #chunkOf(id: number): Chunk | undefined {
    return this.#chunks[Math.floor((id % this.mostQueries) / CHUNK)]
  }

  /** Where a query lies, if it is kept. */
  #find(id: number): readonly [chunk: Chunk, place: number] | undefined {
    const chunk = this.#chunkOf(id)
    return chunk?.ids[id % CHUNK] === id ? [chunk, id % CHUNK] : undefined
  }

  /** @param exchange one that is settled */
  keep(application: Application, inputs: Inputs, { firstQueryId, size, members, predictions, selected, outcomes }: Exchange): void {
    if (size === 0) return
    const inputBytes = Math.ceil((inputs.length(0, size) * ELEMENT_BYTES) / size)
    for (let query = 0; query < size; query++) {
      const id = firstQueryId + query
      this.#forget(id)
      if (id % this.mostQueries === this.#oldest) this.#oldest = (this.#oldest + 1) % this.mostQueries
      const chunk = this.#chunkOf(id) ?? new Chunk()
      this.#chunks[Math.floor((id % this.mostQueries) / CHUNK)] = chunk
      const place = id % CHUNK
      const said = members === 1 ? predictions[query] : predictions.slice(query * members, (query + 1) * members)
      const bytes = QUERY_BYTES + inputBytes + bytesOf(said)
      chunk.ids[place] = id
      chunk.rows[place] = query
      chunk.bytes[place] = bytes
      chunk.told[place] = 0
      chunk.probabilities[place] = selected?.[query]?.choice.probability ?? 1
      chunk.applications[place] = application
      chunk.inputs[place] = inputs
      chunk.users[place] = selected?.[query]?.user
      chunk.names[place] = selected?.[query]?.names
      chunk.said[place] = said
      chunk.given[place] = givenOf(said, outcomes?.[query])
      this.#bytes += bytes
    }
    for (; this.#bytes > this.mostBytes; this.#oldest = (this.#oldest + 1) % this.mostQueries) this.#forget(this.#oldest)
  }

  /** Whatever lies where a query would. */
  #forget(id: number): void {
    const chunk = this.#chunkOf(id)
    const place = id % CHUNK
    if (chunk === undefined || chunk.ids[place] === NO_ID) return
    this.#bytes -= chunk.bytes[place]!
    chunk.ids[place] = NO_ID
    for (const references of [chunk.applications, chunk.inputs, chunk.users, chunk.names, chunk.said, chunk.given])
      references[place] = undefined
  }

  /** undefined for one that is not kept (any more). */
  get(id: number): Answered | undefined {
    const found = this.#find(id)
    if (found === undefined) return undefined
    const [chunk, place] = found
    const said = chunk.said[place]
    const given = chunk.given[place]
    return {
      application: chunk.applications[place]!,
      inputs: chunk.inputs[place]!,
      row: chunk.rows[place]!,
      user: chunk.users[place] ?? '',
      names: chunk.names[place],
      probability: chunk.probabilities[place]!,
      predictions: isSeveral(said) ? said : [said],
      outputJson: given === undefined && !isSeveral(said) ? said?.json : (given ?? undefined),
    }
  }

  /** Feedback is given on it. @returns false where it was before */
  tell(id: number): boolean {
    const found = this.#find(id)
    if (found === undefined || found[0].told[found[1]] === 1) return false
    found[0].told[found[1]] = 1
    return true
  }

  /** The feedback could not be kept: it may be given again. */
  untell(id: number): void {
    const found = this.#find(id)
    if (found !== undefined) found[0].told[found[1]] = 0
  }
}

function bytesOf(said: Said): number {
  if (isSeveral(said)) return said.reduce((sum, one) => sum + (one?.bytes ?? 0), 0)
  return said?.bytes ?? 0
}

function givenOf(said: Said, outcome: string | undefined): string | null | undefined {
  if (outcome === undefined) return null
  return !isSeveral(said) && said?.json === outcome ? undefined : outcome
}
