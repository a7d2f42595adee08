import { type FAILED, type ObjectRef, READY } from './object-ref.js'

/**
 * What a task with `numReturns: 'streaming'` gives: the refs of its values, one after another, as they are made. The
 * generator runs ahead of the reader by a window of values and then waits. If it throws, the last ref fails with that error.
 *
 *     for await (const part of stream.options({ numReturns: 'streaming' }).remote(10)) console.log(await get(part))
 */
export class RefStream<T = unknown> implements AsyncIterableIterator<ObjectRef<T>> {
  /** @internal */ produced = 0
  /** @internal Values that a run before this one has handed over already. */ skip = 0
  private readonly ready: ObjectRef<T>[] = []
  private readonly readers: ((result: IteratorResult<ObjectRef<T>>) => void)[] = []
  private over = false

  /** @internal `taken`: a value was read; `wait`: somebody waits, and then not any more; `stop`: nobody will read any more. */
  constructor(private readonly hooks: { taken(count: number): void; wait(on: boolean): void; stop(): void; mint(): ObjectRef }) {}

  /** @internal */
  push(state: typeof READY | typeof FAILED, value: unknown): void {
    if (state === READY && this.skip > 0) {
      this.skip--
      this.hooks.taken(1)
      return
    }
    const ref = this.hooks.mint() as ObjectRef<T>
    ref.settle(state, value)
    if (state === READY) this.produced++
    const reader = this.readers.shift()
    if (reader === undefined) {
      this.ready.push(ref)
      return
    }
    this.hooks.wait(false)
    if (state === READY) this.hooks.taken(1)
    reader({ done: false, value: ref })
  }

  /** @internal */
  end(): void {
    this.over = true
    for (const reader of this.readers.splice(0)) {
      this.hooks.wait(false)
      reader({ done: true, value: undefined })
    }
  }

  next(): Promise<IteratorResult<ObjectRef<T>>> {
    const ref = this.ready.shift()
    if (ref !== undefined) {
      if (!this.over) this.hooks.taken(1)
      return Promise.resolve({ done: false, value: ref })
    }
    if (this.over) return Promise.resolve({ done: true, value: undefined })
    this.hooks.wait(true)
    return new Promise((resolve) => this.readers.push(resolve))
  }

  /** Ends the stream early: the generator is cancelled. */
  return(): Promise<IteratorResult<ObjectRef<T>>> {
    if (!this.over) {
      this.hooks.stop()
      this.end()
    }
    this.ready.length = 0
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
