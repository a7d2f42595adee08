import type { Attachment, ObjectRef, Waiter } from '../api/object-ref.js'
import type { SubmitSite } from '../control/call-site.js'
import type { ShippedFunction } from '../worker/messages.js'

/** What the engine knows of a call under way: a task, an actor's construction, or a call of its method. */
export class Task {
  /** The encoded arguments while they wait on this side (in a ring they lie in the ring). */
  payload: Uint8Array | undefined = undefined
  /** Shared memory that the arguments name. Kept until the end, so that the task can be sent again. */
  attachments: readonly Attachment[] = none
  /** Refs nested in the arguments: kept alive while the task may use them. */
  borrowed: readonly ObjectRef[] = none
  /** Refs given as arguments whose values are not there yet. */
  dependencies: readonly ObjectRef[] = none
  missing = 0
  failure: unknown = undefined
  /** Where it was sent; the record's place in that ring. */
  link: TaskCarrier | undefined = undefined
  slot = -1
  position = 0
  /** The actor whose call or construction this is; 0 for a task. */
  actorId = 0
  attempt = 0
  maxRetries = 0
  timeoutMs = 0
  timer: NodeJS.Timeout | undefined = undefined
  /** Why its worker was ended, when that was done on purpose because of this task. */
  endedBy: 'timeout' | 'cancel' | undefined = undefined
  cancelled = false

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

/** What a task needs to know of the worker it was sent to. */
export interface TaskCarrier {
  readonly name: string
  readonly control: { abort(taskId: number): unknown }
  revoke(task: Task): boolean
  terminate(): void
}

const none: readonly never[] = []

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
