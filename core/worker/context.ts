import { AsyncLocalStorage } from 'node:async_hooks'

/** Where code runs. On the driver all ids are undefined. */
export interface RuntimeContext {
  readonly taskId: number | undefined
  readonly actorId: number | undefined
  readonly workerId: string | undefined
  /** Fires when `cancel` is called on the running task. */
  readonly signal: AbortSignal
}

/** Outside all tasks; its signal never fires. */
export const onDriver: RuntimeContext = {
  taskId: undefined,
  actorId: undefined,
  workerId: undefined,
  signal: new AbortController().signal,
}

/** A task under way in this thread. The AbortController is made when somebody asks for the signal. */
export class OpenTask implements RuntimeContext {
  private controller: AbortController | undefined

  constructor(
    readonly taskId: number,
    readonly actorId: number | undefined,
    readonly workerId: string,
  ) {}

  get signal(): AbortSignal {
    this.controller ??= new AbortController()
    return this.controller.signal
  }

  abort(): void {
    this.controller ??= new AbortController()
    this.controller.abort()
  }
}

const storage = new AsyncLocalStorage<OpenTask>()
let bare: OpenTask | undefined

/**
 * Runs a task's code so that `runtimeContext` finds it. The first open task of a thread runs bare, since AsyncLocalStorage
 * makes promises two to three times slower; only a task begun while another is open needs it.
 */
export function runAs<T>(task: OpenTask, alone: boolean, code: () => T): T {
  if (!alone) return storage.run(task, code)
  bare = task
  return code()
}

/** No task is open any more. */
export function clearContext(): void {
  bare = undefined
}

export function currentTask(): OpenTask | undefined {
  return storage.getStore() ?? bare
}
