import type { AnyActorHandle } from '../api/actor-handle.js'
import type { Attachment, ObjectRef, Stock, Waiter } from '../api/object-ref.js'
import type { TaskOptions } from '../api/options.js'
import type { RefStream } from '../api/ref-stream.js'
import type { SubmitSite } from '../control/call-site.js'
import type { StreamPull } from '../engine/stream-pull.js'
import type { OpenTask } from '../worker/context.js'
import type { ShippedFunction } from '../worker/messages.js'

/** Refs and handles inside a message: kept alive while the task may use them. */
export type Borrowed = ObjectRef | AnyActorHandle

/** What the submitter knows of a call under way: a task, an actor's construction, or a call of its method. */
export class Task {
  /** The encoded arguments while they are not in a ring, and for calls that may be sent again. */
  payload: Uint8Array | undefined = undefined
  /** Shared memory that the arguments name. Kept until the end, so that the task can be sent again. */
  attachments: readonly Attachment[] = none
  borrowed: readonly Borrowed[] = none
  /** Refs given as arguments whose values are not there yet. */
  dependencies: readonly ObjectRef[] = none
  missing = 0
  failure: unknown = undefined
  /** The thread it was sent to, if it was sent to a certain one. */
  link: TaskCarrier | undefined = undefined
  /** Its place in the table of unanswered tasks; −1 while it was not sent. */
  slot = -1
  /** The record's place in the queue or the link's ring; `inRing` says whether it is still there. */
  position = 0
  inRing = false
  /** Who had taken it when its record's room was needed. */
  taker = 0
  /** The actor whose call or construction this is; 0 for a task. */
  actorId = 0
  group = 0
  attempt = 0
  maxRetries = 0
  /** Whether it runs again when it throws; or after errors with these names. */
  retryExceptions: boolean | readonly { readonly name: string }[] | undefined = undefined
  /** Options that a worker for tasks cannot carry out. */
  needs: TaskOptions | undefined = undefined
  /** A call whose turn in its concurrency group has not come: taken, and not begun. */
  parked = false
  /** Its payload is kept after it was sent. */
  keeps = false
  /** Its arguments go to another process. */
  leaves = false
  /** Runs on a thread that runs nothing else. */
  alone = false
  /** An actor's construction after which its state is restored. */
  restores = false
  /** Keeps the actor alive until the call is answered. */
  handle: AnyActorHandle | undefined = undefined
  /** The main thread's task that carries this one out. */
  relay: Task | undefined = undefined
  /** The other refs of a task with several return values. */
  more: readonly ObjectRef[] | undefined = undefined
  stream: RefStream | undefined = undefined
  /** Brings the values of a stream that the main thread receives. */
  pull: StreamPull | undefined = undefined
  /** Why its worker was ended, when that was done on purpose because of this task. */
  endedBy: 'timeout' | 'cancel' | undefined = undefined
  cancelled = false
  /** Its place among those which the same task has submitted and which are not over; −1: it is not among any. */
  at = -1
  /** The task that submitted it. */
  parent: OpenTask | undefined = undefined
  /** Its id, also where that task is another thread's; 0: the program itself. */
  parentId = 0
  createdMs = 0
  /** Attempts that are over. */
  tries = 0
  /** The name's place in the thread's history; −1: not looked up yet. */
  nameIndex = -1
  /** What becomes of it is recorded by the thread that carries it out. */
  toldElsewhere = false

  constructor(
    readonly kind: number,
    readonly ref: ObjectRef,
    readonly name: string,
    /** The function or class; for a method call undefined. */
    readonly definition: ShippedFunction | undefined,
    /** Index of the function or of the method. */
    readonly what: number,
    /** Where the program submitted it: stack frames, formatted only if they are asked for. */
    readonly site: SubmitSite,
  ) {}
}

/** What a task needs to know of the thread it was sent to. */
export interface TaskCarrier {
  readonly name: string
  readonly index: number
  revoke(task: Task): boolean
}

const none: readonly never[] = []

/** The tasks of this thread that were sent and not answered; a reply names one by its slot. */
export class TaskTable {
  private readonly slots: (Task | undefined)[] = []
  private readonly free: number[] = []

  add(task: Task): number {
    task.slot = this.free.pop() ?? this.slots.push(undefined) - 1
    this.slots[task.slot] = task
    if (task.attachments.length > 0) pin(task.attachments, 1)
    return task.slot
  }

  at(slot: number): Task | undefined {
    return this.slots[slot]
  }

  remove(task: Task): void {
    if (task.slot < 0) return
    if (task.attachments.length > 0) pin(task.attachments, -1)
    this.slots[task.slot] = undefined
    this.free.push(task.slot)
    task.slot = -1
  }

  *[Symbol.iterator](): Iterator<Task> {
    for (const task of this.slots) if (task !== undefined) yield task
  }
}

/** Memory that a task under way names stays where it is. */
function pin(attachments: readonly Attachment[], by: 1 | -1): void {
  for (const { stock } of attachments) stock?.pin(by)
}

/**
 * Sees to it that what a task names is in memory. False: not yet; it is being made anew, or has to wait until other tasks are
 * over. Throws ObjectLostError, ObjectStoreFullError.
 */
export function bringAll(attachments: readonly Attachment[]): boolean {
  let bytes = 0
  let absent: Stock | undefined
  for (const { stock } of attachments) {
    if (stock === undefined || stock.inMemory) continue
    bytes += stock.bytes
    absent = stock
  }
  if (absent === undefined) return true
  if (!absent.roomFor(bytes)) return false
  const brought: Attachment[] = []
  try {
    for (const attachment of attachments) {
      const { stock } = attachment
      if (stock === undefined) continue
      if (!stock.bring()) return false
      // Or the next would push it out.
      stock.pin(1)
      brought.push(attachment)
    }
    return true
  } finally {
    pin(brought, -1)
  }
}

/** Calls back once each time one of a task's dependencies has settled. */
export class DependencyWaiter implements Waiter {
  constructor(
    private readonly task: Task,
    private readonly complete: (task: Task) => void,
  ) {}

  settled(): void {
    if (--this.task.missing === 0) this.complete(this.task)
  }
}
