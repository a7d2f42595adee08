import { hexId } from '../api/object-ref.js'
import { type TaskCount, type TaskRow, type TaskState, taskTypes } from './rows.js'

const MAX_FINISHED = 100_000
const MAX_FAILED = 10_000
/** A program that gives every task a name of its own must not fill the memory with them: names beyond this many share one. */
export const MAX_NAMES = 10_000
const MANY_NAMES = `(more than ${MAX_NAMES} names)`
/** Messages are kept up to this length: some hold a whole input. */
const MAX_MESSAGE = 2000
const FIRST_COUNTS = 64

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

interface Block {
  readonly numbers: Float64Array
  readonly words: Uint32Array
}

interface Failure {
  readonly type: string
  readonly message: string
  readonly finishedBefore: number
}

/** What another thread needs to go on with a history when the thread that keeps it is gone: memory that is shared with it, and texts. */
export type HistoryPart =
  | ({ readonly kind: 'block'; readonly failed: boolean; readonly at: number } & Block)
  | { readonly kind: 'counts'; readonly finished: Float64Array; readonly failed: Float64Array }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'failure'; readonly place: number; readonly failure: Failure }

/** The last `limit` records, in columns. Blocks are made as they are needed, and used round and round once all are there. */
class Ring {
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

/**
 * What became of the tasks of one thread: the last 100,000 that finished and, apart from them so that a flood of good ones
 * does not wash them away, the last 10,000 that failed; and how many there have ever been, by name.
 *
 * Recording a finished task allocates nothing and takes some ten nanoseconds. All ids are numbers; 0 stands for none
 * (no actor, never sent to a worker, started by the program itself), as does a start of 0 (it never ran).
 * `kind` is a place in `taskTypes`; times are milliseconds since the epoch.
 */
export class TaskHistory {
  private readonly finishedTasks: Ring
  private readonly failedTasks: Ring
  private readonly errors: Failure[] = []
  private readonly names: string[] = []
  private readonly indices = new Map<string, number>()
  /** Of name n and kind k at n × 3 + k. */
  private finishedCounts: Float64Array = new Float64Array(0)
  private failedCounts: Float64Array = new Float64Array(0)

  constructor(
    limits: { readonly finished?: number; readonly failed?: number } = {},
    /** Shows another thread what it needs to `take`. */
    private readonly share?: (part: HistoryPart) => void,
  ) {
    const blocks = (failed: boolean) => share && ((at: number, block: Block) => share({ kind: 'block', failed, at, ...block }))
    this.finishedTasks = new Ring(limits.finished ?? MAX_FINISHED, blocks(false))
    this.failedTasks = new Ring(limits.failed ?? MAX_FAILED, blocks(true))
  }

  /** A part of another thread's history; this object is that history as far as it is known here. */
  take(part: HistoryPart): void {
    if (part.kind === 'block') (part.failed ? this.failedTasks : this.finishedTasks).adopt(part.at, part)
    else if (part.kind === 'name') this.names.push(part.name)
    else if (part.kind === 'failure') this.errors[part.place] = part.failure
    else {
      this.finishedCounts = part.finished
      this.failedCounts = part.failed
    }
  }

  /** Adds the history of a thread that is gone, all parts of which were taken, behind this one's own. */
  absorb(left: TaskHistory): void {
    left.finishedTasks.close()
    left.failedTasks.close()
    const indices = left.names.map((name) => this.name(name))
    left.walk(
      (place) => this.finishedTasks.copy(left.finishedTasks, place, indices),
      (place, failure) => {
        const copied = this.failedTasks.copy(left.failedTasks, place, indices)
        this.errors[copied] = { ...failure, finishedBefore: this.finishedTasks.recorded }
      },
    )
    const kinds = taskTypes.length
    for (const [index, mine] of indices.entries()) {
      for (let kind = 0; kind < kinds; kind++) {
        this.finishedCounts[mine * kinds + kind]! += left.finishedCounts[index * kinds + kind]!
        this.failedCounts[mine * kinds + kind]! += left.failedCounts[index * kinds + kind]!
      }
    }
  }

  /** The index under which tasks of this name are recorded. Ask once for each function or method, not for each task. */
  name(text: string): number {
    const known = this.indices.get(text)
    if (known !== undefined) return known
    if (this.names.length > MAX_NAMES) return MAX_NAMES
    const index = this.names.length
    const shared = index === MAX_NAMES
    this.names.push(shared ? MANY_NAMES : text)
    if (!shared) this.indices.set(text, index)
    this.share?.({ kind: 'name', name: this.names[index]! })
    if (this.finishedCounts.length < this.names.length * taskTypes.length) this.growCounts()
    return index
  }

  private growCounts(): void {
    const { finishedCounts, failedCounts } = this
    const length = Math.max(FIRST_COUNTS, 2 * finishedCounts.length)
    const memory = () => new Float64Array(this.share === undefined ? new ArrayBuffer(8 * length) : new SharedArrayBuffer(8 * length))
    this.finishedCounts = memory()
    this.finishedCounts.set(finishedCounts)
    this.failedCounts = memory()
    this.failedCounts.set(failedCounts)
    this.share?.({ kind: 'counts', finished: this.finishedCounts, failed: this.failedCounts })
  }

  finished(
    id: number,
    nameIndex: number,
    kind: number,
    actorId: number,
    worker: number,
    parentId: number,
    attempt: number,
    createdMs: number,
    startMs: number,
    endMs: number,
  ): void {
    this.finishedTasks.add(id, nameIndex, kind, actorId, worker, parentId, attempt, createdMs, startMs, endMs)
    this.finishedCounts[nameIndex * taskTypes.length + kind]!++
  }

  failed(
    id: number,
    nameIndex: number,
    kind: number,
    actorId: number,
    worker: number,
    parentId: number,
    attempt: number,
    createdMs: number,
    startMs: number,
    endMs: number,
    errorType: string,
    errorMessage: string,
  ): void {
    const place = this.failedTasks.add(id, nameIndex, kind, actorId, worker, parentId, attempt, createdMs, startMs, endMs)
    const failure = { type: errorType, message: shortened(errorMessage), finishedBefore: this.finishedTasks.recorded }
    this.errors[place] = failure
    this.share?.({ kind: 'failure', place, failure })
    this.failedCounts[nameIndex * taskTypes.length + kind]!++
  }

  /** How many rows there are. */
  get size(): number {
    return this.finishedTasks.size + this.failedTasks.size
  }

  /** What is held, in the order in which it ended, newest last; `newest`: only so many of the newest. */
  rows(newest = Number.POSITIVE_INFINITY): TaskRow[] {
    const { finishedTasks, failedTasks, names } = this
    const rows: TaskRow[] = []
    let skip = this.size - newest
    this.walk(
      (place) => {
        if (skip-- <= 0) rows.push(finishedTasks.row(place, names, 'FINISHED'))
      },
      (place, { type, message }) => {
        if (skip-- <= 0) rows.push({ ...failedTasks.row(place, names, 'FAILED'), errorType: type, errorMessage: message })
      },
    )
    return rows
  }

  /** All that are held, in the order in which they ended. */
  private walk(finished: (place: number) => void, failed: (place: number, failure: Failure) => void): void {
    const { finishedTasks, failedTasks, errors } = this
    const overwritten = finishedTasks.recorded - finishedTasks.size
    let next = 0
    const takeFinished = (until: number): void => {
      for (; next < until; next++) finished(finishedTasks.place(next))
    }
    for (let nth = 0; nth < failedTasks.size; nth++) {
      const place = failedTasks.place(nth)
      const failure = errors[place]
      // Its thread died between recording it and saying why.
      if (failure === undefined) continue
      takeFinished(failure.finishedBefore - overwritten)
      failed(place, failure)
    }
    takeFinished(finishedTasks.size)
  }

  /** All that have ended since the start, also those that are not held any more. */
  counts(): TaskCount[] {
    return [...this.countsOf(this.finishedCounts, 'FINISHED'), ...this.countsOf(this.failedCounts, 'FAILED')]
  }

  private countsOf(counts: Float64Array, state: TaskState): TaskCount[] {
    return this.names.flatMap((name, index) =>
      taskTypes
        .map((type, kind) => ({ name, type, state, count: counts[index * taskTypes.length + kind]! }))
        .filter(({ count }) => count > 0),
    )
  }
}

function idOrNull(id: number): string | null {
  return id === 0 ? null : hexId(id)
}

/** A copy of the beginning: a slice alone would keep the whole text in memory. */
function shortened(message: string): string {
  return message.length <= MAX_MESSAGE ? message : Buffer.from(`${message.slice(0, MAX_MESSAGE - 1)}…`, 'utf16le').toString('utf16le')
}
