import { type BatchReply, ITEM_OK, type ModelDescription, type OutputDescription } from '../containers/container.js'
import { type Column, joinColumns, rowsOf } from '../containers/element-types.js'
import { ServeError } from '../errors.js'
import type { Inputs } from '../query/inputs.js'
import type { Waiting } from './deadline-queue.js'

/** What a model said about a block of rows: its outputs, or the first alone where the others were not asked for. */
export type BlockResult = readonly Column[]

/**
 * Many rows that one caller asks about: queued as one item, cut into as many batches as the controller's sizes want, answered together
 * (or failed together). Its numbers are copied as arrays, never looked at one by one, so that a row costs tens of nanoseconds.
 * Blocks pass the cache by.
 */
export class Block {
  /** Answered, failed or late: what is left of it in the queue is not evaluated any more. */
  over = false
  /** Of each output the replies' parts, by the row that they begin with. */
  readonly #parts = new Map<number, readonly Column[]>()
  readonly #described: readonly OutputDescription[]
  readonly #late: NodeJS.Timeout
  #left: number

  /**
   * @param id of the model, for messages
   * @param deadline `performance.now()` milliseconds
   * @param done called exactly once: with the result, or with null and why there is none (`MODEL_LATE`, `MODEL_FAILED`)
   */
  constructor(
    private readonly id: string,
    readonly inputs: Inputs,
    description: ModelDescription,
    readonly wantsExtras: boolean,
    readonly deadline: number,
    private readonly done: (result: BlockResult | null, error?: ServeError) => void,
  ) {
    const { size } = inputs
    this.#described = wantsExtras ? description.outputs : description.outputs.slice(0, 1)
    this.#left = size
    const withinMs = Math.max(0, deadline - performance.now())
    this.#late = setTimeout(() => {
      this.#end(null, new ServeError('MODEL_LATE', `${id} did not answer ${size} rows within ${Math.round(withinMs)} ms`))
    }, withinMs)
  }

  /** The rows from `row` on are those from `from` on in the reply, which has `size`. */
  answered(row: number, rows: number, reply: BatchReply, from: number, size: number): void {
    if (this.over) return
    const outputs = this.#described.map((_, index) => rowsOf(reply.outputs[index]!, from, rows, size))
    const wrong = firstFailure(reply, from, rows) ?? firstNotFinite(outputs[0]!, rows)
    if (wrong !== undefined) {
      this.failed(`row ${row + wrong.row}: ${wrong.reason}`)
      return
    }
    this.#parts.set(row, outputs)
    this.#left -= rows
    if (this.#left === 0) this.#end(this.#joined())
  }

  #joined(): BlockResult {
    const parts = [...this.#parts].sort(([a], [b]) => a - b).map(([, columns]) => columns)
    return this.#described.map((output, index) =>
      joinColumns(
        output,
        parts.map((columns) => columns[index]!),
      ),
    )
  }

  /** Of no rows: there is nobody to ask. */
  empty(): void {
    this.#end(this.#joined())
  }

  failed(reason: string): void {
    this.#end(null, new ServeError('MODEL_FAILED', `${this.id} failed on the input: ${reason}`))
  }

  #end(result: BlockResult | null, error?: ServeError): void {
    if (this.over) return
    this.over = true
    clearTimeout(this.#late)
    this.done(result, error)
  }
}

interface Wrong {
  readonly row: number
  readonly reason: string
}

function firstFailure({ statuses, errors }: BatchReply, from: number, rows: number): Wrong | undefined {
  if (statuses === undefined) return undefined
  for (let row = 0; row < rows; row++) {
    if (statuses[from + row] !== ITEM_OK) return { row, reason: errors?.[from + row] ?? 'no reason given' }
  }
  return undefined
}

function firstNotFinite({ type, elements }: Column, rows: number): Wrong | undefined {
  if (type !== 'floats' && type !== 'doubles') return undefined
  for (let i = 0; i < elements.length; i++) {
    if (!Number.isFinite(elements[i]))
      return { row: Math.floor((i * rows) / elements.length), reason: 'it answered a number that is not finite' }
  }
  return undefined
}

/** Rows of a block that wait, or travel, together. */
export class Slice implements Waiting {
  /** How many containers were lost while they held it. */
  losses = 0

  constructor(
    readonly block: Block,
    /** The first one's place in the block. */
    public row: number,
    public rows: number,
  ) {}

  get inputs(): Inputs {
    return this.block.inputs
  }

  get deadline(): number {
    return this.block.deadline
  }

  get expiresAt(): number {
    return this.block.over ? 0 : this.block.deadline
  }

  get wantsExtras(): boolean {
    return this.block.wantsExtras
  }

  /** The first `rows` rows, taken out of this one. */
  take(rows: number): Slice {
    const first = new Slice(this.block, this.row, rows)
    first.losses = this.losses
    this.row += rows
    this.rows -= rows
    return first
  }
}
