import { type OpenTask, runAs } from './context.js'
import type { Clock, ReplySender } from './reply-sender.js'

/** A generator runs ahead of its consumer by so many values. */
export const STREAM_WINDOW = 64

/** The producing side of streaming tasks: sends each value as it comes, and stops while the consumer is too far behind. */
export class Streams {
  private readonly open = new Map<number, { room: number; resume: (() => void) | undefined }>()

  constructor(
    private readonly clock: Clock,
    private readonly now: () => number,
    /** Called before a value is sent, which waits for it. */
    private readonly before: () => Promise<void> | undefined,
  ) {}

  credit(taskId: number, count: number): void {
    const stream = this.open.get(taskId)
    if (stream === undefined) return
    stream.room += count
    stream.resume?.()
  }

  /** Sends all values of a generator; resolves with how many there were. */
  async run(replies: ReplySender, slot: number, taskId: number, source: unknown, task: OpenTask): Promise<number> {
    const values = iterate(await source)
    const stream = { room: STREAM_WINDOW, resume: undefined as (() => void) | undefined }
    this.open.set(taskId, stream)
    let count = 0
    try {
      for (;;) {
        const next = await runAs(task, () => values.next())
        if (next.done) return count
        if (task.signal.aborted) {
          await values.return?.()
          throw new DOMException('the streaming task was cancelled', 'AbortError')
        }
        await this.before()
        this.clock.beganMs = this.clock.endedMs = this.now()
        if (!replies.yielded(slot, next.value)) return count
        count++
        stream.room--
        while (stream.room <= 0 && !task.signal.aborted) {
          await new Promise<void>((resolve) => {
            stream.resume = resolve
            task.signal.addEventListener('abort', () => resolve(), { once: true })
          })
        }
      }
    } finally {
      this.open.delete(taskId)
    }
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
