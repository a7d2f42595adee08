import { ownerOf } from '../api/ids.js'
import { hexId } from '../api/object-ref.js'
import type { StateSource } from '../api/state.js'
import type { OpenFact } from '../engine/task-log.js'
import type { Host } from '../worker/host.js'
import type { Head } from './head.js'
import { liveObjects } from './live-objects.js'
import { firstLine, ObjectTable } from './object-table.js'
import { joinTasks, type Query, select, withTotal } from './query.js'
import { type ActorRow, columns, type ObjectRow, type RowKind, type RowKinds, type TaskCount, type TaskRow } from './rows.js'

/** Threads have so long to answer each of two questions; one that computes in a task's code cannot, and is left out. */
const ANSWER_MS = 1000

/** Rows as they travel: a clone of an array loses its `total`. */
export interface Part<Row> {
  readonly rows: readonly Row[]
  readonly total: number
}

type Found<Row> = readonly Row[] & { readonly total?: number }

/** The state API's source: what the main thread knows, and of tasks what each thread knows of those that it has submitted. */
export class Survey implements StateSource {
  constructor(private readonly head: Head) {}

  private readonly sources: { readonly [Kind in RowKind]: (query?: Query<RowKinds[Kind]>) => Promise<Found<RowKinds[Kind]>> } = {
    tasks: (query) => this.tasks(query),
    actors: async () => [...this.actors()],
    objects: () => this.objects(),
    workers: async () => this.head.workers.rows(),
  }

  rows<Kind extends RowKind>(kind: Kind, query?: Query<RowKinds[Kind]>): Promise<Found<RowKinds[Kind]>> {
    return this.sources[kind](query)
  }

  /** The same for a worker. */
  async part<Kind extends RowKind>(kind: Kind, query: Query<RowKinds[Kind]> | undefined): Promise<Part<RowKinds[Kind]>> {
    const rows = await this.rows(kind, query)
    const chosen = query === undefined ? rows : select('state', columns[kind], rows, query)
    return { rows: [...chosen], total: chosen.total ?? chosen.length }
  }

  async counts(): Promise<TaskCount[]> {
    const { head } = this
    const open = await this.open()
    const parts = await answers([...open.keys()], (host) => host.control.taskCounts(factsOf(open, host.index)))
    head.engine.poll()
    return [...head.engine.taskCounts([...open.values()].flat(), head.dedicated.pending), ...[...parts.values()].flat()]
  }

  private async tasks(query: Query<TaskRow> | undefined): Promise<Found<TaskRow>> {
    const { head } = this
    const open = await this.open()
    const parts = await answers([...open.keys()], (host) => host.control.taskRows(factsOf(open, host.index), query))
    head.engine.poll()
    const own = head.engine.taskRows([...open.values()].flat(), query, head.dedicated.pending)
    return joinTasks([own, ...parts.values()].map(({ rows, total }) => withTotal([...rows], total)))
  }

  /** What is open in the threads that answer: who submitted a task knows only that it was taken. */
  private open(): Promise<Map<Host, readonly OpenFact[]>> {
    const started = [...this.head.hosts.values()].filter(({ hasStarted }) => hasStarted)
    return answers(started, (host) => host.control.openTasks())
  }

  private *actors(): Generator<ActorRow> {
    for (const { record, death } of this.head.actors.registry.rows()) {
      const { host, spec, namespace, restarts, state, actorId } = record
      const alive = state === 'DEAD' ? undefined : host
      yield {
        actorId: hexId(actorId),
        className: spec.shape.className,
        state,
        name: spec.options.name ?? null,
        namespace,
        workerId: alive === undefined ? null : hexId(alive.index),
        pid: alive === undefined ? null : (alive.pid ?? null),
        numRestarts: restarts,
        isDetached: spec.options.lifetime === 'detached',
        deathCause: death?.message ?? null,
      }
    }
  }

  /** What any thread has a ref to or holds in its store. A thread that does not answer is known by what it was counted to hold. */
  private async objects(): Promise<ObjectRow[]> {
    const { directory, engine, hosts } = this.head
    const started = [...hosts.values()].filter(({ hasStarted }) => hasStarted)
    const parts = await answers(started, (host) => host.control.liveObjects())
    const table = new ObjectTable((thread) => hosts.get(thread)?.pid ?? process.pid)
    for (const [{ index }, part] of parts) for (const object of part) table.add(object, index)
    for (const object of liveObjects(engine.values.rows())) table.add(object, 0, directory.keeps(object.id))
    for (const { id } of directory.all()) for (const thread of directory.counts.holders(id)?.keys() ?? []) table.held(id, thread)
    return [...table.rows(), ...this.handles()]
  }

  private *handles(): Generator<ObjectRow> {
    for (const { record } of this.head.actors.registry.rows()) {
      if (record.state === 'DEAD') continue
      const { actorId, spec } = record
      const owner = ownerOf(actorId)
      yield {
        objectId: hexId(actorId),
        objectSize: null,
        taskStatus: 'NIL',
        referenceType: 'ACTOR_HANDLE',
        name: spec.shape.className,
        location: null,
        referenceCount: this.head.directory.counts.holders(actorId)?.size ?? 0,
        callSite: firstLine(spec.frames),
        type: owner === 0 ? 'DRIVER' : 'WORKER',
        workerId: hexId(owner),
        pid: process.pid,
      }
    }
  }
}

/** What is open anywhere of what a thread has submitted. */
function factsOf(open: ReadonlyMap<Host, readonly OpenFact[]>, owner: number): OpenFact[] {
  return [...open.values()].flat().filter(({ id }) => ownerOf(id) === owner)
}

/** Asks threads; those that die or do not answer in time are left out. */
function answers<T>(hosts: readonly Host[], question: (host: Host) => Promise<T>): Promise<Map<Host, T>> {
  return new Promise((resolve) => {
    const got = new Map<Host, T>()
    const asked = new Map<Host, () => void>()
    const finish = (): void => {
      clearTimeout(timer)
      open.clear()
      for (const [host, left] of asked) host.leaving.delete(left)
      resolve(got)
    }
    // It also keeps the process alive meanwhile, which ports do not.
    const timer = setTimeout(finish, ANSWER_MS)
    const open = new Set(hosts)
    const over = (host: Host): void => {
      if (open.delete(host) && open.size === 0) finish()
    }
    for (const host of hosts) {
      const left = (): void => over(host)
      asked.set(host, left)
      host.leaving.add(left)
      question(host).then((answer) => {
        if (open.has(host)) got.set(host, answer)
        over(host)
      }, left)
    }
    if (hosts.length === 0) finish()
  })
}
