import { groupBy } from './group-by.js'
import type { TaskRow, WorkerRow } from './rows.js'

/**
 * An event of the Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing open.
 * X: a task's run; M: a name for a line; s and f: the two ends of an arrow from a task to one that it started.
 */
export interface TraceEvent {
  ph: 'X' | 'M' | 's' | 'f'
  name: string
  pid: number
  tid: number
  cat?: string
  /** Microseconds since the first event. */
  ts?: number
  /** Microseconds. */
  dur?: number
  /** An arrow's two ends have the same. */
  id?: number
  /** 'e': the arrow ends at the task around it, not at the next one. */
  bp?: 'e'
  args?: Record<string, string | number | null>
}

const PID = 1
/** Viewers take the thread with the process's number for its main thread: nothing runs there. */
const MAIN_TID = PID
const FIRST_TID = MAIN_TID + 1

/**
 * Times are written in eighths of a microsecond: finer than the clock (a time since the epoch in float64 milliseconds resolves a
 * quarter of a microsecond), and exact in binary. Viewers cut other fractions off, differently for starts and for
 * lengths; tasks that follow each other closely would then overlap by a nanosecond, and Perfetto drops what overlaps.
 */
const TICKS_PER_MS = 8000
const TICKS_PER_US = 8

interface Run {
  readonly task: TaskRow
  /** Ticks since the origin. */
  readonly start: number
  readonly end: number
  tid: number
}

/**
 * The events of a timeline, one by one. A worker is a line, in the order of `workers`, and one more for each task that it ran at the same time (async
 * methods of an actor): a line's events may not overlap. Tasks that still run end at `nowMs`; those that never ran are left out.
 */
export function* traceEvents(
  tasks: readonly TaskRow[],
  workers: readonly Pick<WorkerRow, 'workerId' | 'name'>[],
  nowMs: number,
): Generator<TraceEvent> {
  const begun = tasks.filter((task) => task.startTimeMs !== null)
  const originMs = begun.reduce((earliest, task) => Math.min(earliest, task.startTimeMs!), Number.POSITIVE_INFINITY)
  const ticks = (timeMs: number): number => Math.round((timeMs - originMs) * TICKS_PER_MS)
  const runs = begun.map((task): Run => {
    const start = ticks(task.startTimeMs!)
    return { task, start, end: Math.max(start, ticks(task.endTimeMs ?? nowMs)), tid: 0 }
  })
  // One of no length before one that starts at the same moment: both fit on a line then.
  runs.sort((a, b) => a.start - b.start || a.end - b.end)

  yield metadata('process_name', MAIN_TID, { name: 'gymnura' })
  if (runs.length > 0) yield metadata('process_labels', MAIN_TID, { labels: `from ${new Date(originMs).toISOString()}` })

  const known = new Map(workers.map(({ workerId, name }, place) => [workerId, { name, place }]))
  const byWorker = groupBy(runs, ({ task }) => task.workerId).map((ofWorker) => {
    const { workerId } = ofWorker[0]!.task
    const name = workerId === null ? 'unknown worker' : `worker ${workerId}`
    return { ofWorker, ...(known.get(workerId ?? '') ?? { name, place: workers.length }) }
  })
  byWorker.sort((a, b) => a.place - b.place)
  let tid = FIRST_TID
  for (const { ofWorker, name } of byWorker) {
    const lines = assignLines(ofWorker, tid)
    for (let line = 1; line <= lines; line++, tid++) {
      yield metadata('thread_name', tid, { name: line === 1 ? name : `${name} (${line})` })
      yield metadata('thread_sort_index', tid, { sort_index: tid })
    }
  }
  for (const run of runs) yield complete(run)
  yield* arrows(runs, ticks)
}

/**
 * Puts a worker's runs on as few lines as they need, numbered from `firstTid`; returns how many. A sweep over the starts: a
 * line is free again once the run on it has ended.
 */
function assignLines(byStart: readonly Run[], firstTid: number): number {
  const byEnd = byStart.toSorted((a, b) => a.end - b.end)
  const free: number[] = []
  let lines = 0
  let ended = 0
  for (const run of byStart) {
    // A run of no length ends no later than it starts; until it has a line of its own (tid 0) it has none to give back.
    for (let over = byEnd[ended]!; over.end <= run.start && over.tid !== 0; over = byEnd[++ended]!) free.push(over.tid)
    run.tid = free.pop() ?? firstTid + lines++
  }
  return lines
}

function metadata(name: string, tid: number, args: NonNullable<TraceEvent['args']>): TraceEvent {
  return { ph: 'M', name, pid: PID, tid, args }
}

function complete({ task, start, end, tid }: Run): TraceEvent {
  const { taskId, attemptNumber, state, actorId, parentTaskId, errorType, errorMessage } = task
  return {
    ph: 'X',
    name: task.name,
    cat: task.type,
    pid: PID,
    tid,
    ts: start / TICKS_PER_US,
    dur: (end - start) / TICKS_PER_US,
    args: {
      taskId,
      attemptNumber,
      state,
      ...(actorId === null ? {} : { actorId }),
      ...(parentTaskId === null ? {} : { parentTaskId }),
      ...(errorType === null ? {} : { errorType, errorMessage }),
    },
  }
}

/**
 * From each task to those that it started. Viewers bind an arrow's end to what lies under that moment on that line, so it must
 * be strictly inside its task: runs that are shorter than the clock can tell have no arrows.
 */
function* arrows(runs: readonly Run[], ticks: (timeMs: number) => number): Generator<TraceEvent> {
  const byTask = new Map(runs.map((run) => [run.task.taskId, run]))
  let id = 0
  for (const child of runs) {
    const parent = child.task.parentTaskId === null ? undefined : byTask.get(child.task.parentTaskId)
    if (parent === undefined || parent.start === parent.end || child.start === child.end) continue
    // The clocks of two threads differ a little, and an arrow may not fly back in time.
    const from = Math.min(Math.max(ticks(child.task.creationTimeMs), parent.start), parent.end - 1, child.start)
    if (from < parent.start) continue
    id++
    const both = { name: 'starts', cat: 'starts', pid: PID, id }
    yield { ph: 's', ...both, tid: parent.tid, ts: from / TICKS_PER_US }
    yield { ph: 'f', ...both, tid: child.tid, ts: child.start / TICKS_PER_US, bp: 'e' }
  }
}
