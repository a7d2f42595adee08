/** A line that a worker wrote, through `console` or its standard streams. */
export interface WorkerLogLine {
  readonly workerId: string
  /** As it stands before the line when it is printed. */
  readonly workerName: string
  /** The name of the actor that lives there, or else its class; null for a worker of tasks. */
  readonly actorName: string | null
  /** The task that wrote it; null where that is not known, as when several run on the worker at once. */
  readonly taskId: string | null
  readonly stream: 'stdout' | 'stderr'
  /** Without the line break. */
  readonly line: string
  /** When it arrived, milliseconds since the epoch. */
  readonly timeMs: number
}

/** Who writes: all of a line but the line. */
export type WorkerLogOrigin = Omit<WorkerLogLine, 'line' | 'timeMs'>
export type WorkerLogListener = (line: WorkerLogLine) => void

const listeners = new Set<WorkerLogListener>()

/**
 * Gives each line that workers write to `listener` instead of printing it; returns what ends that. With several listeners each
 * gets all lines; while there is none, lines are printed (`printWorkerLog`, which a listener may call too).
 *
 * @example
 * const stop = onWorkerLog(({ workerName, stream, line }) => logger.info({ workerName, stream }, line))
 */
export function onWorkerLog(listener: WorkerLogListener): () => void {
  // A wrapper, so that the same function given twice is two listeners.
  const own: WorkerLogListener = (line) => listener(line)
  listeners.add(own)
  return () => void listeners.delete(own)
}

/** Prints the line to this process's own stream of the same kind, behind the worker's name. */
export function printWorkerLog({ workerName, stream, line }: WorkerLogLine): void {
  process[stream].write(`(${workerName}) ${line}\n`)
}

function tell(line: WorkerLogLine): void {
  if (listeners.size === 0) printWorkerLog(line)
  for (const listener of listeners) {
    try {
      listener(line)
    } catch (error) {
      // The listener's fault is the program's, not the runtime's: as with Node's events it is an uncaught exception.
      process.nextTick(() => {
        throw error
      })
    }
  }
}

/** A line without an end is cut here, so that a worker that never ends one cannot fill the memory. */
const MAX_LINE = 64 * 1024

/** Puts the pieces that workers write together to lines: a piece can be several lines, or a part of one. */
export class WorkerLogs {
  /** Lines begun, by worker and stream. */
  private readonly begun = new Map<string, { origin: WorkerLogOrigin; text: string }>()

  /** A worker has written `text`. */
  received(origin: WorkerLogOrigin, text: string, timeMs: number): void {
    const key = `${origin.stream} ${origin.workerId}`
    const lines = text.split('\n')
    lines[0] = (this.begun.get(key)?.text ?? '') + lines[0]!
    let rest = lines.pop()!
    for (const line of lines) tell({ ...origin, line: line.endsWith('\r') ? line.slice(0, -1) : line, timeMs })
    for (; rest.length >= MAX_LINE; rest = rest.slice(MAX_LINE)) tell({ ...origin, line: rest.slice(0, MAX_LINE), timeMs })
    if (rest === '') this.begun.delete(key)
    else this.begun.set(key, { origin, text: rest })
  }

  /** The worker is gone: what it has begun to write is its last line. Without an id: all are. */
  ended(workerId: string | undefined, timeMs: number): void {
    for (const [key, { origin, text }] of this.begun) {
      if (workerId !== undefined && origin.workerId !== workerId) continue
      this.begun.delete(key)
      tell({ ...origin, line: text, timeMs })
    }
  }
}
