import { describe, textOf } from '../api/errors.js'
import { hexId } from '../api/object-ref.js'
import { type HistoryPart, TaskHistory } from '../control/history.js'
import { type TaskCount, type TaskRow, type TaskState, taskTypes } from '../control/rows.js'
import type { Task } from '../scheduler/task.js'
import { CALL, TASK } from '../worker/layout.js'
import type { Link, Reply } from '../worker/link.js'
import type { ShippedFunction } from '../worker/messages.js'

/** Reading the clock costs as much as a few per cent of a task: so many submitted in one go have the same time. */
const SAME_TIME = 32

const { timeOrigin } = performance

/** A name, and the place that the history has for it. */
export interface Label {
  readonly name: string
  readonly index: number
}

/** What a worker says of a task that is open there: when it began, and whether it waits in `get`. */
export interface OpenFact {
  readonly id: number
  readonly beganMs: number
  readonly waits: boolean
}

/** A task under way, as its submitter sees it; `worker` is 0 while it was given to none. */
export interface LiveTask {
  readonly task: Task
  readonly state: TaskState
  readonly worker: number
}

/** What becomes of the tasks that a thread submits, and when they were submitted. */
export class TaskLog {
  readonly history: TaskHistory
  private readonly functions: (Label | undefined)[] = []
  private createdMs = 0
  private same = 0
  private submitter: object | undefined

  /** `share`: shows the main thread what it needs to know of it when this thread is gone. */
  constructor(share?: (part: HistoryPart) => void) {
    this.history = new TaskHistory({}, share)
  }

  label(name: string): Label {
    return { name, index: this.history.name(name) }
  }

  ofFunction({ index, name }: ShippedFunction): Label {
    this.functions[index] ??= this.label(name)
    return this.functions[index]
  }

  /** The time, about: of a task that `submitter` submits now. Never later than it is. */
  now(submitter: object | undefined): number {
    if (this.same-- <= 0 || this.submitter !== submitter) {
      this.same = SAME_TIME
      this.submitter = submitter
      this.createdMs = timeOrigin + performance.now()
    }
    return this.createdMs
  }

  /** Time has passed since the last task was submitted. */
  turned(): void {
    this.same = 0
  }

  /** A task has ended, or will never begin; `link`: to the worker that it was sent to. */
  over(task: Task, link: Link | undefined, reply: Reply | undefined, error: unknown): void {
    // What is not the program's own, as the restoring of an actor, or is told by the thread that carries it out.
    if (task.kind > CALL || task.toldElsewhere) return
    const worker = link === undefined ? 0 : link.index
    if (error !== undefined || reply === undefined) {
      this.failed(task, worker, reply, error)
      return
    }
    const { ref, actorId, parentId, tries, createdMs } = task
    const kind = task.kind - TASK
    this.history.finished(ref.id, this.nameOf(task), kind, actorId, worker, parentId, tries, createdMs, startOf(task, reply), reply.endedMs)
  }

  private failed(task: Task, worker: number, reply: Reply | undefined, error: unknown): void {
    const { ref, actorId, parentId, tries, createdMs } = task
    const startMs = reply === undefined ? 0 : startOf(task, reply)
    const endMs = reply === undefined ? timeOrigin + performance.now() : reply.endedMs
    const type = error instanceof Error ? textOf(() => error.name) : typeof error
    const message = error instanceof Error ? textOf(() => error.message) : describe(error)
    const name = this.nameOf(task)
    this.history.failed(ref.id, name, task.kind - TASK, actorId, worker, parentId, tries, createdMs, startMs, endMs, type, message)
  }

  /** An attempt has failed, and another follows. */
  again(task: Task, worker: number, reply: Reply | undefined, error: unknown): void {
    if (task.kind > CALL) return
    this.failed(task, worker, reply, error)
    task.tries++
  }

  private nameOf(task: Task): number {
    return task.nameIndex >= 0 ? task.nameIndex : this.history.name(task.name)
  }

  /** Those that are over, then those under way. */
  rows(live: Iterable<LiveTask>, facts: readonly OpenFact[]): TaskRow[] {
    const rows = this.history.rows()
    const byId = new Map(facts.map((fact) => [fact.id, fact]))
    for (const { task, state, worker } of live) {
      const fact = byId.get(task.ref.id)
      rows.push({
        taskId: hexId(task.ref.id),
        attemptNumber: task.tries,
        name: task.name,
        state: stateOf(state, fact),
        type: taskTypes[task.kind - TASK]!,
        actorId: task.actorId === 0 ? null : hexId(task.actorId),
        workerId: worker === 0 ? null : hexId(worker),
        parentTaskId: task.parentId === 0 ? null : hexId(task.parentId),
        creationTimeMs: task.createdMs,
        startTimeMs: fact?.beganMs ?? null,
        endTimeMs: null,
        errorType: null,
        errorMessage: null,
      })
    }
    return rows
  }

  counts(live: Iterable<LiveTask>, facts: readonly OpenFact[]): TaskCount[] {
    const byId = new Map(facts.map((fact) => [fact.id, fact]))
    const counts = new Map<string, TaskCount>()
    for (const { task, state, worker: _ } of live) {
      const now = stateOf(state, byId.get(task.ref.id))
      const key = `${task.kind} ${now} ${task.name}`
      const known = counts.get(key)
      if (known === undefined) counts.set(key, { name: task.name, type: taskTypes[task.kind - TASK]!, state: now, count: 1 })
      else known.count++
    }
    return [...this.history.counts(), ...counts.values()]
  }
}

/** A worker takes the end of one task for the beginning of the next, which may have been submitted in between. */
function startOf({ createdMs }: Task, { beganMs, endedMs }: Reply): number {
  return beganMs < createdMs ? Math.min(createdMs, endedMs) : beganMs
}

/** The submitter knows that a task was taken; what it does there, the worker knows. */
function stateOf(state: TaskState, fact: OpenFact | undefined): TaskState {
  if (fact === undefined) return state
  return fact.waits ? 'RUNNING_IN_RAY_GET' : 'RUNNING'
}
