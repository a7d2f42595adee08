import { AsyncLocalStorage } from 'node:async_hooks'
import type { Placed } from '../scheduler/placed.js'
import type { Task } from '../scheduler/task.js'

/**
 * Where code runs. On the driver all ids are undefined. Ids are numbers here, and sixteen hex digits in the rows of `state`, whose
 * filters and `get…` take both.
 */
export interface RuntimeContext {
  /** Undefined outside of tasks, as in a timer that a task has left behind. */
  readonly taskId: number | undefined
  /** The actor that lives in this thread. */
  readonly actorId: number | undefined
  /** The worker's name, as it stands before its output and in `state.listWorkers`. */
  readonly workerId: string | undefined
  /** The GPUs assigned to the task or actor. */
  readonly gpuIds: readonly number[]
  /** Fires when `cancel` is called on the running task. */
  readonly signal: AbortSignal
}

/** Outside all tasks; its signal never fires. */
export const onDriver: RuntimeContext = {
  taskId: undefined,
  actorId: undefined,
  workerId: undefined,
  gpuIds: [],
  signal: new AbortController().signal,
}

/** A task under way in this thread. The AbortController is made when somebody asks for the signal. */
export class OpenTask implements RuntimeContext {
  /** So many `get`s and `wait`s of it are outstanding. */
  waiting = 0
  /** Milliseconds since the epoch. */
  beganMs = 0
  /** It has called `exitActor`: its caller is told by the actor's death. */
  exits = false
  /** What it has submitted and is not over, once it has submitted anything. */
  children: Placed<Task> | undefined = undefined
  /** It was cancelled, with all that it starts: also with what it starts from now on. */
  cancelsChildren = false
  /** Where it stands among those that are open; −1: it is not. */
  at = -1
  /** Called once it is over, if it was left open. */
  whenOver: (() => void) | undefined = undefined
  private controller: AbortController | undefined

  constructor(
    readonly taskId: number,
    readonly actorId: number | undefined,
    readonly workerId: string,
    readonly gpuIds: readonly number[] = [],
  ) {}

  get signal(): AbortSignal {
    this.controller ??= new AbortController()
    return this.controller.signal
  }

  throwIfAborted(): void {
    this.controller?.signal.throwIfAborted()
  }

  abort(): void {
    this.controller ??= new AbortController()
    this.controller.abort()
  }
}

const storage = new AsyncLocalStorage<OpenTask>()
let bare: OpenTask | undefined

/**
 * Runs a task's code so that `runtimeContext` and `get` find it. The first open task of a thread runs bare, since
 * AsyncLocalStorage makes promises two to three times slower; only a task begun while another is open needs it.
 */
export function runAs<T>(task: OpenTask, code: () => T): T {
  // The loop itself may run in what another task has set off.
  if ((bare !== undefined && bare !== task) || storage.getStore() !== undefined) return storage.run(task, code)
  bare = task
  return code()
}

/** The task is over. */
export function leave(task: OpenTask): void {
  if (bare === task) bare = undefined
}

export function currentTask(): OpenTask | undefined {
  return storage.getStore() ?? bare
}
