import { type Block, Ring } from './history-ring.js'
import { type TaskCount, type TaskRow, type TaskState, taskTypes } from './rows.js'

const MAX_FINISHED = 100_000
const MAX_FAILED = 10_000
/** A program that gives every task a name of its own must not fill the memory with them: names beyond this many share one. */
export const MAX_NAMES = 10_000
const MANY_NAMES = `(more than ${MAX_NAMES} names)`
/** Messages are kept up to this length: some hold a whole input. */
const MAX_MESSAGE = 2000
const FIRST_COUNTS = 64

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

/** A copy of the beginning: a slice alone would keep the whole text in memory. */
function shortened(message: string): string {
  return message.length <= MAX_MESSAGE ? message : Buffer.from(`${message.slice(0, MAX_MESSAGE - 1)}…`, 'utf16le').toString('utf16le')
}
