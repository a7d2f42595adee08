import { engine } from '../engine/current.js'
import type { OpenTask } from '../worker/context.js'
import { count, GetTimeoutError, invalid } from './errors.js'
import { FAILED, ObjectRef, PENDING, READY, type Waiter } from './object-ref.js'
import { checkOptions } from './options.js'

type Values<R extends readonly ObjectRef[]> = { -readonly [K in keyof R]: R[K] extends ObjectRef<infer T> ? T : never }

/**
 * Stores a value and returns its ref. It is taken as it is now; what happens to it later does not show.
 *
 * A typed array of 16 KiB or more is copied once, into shared memory, and every reader gets a view of that one copy: `get`
 * here, and each task that takes the ref. So it is read-only by convention; whoever writes into it writes into everybody's,
 * without an order. Copy it first (`array.slice()`). Smaller arrays and all other values are copied for each reader.
 *
 * The memory comes free when the ref and all views have been collected, and sooner if room is needed: all threads' large arrays
 * together keep to `objectStoreBytes`, and those that were not used for the longest time are written to disk until they are. So
 * a later `get` may give another copy of what lies around them. What cannot go to disk is told by ObjectStoreFullError.
 *
 * Objects and arrays are each thread's own copy and not frozen: freezing costs as much as reading them.
 */
export function put<T>(value: T): ObjectRef<T> {
  return engine().put(value) as ObjectRef<T>
}

/**
 * The value of a ref, or the values of a list, once they are there. Throws what the task failed with; of a list, the first
 * failure. After `timeoutMs` throws GetTimeoutError. While it waits the process stays alive.
 */
export function get<T>(ref: ObjectRef<T>, options?: { timeoutMs?: number }): Promise<T>
export function get<const R extends readonly ObjectRef[]>(refs: R, options?: { timeoutMs?: number }): Promise<Values<R>>
export async function get(refs: ObjectRef | readonly ObjectRef[], options?: { timeoutMs?: number }): Promise<unknown> {
  if (options !== undefined) checkOptions('get', 'get', options)
  const timeoutMs = options?.timeoutMs
  if (refs instanceof ObjectRef) {
    // It may have left memory, and take time to come back.
    while (refs.state === PENDING || (refs.state === READY && !refs.bring())) await new Arrival([refs], 1, timeoutMs, 'get').promise
    return readOrThrow(refs)
  }
  checkRefs('get', refs)
  // The caller may change its list while we wait.
  const all = refs.slice()
  for (;;) {
    const missing = all.filter((ref) => ref.state === PENDING)
    if (missing.length > 0 && !all.some((ref) => ref.state === FAILED)) {
      await new Arrival(missing, missing.length, timeoutMs, 'get', all.length).promise
    }
    const failed = all.find((ref) => ref.state === FAILED)
    if (failed !== undefined) throw failed.value
    const values = readAll(all)
    if (values !== undefined) return values
  }
}

/**
 * Waits until `numReturns` (default 1) of the refs are ready or failed, or `timeoutMs` has passed, and splits them: at most
 * `numReturns` ready ones, and all others. Both lists keep the order of the input. Failures are not thrown here. Of no refs it gives
 * two empty lists at once, as Ray does.
 */
export async function wait<T>(
  list: readonly ObjectRef<T>[],
  options: { numReturns?: number; timeoutMs?: number } = {},
): Promise<[ready: ObjectRef<T>[], pending: ObjectRef<T>[]]> {
  checkOptions('wait', 'wait', options)
  const { numReturns = 1, timeoutMs } = options
  if (!Array.isArray(list)) checkRefs('wait', list)
  if (list.length === 0) return [[], []]
  if (numReturns > list.length)
    throw invalid(`wait: numReturns is ${numReturns}, but there ${list.length === 1 ? 'is' : 'are'} only ${count(list.length, 'ref')}`)
  const ready: ObjectRef<T>[] = []
  // The caller may change its list while we wait, so this is a copy too.
  const rest: ObjectRef<T>[] = new Array(list.length - numReturns)
  if (divide(list, numReturns, ready, rest)) return [ready, rest]
  const refs = list.slice()
  engine().poll()
  const missing = numReturns - countSettled(refs, numReturns)
  if (missing > 0 && timeoutMs !== 0) {
    const pending = refs.filter((ref) => ref.state === PENDING)
    await new Arrival(pending, missing, timeoutMs, 'wait').promise
  }
  const found: ObjectRef<T>[] = []
  const others: ObjectRef<T>[] = []
  for (const ref of refs) (ref.state !== PENDING && found.length < numReturns ? found : others).push(ref)
  return [found, others]
}

let lastMark = 0

/**
 * Splits a list into `wanted` settled refs and all others; false if there are not so many. Checks it on the way: programs
 * wait for one of a thousand refs a thousand times.
 */
function divide<T>(list: readonly ObjectRef<T>[], wanted: number, ready: ObjectRef<T>[], rest: ObjectRef<T>[]): boolean {
  const mark = ++lastMark
  const { length } = list
  let found = 0
  for (let i = 0; i < length; i++) {
    const ref = list[i]!
    if (!(ref instanceof ObjectRef)) checkRefs('wait', list)
    if (ref.mark === mark) throw invalid('wait: the same ref is in the list twice')
    ref.mark = mark
    if (found < wanted && ref.state !== PENDING) ready[found++] = ref
    else if (i - found < rest.length) rest[i - found] = ref
  }
  return found === wanted
}

/** A timeout's message names so many of the tasks. */
const NAMES_SHOWN = 3

/** Waits for `missing` of some pending refs. A `get` also ends with the first failure; only a `get` fails by time. */
class Arrival implements Waiter {
  readonly promise: Promise<void>
  private resolve!: () => void
  private reject!: (error: unknown) => void
  private timer: NodeJS.Timeout | undefined
  private readonly engine = engine()
  private readonly waiter: OpenTask | undefined

  constructor(
    private readonly refs: readonly ObjectRef[],
    private missing: number,
    timeoutMs: number | undefined,
    private readonly call: 'get' | 'wait',
    /** How many were asked for, those that are there included. */
    private readonly asked = refs.length,
  ) {
    this.waiter = this.engine.hold()
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    for (const ref of refs) ref.addWaiter(this)
    if (timeoutMs === 0) {
      this.engine.poll()
      if (this.missing > 0) this.timeOut(0)
    } else if (timeoutMs !== undefined) this.timer = setTimeout(() => this.timeOut(timeoutMs), timeoutMs)
  }

  settled(ref: ObjectRef): void {
    if (this.missing <= 0) return
    if (--this.missing === 0 || (this.call === 'get' && ref.state === FAILED)) {
      this.end()
      this.resolve()
    }
  }

  private timeOut(timeoutMs: number): void {
    if (this.missing <= 0) return
    this.end()
    if (this.call === 'wait') this.resolve()
    else this.reject(new GetTimeoutError(this.tooLate(timeoutMs)))
  }

  private tooLate(timeoutMs: number): string {
    const names = this.refs.flatMap((ref) => (ref.state === PENDING ? [ref.origin?.name ?? 'a task'] : []))
    if (this.asked === 1) return `get: the value of ${names[0]} was not there after ${timeoutMs} ms`
    const there = this.asked - names.length
    const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : ''
    const shown = names.slice(0, NAMES_SHOWN).join(', ')
    return `get: ${there} of ${this.asked} values ${there === 1 ? 'was' : 'were'} there after ${timeoutMs} ms; missing: ${shown}${more}`
  }

  private end(): void {
    // Refs that may never settle must not collect waiters.
    if (this.missing > 0) for (const ref of this.refs) if (ref.state === PENDING) ref.removeWaiter(this)
    this.missing = 0
    clearTimeout(this.timer)
    this.engine.release(this.waiter)
  }
}

/** Undefined if one has to be brought back first: all that have to be are on their way then. */
function readAll(refs: readonly ObjectRef[]): unknown[] | undefined {
  let here = true
  const values = refs.map((ref) => {
    if (ref.absent !== undefined && !ref.bring()) here = false
    return here ? ref.read() : undefined
  })
  return here ? values : undefined
}

function readOrThrow(ref: ObjectRef): unknown {
  if (ref.state === FAILED) throw ref.value
  return ref.read()
}

function countSettled(refs: readonly ObjectRef[], enough: number): number {
  let count = 0
  for (const ref of refs) if (ref.state !== PENDING && ++count === enough) break
  return count
}

function checkRefs(caller: string, refs: unknown): asserts refs is readonly ObjectRef[] {
  if (!Array.isArray(refs)) throw invalid(`${caller}: expects an ObjectRef or a list of them, not ${refs === null ? 'null' : typeof refs}`)
  const at = refs.findIndex((ref) => !(ref instanceof ObjectRef))
  if (at >= 0) throw invalid(`${caller}: refs[${at}] is not an ObjectRef but ${refs[at] === null ? 'null' : typeof refs[at]}`)
}
