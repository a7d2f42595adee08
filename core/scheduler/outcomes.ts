import { type ActorCaller, AnyActorHandle } from '../api/actor-handle.js'
import {
  ActorDiedError,
  count,
  describe,
  type GymnuraError,
  SerializationError,
  stackOf,
  TaskCancelledError,
  TaskError,
  TaskTimeoutError,
  WorkerCrashedError,
} from '../api/errors.js'
import { FAILED, READY } from '../api/object-ref.js'
import type { Directory } from '../control/directory.js'
import { Decoder } from '../store/decoder.js'
import { tooDeep } from '../store/refusal.js'
import { CREATE_ACTOR, REFUSED, RESULT, STARTED, STDERR, STDOUT } from '../worker/layout.js'
import type { LinkOwner, WorkerLink } from '../worker/link.js'
import type { Actor, ActorTable } from './actors.js'
import type { Task } from './task.js'

export interface OutcomeSetup {
  readonly directory: Directory
  readonly actors: ActorTable
  /** Who carries out the calls of handles that come back in results. */
  readonly caller: ActorCaller
  requeue(tasks: readonly Task[]): void
  gone(link: WorkerLink, ranBefore: boolean, error: unknown): void
}

/** What becomes of tasks: replies, deaths of workers, and the errors that tell of them. Every task ends here, once. */
export class Outcomes implements LinkOwner {
  private reading: WorkerLink | undefined
  private readonly decoder: Decoder

  constructor(private readonly setup: OutcomeSetup) {
    this.decoder = new Decoder({
      handle: (id) => this.reading?.takeHandle(id),
      ref: (id) => setup.directory.find(id),
      actor: (id, className, methodNames) => new AnyActorHandle(id, className, methodNames, setup.caller),
    })
  }

  replied(link: WorkerLink, kind: number, task: Task | undefined, buffer: Buffer, view: DataView, at: number): void {
    if (kind === STDOUT || kind === STDERR) {
      print(link.name, kind, this.read(link, buffer, view, at))
      return
    }
    if (task === undefined) return
    if (kind === STARTED) {
      this.startClock(link, task)
      return
    }
    let outcome = kind
    let value: unknown
    try {
      value = this.read(link, buffer, view, at)
    } catch (error) {
      outcome = REFUSED
      value = tooDeep(error)
    }
    if (outcome === RESULT) {
      this.settle(task, READY, value)
      return
    }
    this.fail(task, this.errorOf(link, outcome, task, value))
    if (task.kind === CREATE_ACTOR) this.constructionFailed(task, value)
  }

  private read(link: WorkerLink, buffer: Buffer, view: DataView, at: number): unknown {
    this.reading = link
    this.decoder.open(buffer, view, at)
    return this.decoder.section()
  }

  fail(task: Task, error: unknown): void {
    this.settle(task, FAILED, error)
  }

  private settle(task: Task, state: typeof READY | typeof FAILED, value: unknown): void {
    if (task.timer !== undefined) clearTimeout(task.timer)
    task.ref.settle(state, value)
    if (task.borrowed.length === 0) return
    const actor = this.setup.actors.withId(task.actorId)
    if (actor === undefined) this.setup.directory.drop(task.borrowed)
    else actor.borrowed.push(...task.borrowed)
  }

  private errorOf(link: WorkerLink, kind: number, task: Task, thrown: unknown): unknown {
    if (task.cancelled) return this.cancelled(task)
    if (kind !== REFUSED) {
      const shipped = task.definition
      const note = shipped?.source !== undefined && shipped.line === undefined ? ` (lines count from the beginning of ${shipped.name})` : ''
      return new TaskError(task.name, thrown, task.site.frames(), link.name, note)
    }
    if (thrown instanceof SerializationError) return new SerializationError(`${task.name}: ${thrown.message}`, { cause: thrown })
    return thrown
  }

  cancelled(task: Task): TaskCancelledError {
    return new TaskCancelledError(`${task.name} was cancelled`)
  }

  /** The task's own time limit counts from its start, not from its place in a queue. */
  private startClock(link: WorkerLink, task: Task): void {
    clearTimeout(task.timer)
    task.timer = setTimeout(() => {
      // It may be over, and this thread not have heard of it yet.
      link.drain()
      if (task.link !== link) return
      task.endedBy = 'timeout'
      link.terminate()
    }, task.timeoutMs)
    task.timer.unref()
  }

  exited(link: WorkerLink, error: unknown, exitCode: number): void {
    const tasks = link.unanswered()
    const begun = tasks.filter((task) => link.begun(task))
    const how = error === undefined ? `exit code ${exitCode}` : withCode(error)
    const actor = this.setup.actors.on(link)
    if (actor !== undefined) this.actorDied(actor, `lost its thread (${how})`, error)
    else {
      const again: Task[] = []
      for (const task of tasks) {
        const running = begun.includes(task)
        link.recover(task)
        link.free(task)
        if (!running || this.mayRetry(link, task)) again.push(task)
        else this.fail(task, this.crashed(link, task, how, error))
      }
      this.setup.requeue(again)
    }
    this.setup.gone(link, link.hasStarted || begun.length > 0, error)
  }

  private mayRetry(link: WorkerLink, task: Task): boolean {
    clearTimeout(task.timer)
    if (task.endedBy !== undefined || task.cancelled) return false
    // A thread that was ended because of another task, which was over just then: this one is not to blame.
    return link.condemned || task.attempt++ < task.maxRetries
  }

  private crashed(link: WorkerLink, task: Task, how: string, cause: unknown): GymnuraError {
    if (task.endedBy === 'timeout')
      return new TaskTimeoutError(`${task.name} ran longer than its timeoutMs of ${task.timeoutMs}; its worker was ended`)
    if (task.cancelled) return this.cancelled(task)
    const runs = task.maxRetries > 0 ? `, as did the workers of ${count(task.maxRetries, 'run')} before` : ''
    const error = new WorkerCrashedError(`${task.name}: ${link.name} died while running it (${how})${runs}`, { cause })
    error.stack = `WorkerCrashedError: ${error.message}\n${task.site.frames()}`
    return error
  }

  /** The constructor threw, or one of its arguments failed. */
  constructionFailed(task: Task, cause: unknown): void {
    const actor = this.setup.actors.withId(task.actorId)
    if (actor === undefined) return
    this.actorDied(actor, `could not be constructed: ${withCode(cause)}`, cause, task.site.frames())
    actor.link.terminate()
  }

  /** Ends an actor for everyone: its open and waiting calls, and all later ones, fail with one error. */
  actorDied(actor: Actor, why: string, cause?: unknown, frames?: string): void {
    const death = new ActorDiedError(`actor ${actor.label} ${why}`, cause === undefined ? undefined : { cause })
    if (frames !== undefined) death.stack = `ActorDiedError: ${death.message}\n${frames}\n  constructor threw:\n${stackOf(cause)}`
    const open = [...actor.link.unanswered(), ...actor.waiting.clear()]
    this.setup.actors.remove(actor, death)
    for (const task of actor.link.unanswered()) actor.link.free(task)
    for (const task of open) this.fail(task, death)
    this.setup.directory.drop(actor.borrowed)
  }
}

/** What was thrown, with its code: that is how node tells why a thread died. */
function withCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` [${error.code}]` : ''
  return `${describe(error)}${code}`
}

/** A worker's output, each line behind its name. */
function print(name: string, kind: number, text: unknown): void {
  const stream = kind === STDOUT ? process.stdout : process.stderr
  const whole = String(text)
  const lines = whole.endsWith('\n') ? whole.slice(0, -1) : whole
  stream.write(`${lines.replaceAll(/^/gm, `(${name}) `)}\n`)
}
