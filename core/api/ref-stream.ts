import { type FAILED, type ObjectRef, READY } from './object-ref.js'

/** So many values are read before the producer is told. */
const READ_LOT = 16

export interface StreamHooks {
  mint(): ObjectRef
  /** So many values have been read in all. */
  read(count: number): void
  /** Somebody waits for a value, and then not any more. */
  wait(on: boolean): void
  /** Ends the generator: nobody will read any more, or `cancel` was called. */
  stop(force: boolean, recursive: boolean): void | Promise<void>
}

/**
 * What a task with `numReturns: 'streaming'` gives: the refs of its values, one after another, as they are made. The
 * generator runs ahead of the reader by a window of values and then waits. If it throws, the last ref fails with that error.
 *
 *     for await (const part of stream.options({ numReturns: 'streaming' }).remote(10)) console.log(await get(part))
 */
export class RefStream<T = unknown> implements AsyncIterableIterator<ObjectRef<T>> {
  private produced = 0
  /** Values that a run before this one has handed over already. */
  private skip = 0
  private read = 0
  private told = 0
  private ready: ObjectRef<T>[] = []
  private readonly readers: ((result: IteratorResult<ObjectRef<T>>) => void)[] = []
  private over = false

  /** @internal */
  constructor(private readonly hooks: StreamHooks) {}

  /** @internal Nothing more comes, or nobody wants it. */
  get ended(): boolean {
    return this.over
  }

  /** @internal */
  cancel(force: boolean, recursive: boolean): void | Promise<void> {
    return this.over ? undefined : this.hooks.stop(force, recursive)
  }

  /** @internal The generator begins anew: what it makes again is left out. */
  rewind(): void {
    this.skip = Math.max(this.skip, this.produced)
    this.produced = 0
  }

  /** @internal `keep` puts the value into the object store. */
  push(state: typeof READY | typeof FAILED, value: unknown, keep?: (ref: ObjectRef) => void): void {
    if (this.over) return
    if (state === READY) {
      this.produced++
      if (this.produced <= this.skip) {
        // The run before was told, this one was not.
        if (this.produced % READ_LOT === 0 || this.produced === this.skip) this.hooks.read(this.read)
        return
      }
    }
    const ref = this.hooks.mint() as ObjectRef<T>
    keep?.(ref)
    ref.settle(state, value)
    const reader = this.readers.shift()
    if (reader === undefined) {
      this.ready.push(ref)
      return
    }
    this.hooks.wait(false)
    if (state === READY) this.taken()
    reader({ done: false, value: ref })
  }

  private taken(): void {
    this.read++
    if (this.over || this.read - this.told < READ_LOT) return
    this.told = this.read
    this.hooks.read(this.read)
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
      this.taken()
      return Promise.resolve({ done: false, value: ref })
    }
    if (this.over) return Promise.resolve({ done: true, value: undefined })
    this.hooks.wait(true)
    return new Promise((resolve) => this.readers.push(resolve))
  }

  /** Ends the stream early: the generator is cancelled. */
  return(): Promise<IteratorResult<ObjectRef<T>>> {
    if (!this.over) {
      void this.hooks.stop(false, true)
      this.end()
      this.hooks.read(this.read)
    }
    this.ready = []
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
