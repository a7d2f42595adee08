import { type OpenTask, runAs } from './context.js'
import type { Clock, ReplySender } from './reply-sender.js'

/** A generator runs ahead of its consumer by so many values. */
export const STREAM_WINDOW = 64

interface Stream {
  /** So many values have been read, as far as known here. */
  read: number
  /** There may be room. */
  resume: () => void
  aborted: () => void
}

/** A value could not travel, and its refusal was the task's answer: there is no other. */
export class Answered extends Error {}

/** The producing side of streaming tasks: sends each value as it comes, and stops while the consumer is too far behind. */
export class Streams {
  private readonly open = new Map<number, Stream>()

  constructor(
    private readonly clock: Clock,
    private readonly now: () => number,
    /** A task begins or ends to wait: its CPU is others' meanwhile, or the consumer might need the one it keeps. */
    private readonly wait: (task: OpenTask, by: 1 | -1) => void,
    /** Called before a value is sent, which waits for it. */
    private readonly before: () => Promise<void> | undefined,
  ) {}

  /** The consumer has read so many values in all. */
  credit(taskId: number, read: number): void {
    const stream = this.open.get(taskId)
    if (stream === undefined) return
    stream.read = Math.max(stream.read, read)
    stream.resume()
  }

  /** Sends all values of a generator; resolves with how many there were. */
  async run(replies: ReplySender, slot: number, taskId: number, source: unknown, task: OpenTask): Promise<number> {
    const values = iterate(await source)
    const stream: Stream = { read: 0, resume: () => {}, aborted: () => {} }
    this.open.set(taskId, stream)
    const aborted = () => {
      stream.resume()
      stream.aborted()
    }
    task.signal.addEventListener('abort', aborted, { once: true })
    try {
      for (let count = 0; ; count++) {
        while (count - stream.read >= STREAM_WINDOW && !task.signal.aborted) await this.pause(stream, task)
        const next = task.signal.aborted ? undefined : await this.next(stream, () => runAs(task, () => values.next()))
        if (next === undefined) {
          // Its `finally` blocks run when it comes to them; nobody waits for that.
          runAs(task, () => values.return?.())?.catch(() => {})
          throw new DOMException('the streaming task was cancelled', 'AbortError')
        }
        if (next.done) return count
        await this.before()
        this.clock.beganMs = this.clock.endedMs = this.now()
        if (!replies.yielded(slot, next.value)) {
          runAs(task, () => values.return?.())?.catch(() => {})
          throw new Answered()
        }
      }
    } finally {
      this.open.delete(taskId)
    }
  }

  private async pause(stream: Stream, task: OpenTask): Promise<void> {
    this.wait(task, 1)
    await new Promise<void>((resolve) => (stream.resume = resolve))
    stream.resume = () => {}
    this.wait(task, -1)
  }

  /** The next value; undefined when the task is cancelled: a generator that waits for something does not hold up its own end. */
  private next(stream: Stream, next: () => Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown> | undefined> {
    return new Promise((resolve, reject) => {
      stream.aborted = () => resolve(undefined)
      next().then(resolve, reject)
    })
  }
}

type AnyIterator = { next(): unknown; return?(): unknown }

function iterate(source: unknown): { next(): Promise<IteratorResult<unknown>>; return?(): Promise<unknown> } {
  const object = Object(source) as Partial<Record<symbol, () => AnyIterator>>
  const make = object[Symbol.asyncIterator] ?? object[Symbol.iterator]
  if (make === undefined || typeof source === 'string') {
    throw new TypeError(`numReturns: 'streaming' needs a generator function or one that returns an iterable; it returned ${typeof source}`)
  }
  const iterator = make.call(source)
  return {
    next: async () => (await iterator.next()) as IteratorResult<unknown>,
    return: async () => iterator.return?.(),
  }
}
