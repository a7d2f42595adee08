import { type BatchReply, ITEM_OK, type ModelDescription } from '../containers/container.js'
import { ServeError } from '../errors.js'
import type { Inputs } from '../query/inputs.js'
import type { Waiting } from './deadline-queue.js'

/** What a model said about a block of rows. */
export interface BlockResult {
  /** `[size, outputSize]` row-major. */
  readonly outputs: Float32Array | Int32Array
  /** What the model gives besides, by name, `[size, …]` row-major; empty unless it was asked for. */
  readonly extras: ReadonlyMap<string, Float32Array>
}

/**
 * Many rows that one caller asks about: queued as one item, cut into as many batches as the controller's sizes want, answered together
 * (or failed together). Its numbers are copied as arrays, never looked at one by one, so that a row costs tens of nanoseconds.
 * Blocks pass the cache by.
 */
export class Block {
  /** Answered, failed or late: what is left of it in the queue is not evaluated any more. */
  over = false
  readonly #outputs: Float32Array | Int32Array
  readonly #extras = new Map<string, Float32Array>()
  readonly #outputSize: number
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
    this.#outputSize = description.outputSize
    this.#left = size
    this.#outputs = new (description.outputType === 'integer' ? Int32Array : Float32Array)(size * description.outputSize)
    if (wantsExtras)
      for (const [name, width] of Object.entries(description.extras ?? {})) this.#extras.set(name, new Float32Array(size * width))
    const withinMs = Math.max(0, deadline - performance.now())
    this.#late = setTimeout(() => {
      this.#end(null, new ServeError('MODEL_LATE', `${id} did not answer ${size} rows within ${Math.round(withinMs)} ms`))
    }, withinMs)
  }

  /** The rows from `row` on are those from `from` on in the reply. */
  answered(row: number, rows: number, reply: BatchReply, from: number): void {
    if (this.over) return
    const size = this.#outputSize
    const outputs = reply.outputs.subarray(from * size, (from + rows) * size)
    const wrong = firstFailure(reply, from, rows) ?? firstNotFinite(outputs, size)
    if (wrong !== undefined) {
      this.failed(`row ${row + wrong.row}: ${wrong.reason}`)
      return
    }
    this.#outputs.set(outputs, row * size)
    let extra = 0
    for (const values of this.#extras.values()) {
      const width = values.length / this.inputs.size
      values.set(reply.extras![extra++]!.subarray(from * width, (from + rows) * width), row * width)
    }
    this.#left -= rows
    if (this.#left === 0) this.#end({ outputs: this.#outputs, extras: this.#extras })
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

function firstNotFinite(outputs: Float32Array | Int32Array, size: number): Wrong | undefined {
  if (outputs instanceof Int32Array) return undefined
  for (let i = 0; i < outputs.length; i++) {
    if (!Number.isFinite(outputs[i])) return { row: Math.floor(i / size), reason: 'it answered a number that is not finite' }
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
