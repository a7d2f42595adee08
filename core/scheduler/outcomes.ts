import {
  ActorDiedError,
  count,
  describe,
  type GymnuraError,
  invalid,
  ObjectStoreFullError,
  SerializationError,
  TaskCancelledError,
  TaskError,
  TaskTimeoutError,
  WorkerCrashedError,
} from '../api/errors.js'
import { FAILED, type ObjectRef, READY, type Stored } from '../api/object-ref.js'
import type { Borrowed, RefBook } from '../control/ref-book.js'
import { changeable, type Values } from '../engine/values.js'
import { Decoder } from '../store/decoder.js'
import { isCopy } from '../store/handles.js'
import type { Lineage } from '../store/large-value.js'
import { tooDeep } from '../store/refusal.js'
import { PARKED, REFUSED, RESULT, STDERR, STDOUT, THROWN, UNPARKED, YIELDED } from '../worker/layout.js'
import type { Link, LinkOwner, Reply } from '../worker/link.js'
import type { Task } from './task.js'

const none: readonly never[] = []

export interface OutcomeSetup {
  readonly book: RefBook
  readonly values: Values
  /** How a task's large result is made again. Called while the task is where it was sent. */
  lineageOf(task: Task): Lineage | undefined
  /** Takes an answered task out of where it was sent. */
  free(task: Task): void
  /** Runs a task again that threw. */
  again(task: Task, link: Link, reply: Reply, error: unknown): void
  over(task: Task, worker: Link | undefined, reply: Reply | undefined, error: unknown): void
  /** `taskId`: of the task that wrote it, or 0. */
  output(link: Link, kind: typeof STDOUT | typeof STDERR, text: string, taskId: number): void
}

/** What becomes of tasks: replies, and the errors that tell of them. Every task ends here, once. */
export class Outcomes implements LinkOwner {
  private reading: Link | undefined
  /** Large arrays have come with the reply that is being read, or shared memory of the program's. */
  private large = false
  private named = false
  /** Refs and handles in it, in their order. */
  private met: Borrowed[] = []
  private readonly decoder: Decoder

  constructor(private readonly setup: OutcomeSetup) {
    const { book } = setup
    this.decoder = new Decoder({
      handle: (id) => {
        const object = this.reading?.takeHandle(id)
        if (object !== undefined && isCopy(object)) this.large = true
        this.named = true
        return object
      },
      ref: (id) => this.meet(book.ref(id, true)),
      actor: (id, shape) => this.meet(book.handle(id, shape, true)),
    })
  }

  private meet<Thing extends Borrowed>(thing: Thing): Thing {
    this.met.push(thing)
    return thing
  }

  replied(link: Link, task: Task | undefined, reply: Reply): void {
    const { kind } = reply
    if (kind === STDOUT || kind === STDERR) {
      this.setup.output(link, kind, String(this.read(link, reply)), reply.beganMs)
      return
    }
    if (task === undefined) return
    if (kind === PARKED || kind === UNPARKED) {
      task.parked = kind === PARKED
      return
    }
    let outcome = kind
    let value: unknown
    try {
      value = this.read(link, reply)
    } catch (error) {
      outcome = REFUSED
      value = tooDeep(error)
    }
    // Not to keep them alive until the next reply.
    const refs = this.met
    if (refs.length > 0) this.met = []
    if (kind === YIELDED) {
      if (outcome === YIELDED) this.yielded(task, value, this.storedAs(reply, value, refs))
      return
    }
    if (outcome === THROWN && !task.cancelled && retries(task, value)) {
      this.setup.again(task, link, reply, value)
      return
    }
    const lineage = this.large && outcome === RESULT ? this.setup.lineageOf(task) : undefined
    // Before its memory is given back.
    const stored = outcome === RESULT ? this.storedAs(reply, value, refs) : undefined
    this.setup.free(task)
    if (outcome === RESULT) this.succeed(task, value, link, reply, stored, lineage)
    else this.fail(task, this.errorOf(link.name, outcome, task, value), link, reply)
  }

  /** A streaming task has made a value; `stored` as for `succeed`. */
  yielded(task: Task, value: unknown, stored?: Stored): void {
    task.stream?.push(READY, value, changeable(value) ? (ref) => this.keep(task, ref, value, stored) : undefined)
  }

  private read(link: Link, { buffer, view, at }: Reply): unknown {
    this.reading = link
    this.large = this.named = false
    this.decoder.open(buffer, view, at)
    return this.decoder.section()
  }

  /** What is kept of the value that was read last, so that its readers cannot change it; undefined: nothing, or it has to be encoded anew. */
  private storedAs({ buffer, at }: Reply, value: unknown, refs: readonly Borrowed[]): Stored | undefined {
    if (!changeable(value) || this.named) return undefined
    const end = this.decoder.position
    // What did not fit into the ring lies in memory that is ours alone.
    const bytes = at === 0 ? buffer.subarray(0, end) : Uint8Array.prototype.slice.call(buffer, at, end)
    return { bytes, attachments: none, refs: refs.length > 0 ? refs : none }
  }

  /** `stored`: the value's bytes; without them a value that its readers could change is encoded again. */
  succeed(task: Task, value: unknown, link?: Link, reply?: Reply, stored?: Stored, lineage?: Lineage): void {
    if (task.more === undefined) {
      this.end(task, link, reply, undefined)
      if (changeable(value)) this.keep(task, task.ref, value, stored, lineage)
      task.ref.settle(READY, value)
      task.stream?.end()
      return
    }
    const refs: readonly ObjectRef[] = [task.ref, ...task.more]
    if (!Array.isArray(value) || value.length !== refs.length) {
      const given = Array.isArray(value) ? `an array of ${value.length}` : typeof value
      this.fail(
        task,
        invalid(`${task.name}: numReturns is ${refs.length}, so it must return an array of ${refs.length} values, not ${given}`),
        link,
        reply,
      )
      return
    }
    this.end(task, link, reply, undefined)
    for (const [index, ref] of refs.entries()) {
      this.keep(task, ref, value[index], undefined, lineage, index)
      ref.settle(READY, value[index])
    }
  }

  /** A value that the store has no room for fails its ref. */
  private keep(task: Task, ref: ObjectRef, value: unknown, stored?: Stored, lineage?: Lineage, index = 0): void {
    try {
      if (stored !== undefined) this.setup.values.hold(ref, stored)
      else this.setup.values.keep(ref, value, lineage, index)
    } catch (error) {
      const full = error instanceof ObjectStoreFullError
      ref.settle(FAILED, full ? new ObjectStoreFullError(`the result of ${task.name}: ${error.message}`, { cause: error }) : error)
    }
  }

  fail(task: Task, error: unknown, link?: Link, reply?: Reply): void {
    this.end(task, link, reply, error)
    task.ref.settle(FAILED, error)
    if (task.more !== undefined) for (const ref of task.more) ref.settle(FAILED, error)
    task.stream?.push(FAILED, error)
    task.stream?.end()
  }

  private end(task: Task, link: Link | undefined, reply: Reply | undefined, error: unknown): void {
    this.setup.over(task, link, reply, error)
    if (task.borrowed.length > 0) this.setup.book.unshare(task.borrowed)
  }

  private errorOf(worker: string, kind: number, task: Task, thrown: unknown): unknown {
    if (task.cancelled) return this.cancelled(task)
    if (kind !== REFUSED) {
      const shipped = task.definition
      const note = shipped?.source !== undefined && shipped.line === undefined ? ` (lines count from the beginning of ${shipped.name})` : ''
      return new TaskError(task.name, thrown, task.site.frames(), worker, note)
    }
    if (thrown instanceof SerializationError) return new SerializationError(`${task.name}: ${thrown.message}`, { cause: thrown })
    return thrown
  }

  cancelled(task: Task): TaskCancelledError {
    return new TaskCancelledError(`${task.name} was cancelled`)
  }

  /** Its worker died while running it, and it is not run again. */
  crashed(worker: string, task: Task, how: string, cause: unknown): GymnuraError {
    if (task.endedBy === 'timeout') return new TaskTimeoutError(`${task.name} ran longer than its timeout; its worker was ended`)
    if (task.cancelled) return this.cancelled(task)
    const runs = task.attempt > 1 ? `, as did the workers of ${count(task.attempt - 1, 'run')} before` : ''
    const error = new WorkerCrashedError(`${task.name}: ${worker} died while running it (${how})${runs}`, { cause })
    error.stack = `WorkerCrashedError: ${error.message}\n${task.site.frames()}`
    return error
  }
}

/** Whether a task that threw is to run again; counts the attempt. */
function retries(task: Task, error: unknown): boolean {
  const { retryExceptions } = task
  if (retryExceptions === undefined || retryExceptions === false) return false
  if (
    retryExceptions !== true &&
    !retryExceptions.some(
      (type) => (typeof type === 'function' && error instanceof type) || (error instanceof Error && error.name === type.name),
    )
  )
    return false
  return mayRetry(task)
}

/** Counts an attempt; −1 stands for any number of them. */
export function mayRetry(task: Task): boolean {
  return task.attempt++ < task.maxRetries || task.maxRetries === -1
}

/** `stack`: where it was made and what went wrong there, if it died of that. */
export function actorDied(message: string, cause: unknown, stack: string | undefined): ActorDiedError {
  const death = new ActorDiedError(message, cause === undefined ? undefined : { cause })
  death.stack = stack ?? ''
  return death
}

/** What a call fails with whose actor is dead. */
export function diedUnder(task: Task, death: ActorDiedError): ActorDiedError {
  const error = new ActorDiedError(`${task.name}: ${death.message}`, death.cause === undefined ? undefined : { cause: death.cause })
  error.stack = `ActorDiedError: ${error.message}\n${task.site.frames()}${death.stack === '' ? '' : `\n  ${death.stack}`}`
  return error
}

/** What was thrown, with its code: that is how node tells why a thread died. */
export function withCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` [${error.code}]` : ''
  return `${describe(error)}${code}`
}
