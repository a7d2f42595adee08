/**
 * The rows of the state API, with Ray's names (python/ray/util/state/common.py) in camelCase.
 *
 * Every column is always there; what is not known, or has not happened yet, is null. Ids are sixteen hex digits, times are
 * milliseconds since the epoch (with fractions), sizes are bytes. Rows are plain objects, so they travel between threads and into JSON.
 */

/** A task's way, in this order; FINISHED and FAILED are its ends. NIL: nothing is known yet. */
const taskStates = [
  'NIL',
  'PENDING_ARGS_AVAIL',
  'PENDING_NODE_ASSIGNMENT',
  'SUBMITTED_TO_WORKER',
  'RUNNING',
  'RUNNING_IN_RAY_GET',
  'RUNNING_IN_RAY_WAIT',
  'FINISHED',
  'FAILED',
] as const
export type TaskState = (typeof taskStates)[number]

/** In the order of Ray's enum TaskType: a task's kind, a small number, is its place here. */
export const taskTypes = ['NORMAL_TASK', 'ACTOR_CREATION_TASK', 'ACTOR_TASK'] as const
export type TaskType = (typeof taskTypes)[number]

const actorStates = ['DEPENDENCIES_UNREADY', 'PENDING_CREATION', 'ALIVE', 'RESTARTING', 'DEAD'] as const
export type ActorState = (typeof actorStates)[number]

const workerTypes = ['WORKER', 'DRIVER'] as const
type WorkerType = (typeof workerTypes)[number]

/** SYSTEM_ERROR: it crashed; USER_ERROR: an actor's constructor threw; INTENDED_…: the runtime or the program ended it. */
const exitTypes = ['SYSTEM_ERROR', 'INTENDED_SYSTEM_EXIT', 'USER_ERROR', 'INTENDED_USER_EXIT', 'NODE_OUT_OF_MEMORY'] as const
export type ExitType = (typeof exitTypes)[number]

/** What keeps an object: a `get` under way, a pending task that takes it, a ref in a program, another object; or that it is an actor's handle. */
const referenceTypes = [
  'ACTOR_HANDLE',
  'PINNED_IN_MEMORY',
  'USED_BY_PENDING_TASK',
  'LOCAL_REFERENCE',
  'CAPTURED_IN_OBJECT',
  'UNKNOWN_STATUS',
] as const
type ReferenceType = (typeof referenceTypes)[number]

/** In the bytes beside its ref, in the store's memory, or on disk. */
const objectLocations = ['INLINE', 'IN_MEMORY', 'SPILLED'] as const
export type ObjectLocation = (typeof objectLocations)[number]

/** One attempt of a task. */
export type TaskRow = {
  taskId: string
  /** 0 for the first. */
  attemptNumber: number
  name: string
  state: TaskState
  type: TaskType
  actorId: string | null
  /** The worker that it was sent to. */
  workerId: string | null
  /** The task that started it; null: the program itself did. */
  parentTaskId: string | null
  creationTimeMs: number
  startTimeMs: number | null
  endTimeMs: number | null
  /** The class of the error. */
  errorType: string | null
  errorMessage: string | null
}

export type ActorRow = {
  actorId: string
  className: string
  state: ActorState
  /** The one given as `actor(…, { name })`. */
  name: string | null
  namespace: string | null
  workerId: string | null
  pid: number | null
  numRestarts: number
  isDetached: boolean
  /** Why it died. */
  deathCause: string | null
}

export type ObjectRow = {
  objectId: string
  /** Bytes; null while it is not made, or not known. */
  objectSize: number | null
  /** The state of the task that makes it; NIL for an object that `put` stored. */
  taskStatus: TaskState
  referenceType: ReferenceType
  /** The task that made it; null: it was put, or that is not known any more. */
  name: string | null
  /** Where its value is; null: there is none, or it is not known. */
  location: ObjectLocation | null
  /** So many threads have refs to it. */
  referenceCount: number
  /** Where the program made it, one line; null: not recorded. */
  callSite: string | null
  /** Who owns it. */
  type: WorkerType
  workerId: string | null
  pid: number
}

export type WorkerRow = {
  workerId: string
  /** As it stands before its log lines. */
  name: string
  workerType: WorkerType
  isAlive: boolean
  pid: number
  /** Node's id of the thread within the process; null for a worker that is a process. */
  threadId: number | null
  exitType: ExitType | null
  exitDetail: string | null
  startTimeMs: number | null
  endTimeMs: number | null
}

export type RowKinds = { tasks: TaskRow; actors: ActorRow; objects: ObjectRow; workers: WorkerRow }
export type RowKind = keyof RowKinds

/** How many tasks of a name and type are, or have ended, in a state. Several counts of the same add up. */
export type TaskCount = { name: string; type: TaskType; state: TaskState; count: number }

/** What a column holds, which says what it can be compared with. A list: one of these words. */
export type ColumnType = 'id' | 'text' | 'number' | 'boolean' | readonly string[]
export type Columns<Row> = Readonly<Record<keyof Row & string, ColumnType>>

export const columns: { readonly [Kind in RowKind]: Columns<RowKinds[Kind]> } = {
  tasks: {
    taskId: 'id',
    attemptNumber: 'number',
    name: 'text',
    state: taskStates,
    type: taskTypes,
    actorId: 'id',
    workerId: 'id',
    parentTaskId: 'id',
    creationTimeMs: 'number',
    startTimeMs: 'number',
    endTimeMs: 'number',
    errorType: 'text',
    errorMessage: 'text',
  },
  actors: {
    actorId: 'id',
    className: 'text',
    state: actorStates,
    name: 'text',
    namespace: 'text',
    workerId: 'id',
    pid: 'number',
    numRestarts: 'number',
    isDetached: 'boolean',
    deathCause: 'text',
  },
  objects: {
    objectId: 'id',
    objectSize: 'number',
    taskStatus: taskStates,
    referenceType: referenceTypes,
    name: 'text',
    location: objectLocations,
    referenceCount: 'number',
    callSite: 'text',
    type: workerTypes,
    workerId: 'id',
    pid: 'number',
  },
  workers: {
    workerId: 'id',
    name: 'text',
    workerType: workerTypes,
    isAlive: 'boolean',
    pid: 'number',
    threadId: 'number',
    exitType: exitTypes,
    exitDetail: 'text',
    startTimeMs: 'number',
    endTimeMs: 'number',
  },
}
