import { hexId } from '../api/object-ref.js'
import { type TaskRow, type TaskState, taskTypes } from './rows.js'

/** Columns of a record, and how many there are. The times and ids of one task share a cache line, so recording it touches two. */
const ID = 0
const ACTOR = 1
const WORKER = 2
const PARENT = 3
const CREATED = 4
const START = 5
const END = 6
const NUMBERS = 7
const NAME = 0
const KIND = 1
const ATTEMPT = 2
const WORDS = 3

/** Records are kept in blocks of so many: a ring grows without copying, which would take milliseconds at its full size. */
const BLOCK = 1024

/** Behind a block's words stands how many records its ring had got when the latest of the block was complete. */
const RECORDED = BLOCK * WORDS

export interface Block {
  readonly numbers: Float64Array
  readonly words: Uint32Array
}

/** The last `limit` records, in columns. Blocks are made as they are needed, and used round and round once all are there. */
export class Ring {
  /** Records since the start, those that were overwritten included. */
  recorded = 0
  private readonly blocks: Block[] = []
  /** Where the next record goes, and the block there. */
  private next = 0
  private blockStart = 0
  private blockEnd = 0
  private numbers: Float64Array = new Float64Array(0)
  private words: Uint32Array = new Uint32Array(0)

  constructor(
    private readonly limit: number,
    /** Blocks lie in shared memory, and are shown to it. */
    private readonly share: ((at: number, block: Block) => void) | undefined,
  ) {}

  /** Records a task; returns its place. */
  add(
    id: number,
    name: number,
    kind: number,
    actorId: number,
    worker: number,
    parentId: number,
    attempt: number,
    createdMs: number,
    startMs: number,
    endMs: number,
  ): number {
    if (this.next === this.blockEnd) this.turnToBlock(this.next === this.limit ? 0 : this.next)
    const place = this.next++
    this.recorded++
    const numbers = this.numbers
    const at = (place - this.blockStart) * NUMBERS
    numbers[at + ID] = id
    numbers[at + ACTOR] = actorId
    numbers[at + WORKER] = worker
    numbers[at + PARENT] = parentId
    numbers[at + CREATED] = createdMs
    numbers[at + START] = startMs
    numbers[at + END] = endMs
    const words = this.words
    const word = (place - this.blockStart) * WORDS
    words[word + NAME] = name
    words[word + KIND] = kind
    words[word + ATTEMPT] = attempt
    words[RECORDED] = this.recorded
    return place
  }

  private turnToBlock(start: number): void {
    this.next = start
    this.blockStart = start
    this.blockEnd = Math.min(start + BLOCK, this.limit)
    const at = start / BLOCK
    this.blocks[at] ??= this.newBlock(at)
    const block = this.blocks[at]
    this.numbers = block.numbers
    this.words = block.words
  }

  private newBlock(at: number): Block {
    const memory = (bytes: number) => (this.share === undefined ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes))
    const block = { numbers: new Float64Array(memory(8 * BLOCK * NUMBERS)), words: new Uint32Array(memory(4 * (BLOCK * WORDS + 1))) }
    this.share?.(at, block)
    return block
  }

  /** A block of another thread's ring. */
  adopt(at: number, block: Block): void {
    this.blocks[at] = block
  }

  /** That thread is gone: its blocks tell how far it came. */
  close(): void {
    this.recorded = this.blocks.reduce((most, { words }) => Math.max(most, words[RECORDED]!), 0)
    this.next = this.recorded % this.limit
  }

  /** Records what another ring has at a place. */
  copy(from: Ring, place: number, indices: readonly number[]): number {
    const { numbers, words } = from.blocks[Math.floor(place / BLOCK)]!
    const n = (place % BLOCK) * NUMBERS
    const w = (place % BLOCK) * WORDS
    return this.add(
      numbers[n + ID]!,
      indices[words[w + NAME]!]!,
      words[w + KIND]!,
      numbers[n + ACTOR]!,
      numbers[n + WORKER]!,
      numbers[n + PARENT]!,
      words[w + ATTEMPT]!,
      numbers[n + CREATED]!,
      numbers[n + START]!,
      numbers[n + END]!,
    )
  }

  /** How many are held. */
  get size(): number {
    return Math.min(this.recorded, this.limit)
  }

  /** The place of the nth held, 0 the oldest. */
  place(nth: number): number {
    return this.recorded > this.limit ? (this.next + nth) % this.limit : nth
  }

  row(place: number, names: readonly string[], state: TaskState): TaskRow {
    const { numbers, words } = this.blocks[Math.floor(place / BLOCK)]!
    const at = (place % BLOCK) * NUMBERS
    const word = (place % BLOCK) * WORDS
    return {
      taskId: hexId(numbers[at + ID]!),
      attemptNumber: words[word + ATTEMPT]!,
      name: names[words[word + NAME]!]!,
      state,
      type: taskTypes[words[word + KIND]!]!,
      actorId: idOrNull(numbers[at + ACTOR]!),
      workerId: idOrNull(numbers[at + WORKER]!),
      parentTaskId: idOrNull(numbers[at + PARENT]!),
      creationTimeMs: numbers[at + CREATED]!,
      startTimeMs: numbers[at + START]! || null,
      endTimeMs: numbers[at + END]!,
      errorType: null,
      errorMessage: null,
    }
  }
}

function idOrNull(id: number): string | null {
  return id === 0 ? null : hexId(id)
}
