import { ResourcesUnavailableError, TaskTimeoutError, WorkerCrashedError } from '../api/errors.js'
import { ownerOf } from '../api/ids.js'
import { FAILED, READY, type Waiter } from '../api/object-ref.js'
import type { RefStream } from '../api/ref-stream.js'
import type { Settled, TaskSpec } from '../control/headquarters.js'
import type { LocalEngine } from '../engine/local.js'
import type { LiveTask } from '../engine/task-log.js'
import type { Ending, Host } from '../worker/host.js'
import type { Allocation } from './capacity.js'
import { type Demand, demandOf } from './demand.js'
import { taskOf } from './on-behalf.js'
import { mayRetry } from './outcomes.js'
import type { Ledger, Place } from './resources.js'
import { RunTimer } from './run-timer.js'
import type { Task } from './task.js'

/** Threads and processes without a task that are kept for the next one. */
const KEPT_IDLE = 4
/** So many may start before one that came earlier and lacks CPUs. */
const MAX_PASSED = 32

export interface DedicatedTools {
  readonly ledger: Ledger
  spawn(name: string, options: TaskSpec['options'], gpuIds: readonly number[]): Host
  /** So many CPUs are missing for the first that waits: the workers for tasks may lend some. */
  lack(cpus: number): void
  /** Whether a placement group waits for CPUs. */
  groupLacksCpus(): boolean
  /** Reads what workers have reported and nobody has read. */
  hear(): void
  /** Something came free. */
  released(): void
}

/** A task on its way: waiting for resources, or running on a thread of its own. */
class Job {
  allocation: Allocation | undefined = undefined
  host: Host | undefined = undefined
  timer: RunTimer | undefined = undefined
  /** It streams, and its reader is far behind. */
  heldBack = false
  /** So many that came later were started before it. */
  passed = 0

  constructor(
    readonly task: Task,
    readonly spec: TaskSpec,
    readonly demand: Demand,
    readonly place: Place | undefined,
  ) {}
}

/**
 * Tasks that need more than one CPU of a thread that others use too: other amounts, GPUs, custom resources, a placement group,
 * a time limit, a process. Each runs alone on a thread (or process) of its own while it holds what it asked for.
 */
export class Dedicated {
  private readonly waiting = new Set<Job>()
  private readonly running = new Map<number, Job>()
  private readonly idle: { readonly host: Host; readonly kind: string }[] = []
  private count = 0
  private closed = false
  /** So many were started while a placement group waited for CPUs. */
  private passedGroup = 0

  constructor(
    private readonly engine: LocalEngine,
    private readonly tools: DedicatedTools,
  ) {}

  /** `outer` is the submitter's own task, if that is this thread; else `stream` takes a streaming task's values. */
  run(spec: TaskSpec, outer: Task | undefined, stream: RefStream | undefined): Promise<Settled> {
    const { options } = spec
    const task = taskOf(spec)
    task.alone = true
    task.stream = outer?.stream ?? stream
    if (outer !== undefined) outer.relay = task
    const place = options.groupId === undefined ? undefined : { group: options.groupId, bundleIndex: options.bundleIndex }
    const job = new Job(task, spec, demandOf(spec.name, options, 1), place)
    const settled = new Promise<Settled>((resolve) => {
      const waiter: Waiter = {
        settled: (ref) => {
          this.over(job)
          resolve({ failed: ref.state === FAILED, value: ref.state === READY ? ref.read() : ref.value })
        },
      }
      task.ref.addWaiter(waiter)
    })
    const never = this.tools.ledger.whyNever(job.demand, job.place)
    if (never !== undefined) this.engine.outcomes.fail(task, new ResourcesUnavailableError(`${spec.name} ${never}`))
    else {
      this.waiting.add(job)
      this.next()
    }
    return settled
  }

  /**
   * Starts what there are resources for, the oldest first. One that lacks something does not hold up those behind it; but one
   * that lacks only CPUs, as a placement group, is overtaken only so often.
   */
  next(): void {
    if (this.closed) return
    let lacking = 0
    let first: Job | undefined
    const group = this.tools.groupLacksCpus()
    if (!group) this.passedGroup = 0
    for (const job of this.waiting) {
      const wantsCpus = job.place === undefined && job.demand.cpus > 0
      if (wantsCpus && ((first?.passed ?? 0) >= MAX_PASSED || this.passedGroup >= MAX_PASSED)) continue
      const never = this.tools.ledger.whyNever(job.demand, job.place)
      if (never !== undefined) {
        this.waiting.delete(job)
        this.engine.outcomes.fail(job.task, new ResourcesUnavailableError(`${job.spec.name} ${never}`))
        continue
      }
      job.allocation = this.tools.ledger.acquire(job.demand, job.place)
      if (job.allocation !== undefined) {
        this.waiting.delete(job)
        if (wantsCpus && first !== undefined) first.passed++
        if (wantsCpus && group) this.passedGroup++
        this.start(job)
      } else if (job.place === undefined) {
        const missing = this.tools.ledger.missingCpus(job.demand)
        if (missing > 0) first ??= job
        lacking = Math.max(lacking, missing)
      }
    }
    this.tools.lack(lacking)
  }

  private start(job: Job): void {
    const { options } = job.spec
    const host = this.takeIdle(kindOf(job)) ?? this.tools.spawn(`task-worker-${++this.count}`, options, job.allocation!.gpuIds)
    job.host = host
    this.running.set(host.index, job)
    this.engine.sending.to(this.engine.link(host.wire), job.task)
    job.heldBack = false
    const { timeoutMs } = options
    if (timeoutMs === undefined) return
    // Counted from when the thread can run it.
    void host.started.then(() => {
      if (job.host !== host) return
      job.timer = new RunTimer(timeoutMs, () => this.timeUp(job, host))
      if (job.heldBack) job.timer.stand()
    })
  }

  private timeUp(job: Job, host: Host): void {
    // It may be over, or have stood still, and this thread not have heard of it yet.
    this.tools.hear()
    this.engine.poll()
    if (job.host !== host || job.timer?.stands) return
    job.task.endedBy = 'timeout'
    host.terminate()
  }

  private over(job: Job): void {
    job.timer?.stand()
    this.waiting.delete(job)
    const { host } = job
    job.host = undefined
    if (host !== undefined) {
      this.running.delete(host.index)
      if (host.alive && !host.condemned) this.keep(host, kindOf(job))
    }
    this.release(job)
  }

  private keep(host: Host, kind: string | undefined): void {
    if (kind === undefined || this.closed) {
      host.terminate()
      return
    }
    this.idle.push({ host, kind })
    if (this.idle.length > KEPT_IDLE) this.idle.shift()!.host.terminate()
  }

  private takeIdle(kind: string | undefined): Host | undefined {
    const at = this.idle.findLastIndex((one) => one.kind === kind)
    return at < 0 ? undefined : this.idle.splice(at, 1)[0]!.host
  }

  private release(job: Job): void {
    if (job.allocation === undefined) return
    this.tools.ledger.release(job.allocation)
    job.allocation = undefined
    this.tools.released()
  }

  /** Undefined: there is no such task here. */
  cancel(id: number, force: boolean, recursive: boolean): Promise<void> | undefined {
    const job = [...this.waiting, ...this.running.values()].find(({ task }) => task.ref.id === id)
    return job === undefined ? undefined : this.end(job, force, recursive)
  }

  private async end({ task, host }: Job, force: boolean, recursive: boolean): Promise<void> {
    // Its thread may be starting, or its arguments not be in memory yet.
    if (host === undefined || task.slot < 0 || task.link?.revoke(task)) {
      this.engine.outcomes.fail(task, this.engine.outcomes.cancelled(task))
      return
    }
    task.cancelled = true
    if (force) {
      task.endedBy = 'cancel'
      await host.close()
    } else this.engine.link(host.wire).abort(task.ref.id, recursive)
  }

  /** A task begins or ends waiting in `get`. */
  waits(host: number, on: boolean): void {
    const allocation = this.running.get(host)?.allocation
    if (allocation === undefined) return
    if (on) {
      this.tools.ledger.releaseCpus(allocation)
      this.tools.released()
    } else this.tools.ledger.reacquireCpus(allocation)
  }

  /** A stream stops because its reader is far behind, or goes on: that time is not the task's. */
  heldBack(host: number, on: boolean): void {
    const job = this.running.get(host)
    if (job === undefined) return
    job.heldBack = on
    if (on) job.timer?.stand()
    else job.timer?.go()
  }

  /** One of the threads is gone; the engine has read all its replies. */
  gone(host: Host, { how, cause }: Ending): void {
    const at = this.idle.findIndex((one) => one.host === host)
    if (at >= 0) this.idle.splice(at, 1)
    const job = this.running.get(host.index)
    if (job === undefined) return
    const { task } = job
    job.timer?.stand()
    this.running.delete(host.index)
    job.host = undefined
    this.engine.table.remove(task)
    task.link = undefined
    if (task.endedBy === undefined && !task.cancelled && mayRetry(task)) {
      this.engine.log.again(task, host.index, undefined, this.engine.outcomes.crashed(host.name, task, how, cause))
      task.stream?.rewind()
      // Without what was made for the message that is lost.
      task.attachments = job.spec.payload.attachments
      this.release(job)
      this.waiting.add(job)
      this.next()
    } else if (task.endedBy === 'timeout') {
      const limit = job.spec.options.timeoutMs
      this.engine.outcomes.fail(task, new TaskTimeoutError(`${task.name} ran longer than its timeoutMs of ${limit}; its worker was ended`))
    } else this.engine.outcomes.fail(task, this.engine.outcomes.crashed(host.name, task, how, cause))
  }

  /** The resources of these were taken away with their placement group. */
  evict(allocations: readonly Allocation[]): void {
    for (const job of this.running.values()) {
      if (job.allocation === undefined || !allocations.includes(job.allocation)) continue
      job.task.endedBy = 'cancel'
      // First: a thread that is condemned is not kept for the next task.
      job.host?.terminate()
      this.engine.table.remove(job.task)
      this.engine.outcomes.fail(job.task, new WorkerCrashedError(`${job.task.name}: its placement group was removed`))
    }
  }

  /** A thread is gone: nobody can read what its tasks would give. */
  abandon(owner: number): void {
    for (const { task } of [...this.waiting, ...this.running.values()])
      if (ownerOf(task.ref.id) === owner) void this.cancel(task.ref.id, true, true)
  }

  /** So many values of a streaming task have been read in all. */
  credit(id: number, read: number): void {
    for (const { task, host } of this.running.values())
      if (host !== undefined && task.ref.id === id) this.engine.link(host.wire).credit(id, read)
  }

  /** Those that wait for resources. */
  get pending(): LiveTask[] {
    return [...this.waiting].map(({ task }) => ({ task, state: 'PENDING_NODE_ASSIGNMENT', worker: 0 }))
  }

  close(): void {
    this.closed = true
    this.waiting.clear()
  }
}

/** Tasks of one kind can use each other's threads or processes; undefined: one that saw certain GPUs is not used again. */
function kindOf({ allocation, spec: { options } }: Job): string | undefined {
  return allocation!.gpuIds.length > 0 ? undefined : JSON.stringify([options.runtime ?? 'thread', Object.entries(options.env ?? {}).sort()])
}
