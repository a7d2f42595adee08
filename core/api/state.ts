import { groupBy } from '../control/group-by.js'
import { type Query, type Rows, select } from '../control/query.js'
import {
  type ActorRow,
  type ActorState,
  columns,
  type ObjectRow,
  type RowKind,
  type RowKinds,
  type TaskCount,
  type TaskRow,
  type TaskState,
  type TaskType,
  type WorkerRow,
} from '../control/rows.js'
import { GymnuraError } from './errors.js'

/** What the state API reads. An engine supplies it. */
export interface StateSource {
  /**
   * All rows of a kind, oldest first, newest last, those still under way behind those that are over. Where a query is given, the
   * source may leave out what `select` with that query would (and then says by `total` how many there were).
   */
  rows<Kind extends RowKind>(kind: Kind, query?: Query<RowKinds[Kind]>): Promise<readonly RowKinds[Kind][] & { readonly total?: number }>
  /** Tasks by name, type and state since the start; the same may come several times (a thread each). */
  counts(): Promise<readonly TaskCount[]>
}

let supply: (() => StateSource) | undefined

/** Registered by the engine rather than imported, so that either can be loaded without the other. `get` is asked at every call. */
export function setStateSource(get: () => StateSource): void {
  supply = get
}

/** @internal */
export function stateSource(): StateSource {
  if (supply === undefined) throw new GymnuraError('ERR_INIT', "the runtime is not loaded: import it from 'gymnura'")
  return supply()
}

async function list<Kind extends RowKind>(caller: string, kind: Kind, query?: Query<RowKinds[Kind]>): Promise<Rows<RowKinds[Kind]>> {
  // A bad query is told before anybody is asked.
  select(caller, columns[kind], [], query)
  return select(caller, columns[kind], await stateSource().rows(kind, query ?? {}), query)
}

async function find<Kind extends RowKind>(caller: string, kind: Kind, key: keyof RowKinds[Kind] & string, id: string | number) {
  const query: Query<RowKinds[Kind]> = { filters: [[key, '=', id]], limit: 1 }
  return (await list(caller, kind, query))[0]
}

/** Shares of a summary: how many are in each state. States in which there are none are left out. */
type StateCounts<State extends string> = Partial<Record<State, number>>

export interface StateSummary {
  /** All since the start, also those that are over. */
  tasks: {
    totalTasks: number
    totalActorTasks: number
    totalActorScheduled: number
    summary: { name: string; type: TaskType; stateCounts: StateCounts<TaskState> }[]
  }
  actors: { totalActors: number; summary: { className: string; stateCounts: StateCounts<ActorState> }[] }
  /** By the place that made them, what takes the most memory first. Objects of unknown size count as 0 bytes. */
  objects: {
    totalObjects: number
    totalSizeBytes: number
    summary: { callSite: string | null; totalObjects: number; totalSizeBytes: number }[]
  }
}

/**
 * What the runtime does and did: every task under way, the last 100,000 that finished and the last 10,000 that failed, and the
 * actors, objects and workers, with Ray's words for their states. A snapshot: it can be out of date when you read it.
 *
 * Lists take `{ filters, limit }` (see `Query`) and give rows with the newest last; `rows.total` says how many there were
 * before the limit. A bad filter throws ERR_INVALID_ARGUMENT and names the keys that there are.
 *
 * @example
 * await state.listTasks({ filters: [['state', '=', 'FAILED'], ['name', 'contains', 'rollout']], limit: 10 })
 */
export const state = {
  listTasks: (query?: Query<TaskRow>): Promise<Rows<TaskRow>> => list('state.listTasks', 'tasks', query),
  listActors: (query?: Query<ActorRow>): Promise<Rows<ActorRow>> => list('state.listActors', 'actors', query),
  listObjects: (query?: Query<ObjectRow>): Promise<Rows<ObjectRow>> => list('state.listObjects', 'objects', query),
  listWorkers: (query?: Query<WorkerRow>): Promise<Rows<WorkerRow>> => list('state.listWorkers', 'workers', query),

  /** The last attempt of a task, by its id or the id of its ref; undefined if it is not known (any more). */
  getTask: (id: string | number): Promise<TaskRow | undefined> => find('state.getTask', 'tasks', 'taskId', id),
  getActor: (id: string | number): Promise<ActorRow | undefined> => find('state.getActor', 'actors', 'actorId', id),
  getObject: (id: string | number): Promise<ObjectRow | undefined> => find('state.getObject', 'objects', 'objectId', id),
  getWorker: (id: string | number): Promise<WorkerRow | undefined> => find('state.getWorker', 'workers', 'workerId', id),

  /** Counts: tasks by name and state (all since the start), actors by class and state, objects by the place that made them and size. */
  async summary(): Promise<StateSummary> {
    const source = stateSource()
    const [counts, actors, objects] = await Promise.all([source.counts(), source.rows('actors'), source.rows('objects')])
    return { tasks: summarizeTasks(counts), actors: summarizeActors(actors), objects: summarizeObjects(objects) }
  },
}

function summarizeTasks(counts: readonly TaskCount[]): StateSummary['tasks'] {
  const groups = groupBy(counts, ({ name, type }) => `${type} ${name}`)
  const summary = groups.map((group) => {
    const stateCounts: StateCounts<TaskState> = {}
    for (const { state, count } of group) stateCounts[state] = (stateCounts[state] ?? 0) + count
    return { name: group[0]!.name, type: group[0]!.type, stateCounts }
  })
  const totalOf = (type: TaskType): number => sum(counts.filter((row) => row.type === type).map(({ count }) => count))
  return {
    totalTasks: totalOf('NORMAL_TASK'),
    totalActorTasks: totalOf('ACTOR_TASK'),
    totalActorScheduled: totalOf('ACTOR_CREATION_TASK'),
    summary,
  }
}

function summarizeActors(actors: readonly ActorRow[]): StateSummary['actors'] {
  const summary = groupBy(actors, ({ className }) => className).map((group) => {
    const stateCounts: StateCounts<ActorState> = {}
    for (const { state } of group) stateCounts[state] = (stateCounts[state] ?? 0) + 1
    return { className: group[0]!.className, stateCounts }
  })
  return { totalActors: actors.length, summary }
}

function summarizeObjects(objects: readonly ObjectRow[]): StateSummary['objects'] {
  const summary = groupBy(objects, ({ callSite }) => callSite).map((group) => ({
    callSite: group[0]!.callSite,
    totalObjects: group.length,
    totalSizeBytes: sum(group.map(({ objectSize }) => objectSize ?? 0)),
  }))
  summary.sort((a, b) => b.totalSizeBytes - a.totalSizeBytes)
  return { totalObjects: objects.length, totalSizeBytes: sum(summary.map(({ totalSizeBytes }) => totalSizeBytes)), summary }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
