/** What the soak runs on workers. All of it is pure or idempotent, so a run that was killed and made again gives the same answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ActorHandle, actor, get, type ObjectRef, put, remote } from '../../../core/index.js'

const module = import.meta.url
/** However often a worker dies under it. */
const always = { module, maxRetries: -1 }

export function squareOf(x: number): number {
  return x * x
}

export async function afterPause(x: number, ms: number): Promise<number> {
  await sleep(ms)
  return x + 1
}

/** The sum of low … high − 1, by tasks that start tasks. */
export async function sumBetween(low: number, high: number): Promise<number> {
  if (high - low <= 4) {
    let sum = 0
    for (let i = low; i < high; i++) sum += i
    return sum
  }
  const middle = (low + high) >> 1
  const [left, right] = await get([nestedSum.remote(low, middle), nestedSum.remote(middle, high)])
  return left + right
}

/** A large result: shared memory of its own. */
export function addTo(array: Float64Array, x: number): Float64Array {
  return array.map((value) => value + x)
}

export function echoOf<T>(value: T): T {
  return value
}

/** Refs made inside a task, which outlive it: of a value it stored, and of a task it started. */
export async function refsInside(x: number, length: number): Promise<{ stored: ObjectRef<Float64Array>; started: ObjectRef<number> }> {
  return { stored: put(new Float64Array(length).fill(x)), started: square.remote(x) }
}

export async function* countUp(n: number): AsyncGenerator<number> {
  for (let i = 0; i < n; i++) {
    if (i % 16 === 0) await sleep(1)
    yield i
  }
}

export class Refusal extends Error {}

export function refuse(x: number): never {
  throw new Refusal(`no to ${x}`)
}

/** Tells its own calls' order. */
export class Sequence {
  private last = 0
  next(): number {
    return ++this.last
  }
}

type Entries = [batch: string, values: [index: number, value: number][]][]

/** Keeps what it was given, in batches, through restarts. Giving the same thing twice changes nothing. */
export class Ledger {
  private batches = new Map<string, Map<number, number>>()
  private restored = 0

  /** Returns how many the batch holds now. */
  add(batch: string, index: number, value: number): number {
    const values = this.batches.get(batch) ?? new Map<number, number>()
    this.batches.set(batch, values)
    values.set(index, value)
    return values.size
  }
  entries(batch: string): [index: number, value: number][] {
    return [...(this.batches.get(batch) ?? [])]
  }
  forget(batch: string): void {
    this.batches.delete(batch)
  }
  /** How often this actor came back with what it had. */
  restores(): number {
    return this.restored
  }
  saveState(): { restored: number; entries: Entries } {
    return { restored: this.restored, entries: [...this.batches].map(([batch, values]) => [batch, [...values]]) }
  }
  restoreState({ restored, entries }: { restored: number; entries: Entries }): void {
    this.restored = restored + 1
    this.batches = new Map(entries.map(([batch, values]) => [batch, new Map(values)]))
  }
}

/** An actor called from inside a task. */
export async function addAll(ledger: ActorHandle<Ledger>, batch: string, values: number[]): Promise<void> {
  await get(values.map((value, index) => ledger.add.remote(batch, index, value)))
}

export const square = remote(squareOf, always)
export const pause = remote(afterPause, always)
export const nestedSum = remote(sumBetween, always)
export const add = remote(addTo, always)
export const echo = remote(echoOf, always)
export const makeRefs = remote(refsInside, always)
export const stream = remote(countUp, { module, maxRetries: -1, numReturns: 'streaming' })
export const refusing = remote(refuse, always)
export const record = remote(addAll, always)
export const Sequences = actor(Sequence, { module, numCpus: 0 })
export const Ledgers = actor(Ledger, { module, numCpus: 0, maxRestarts: -1, maxTaskRetries: -1 })
