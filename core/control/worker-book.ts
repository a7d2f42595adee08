import { hexId } from '../api/object-ref.js'
import type { Ending, Host } from '../worker/host.js'
import { STDOUT } from '../worker/layout.js'
import { WorkerLogs } from './logs.js'
import { forgetWorker } from './metrics.js'
import type { ExitType, WorkerRow } from './rows.js'

/** So many that are gone are remembered. */
const MAX_GONE = 1000
const { timeOrigin } = performance
const now = () => timeOrigin + performance.now()

/** The main thread's record of workers: who lives and who has lived, and what they write. */
export class WorkerBook {
  private readonly logs = new WorkerLogs()
  private readonly living = new Map<number, { readonly row: WorkerRow; readonly actorName: string | null }>()
  private readonly gone: WorkerRow[] = []
  private readonly driver = row(0, 'driver', 'DRIVER', 0, timeOrigin)

  /** `actorName`: of the actor that is to live there, or else its class. */
  started(host: Host, actorName: string | null): void {
    this.living.set(host.index, {
      row: row(host.index, host.name, 'WORKER', host.threadId === 0 ? null : host.threadId, now(), host.pid),
      actorName,
    })
  }

  /** A worker has written something; `taskId` is 0 where no task is known to have. */
  wrote(index: number, name: string, kind: number, text: string, taskId: number): void {
    const origin = {
      workerId: hexId(index),
      workerName: name,
      actorName: this.living.get(index)?.actorName ?? null,
      taskId: taskId === 0 ? null : hexId(taskId),
      stream: kind === STDOUT ? ('stdout' as const) : ('stderr' as const),
    }
    this.logs.received(origin, text, now())
  }

  /** A worker is gone, and all that it wrote has been read. `why`: of its actor's death, if that is known. */
  ended(host: Host, ending: Ending, why: string | undefined): void {
    const workerId = hexId(host.index)
    this.logs.ended(workerId, now())
    forgetWorker(workerId)
    const entry = this.living.get(host.index)
    if (entry === undefined) return
    this.living.delete(host.index)
    Object.assign(entry.row, { isAlive: false, exitType: exitTypeOf(host, ending), exitDetail: why ?? ending.how, endTimeMs: now() })
    this.gone.push(entry.row)
    if (this.gone.length > MAX_GONE) this.gone.shift()
  }

  /** All are about to be ended: lines that were begun are complete. */
  closed(): void {
    this.logs.ended(undefined, now())
    for (const index of this.living.keys()) forgetWorker(hexId(index))
  }

  /** Those that are gone first. */
  rows(): WorkerRow[] {
    return [...this.gone, this.driver, ...[...this.living.values()].map((entry) => entry.row)]
  }
}

function exitTypeOf(host: Host, { cause, condemned, how }: Ending): ExitType {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY') return 'NODE_OUT_OF_MEMORY'
  if (host.exitType !== undefined) return host.exitType
  if (condemned) return 'INTENDED_SYSTEM_EXIT'
  return how === 'exit code 0' ? 'INTENDED_USER_EXIT' : 'SYSTEM_ERROR'
}

function row(
  index: number,
  name: string,
  workerType: WorkerRow['workerType'],
  threadId: number | null,
  startTimeMs: number,
  pid = process.pid,
): WorkerRow {
  return {
    workerId: hexId(index),
    name,
    workerType,
    isAlive: true,
    pid,
    threadId,
    exitType: null,
    exitDetail: null,
    startTimeMs,
    endTimeMs: null,
  }
}
