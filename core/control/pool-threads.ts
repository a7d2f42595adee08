import { WorkerCrashedError } from '../api/errors.js'
import type { Allocation } from '../scheduler/capacity.js'
import { type Demand, demandOf } from '../scheduler/demand.js'
import type { Ending, Host } from '../worker/host.js'
import { BELL_BYTES, OPEN, PAUSE } from '../worker/layout.js'
import type { Head } from './head.js'

/** Threads that die before they took a single task: so many in a row and there is no point in starting more. */
const MAX_FAILED_STARTS = 3
/** While something waits for CPUs, sleeping workers are looked for so often. */
const LOOK_MS = 20
/** A worker without tasks that is asked to lend does so within this, even on a busy machine. */
const PROMPT_MS = 500
const ONE_CPU = demandOf('a worker', { numCpus: 1 }, 0)

/**
 * The workers for tasks: one thread a CPU, each of which holds that CPU in the ledger. When something that needs CPUs has to
 * wait, workers lend theirs: they stop taking tasks, and take up again when the CPU comes back.
 */
export class PoolThreads {
  readonly hosts: Host[] = []
  private readonly held = new Map<number, Allocation>()
  /** Asked to lend, or lending. */
  private readonly lenders = new Set<Host>()
  /** When they were asked to lend, and whether they slept then: awake by that, they still have nothing to do. */
  private readonly asked = new Map<Host, { readonly atMs: number; readonly asleep: boolean }>()
  private readonly later: { start: () => void; demand: Demand | undefined }[] = []
  private readonly bells: readonly SharedArrayBuffer[]
  private started = 0
  private failedStarts = 0
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly head: Head) {
    // All there will ever be, so that a worker can wake any other from its first moment on.
    this.bells = Array.from({ length: head.numCpus }, () => new SharedArrayBuffer(BELL_BYTES))
  }

  start(): void {
    for (let place = 0; place < this.head.numCpus; place++) this.add(place)
  }

  private add(place: number): void {
    const { head } = this
    const host = head.spawn(`worker-${++this.started}`, { kind: 'pool', bells: this.bells, place })
    this.hosts.push(host)
    const allocation = head.ledger.acquire(ONE_CPU)
    if (allocation !== undefined) this.held.set(host.index, allocation)
    else this.lend(host)
    head.engine.addWorker(host.wire)
    for (const other of head.hosts.values()) {
      if (other !== host && other.queue !== undefined) {
        const wire = head.wire(other, host)
        void other.control.poolAdded(head.carried(wire))
      }
    }
  }

  /** A worker is gone: another takes its place, unless workers cannot start at all. */
  replace(host: Host, { cause }: Ending): void {
    this.hosts.splice(this.hosts.indexOf(host), 1)
    this.lenders.delete(host)
    this.asked.delete(host)
    const gave = this.giveBack(host.index)
    this.failedStarts = host.hasStarted || host.heartbeat > 0 ? 0 : this.failedStarts + 1
    if (this.failedStarts < MAX_FAILED_STARTS && host.role.kind === 'pool') this.add(host.role.place)
    else if (this.hosts.length === 0) {
      const error = new WorkerCrashedError('worker threads cannot be started', { cause })
      this.head.engine.poolLost(error)
      for (const other of this.head.hosts.values()) void other.control.poolLost(error.message)
    }
    if (gave) this.head.lent()
  }

  /**
   * Something waits for so many CPUs; 0: nothing does. Workers that sleep lend theirs at once. Of those that work only as many
   * are asked as the largest demand needs: what waits takes turns on those, and the tasks keep the others.
   */
  lack(cpus: number): void {
    clearTimeout(this.timer)
    for (const { demand } of this.later) if (demand !== undefined) cpus = Math.max(cpus, this.head.ledger.missingCpus(demand))
    if (cpus === 0) {
      for (const host of this.lenders) this.takeBack(host)
      return
    }
    const need = Math.ceil(cpus)
    // Those that were asked may first have a long task to end: one that sleeps now does not wait for them.
    let coming = [...this.lenders].filter((host) => this.held.has(host.index) && host.idle).length
    for (const host of this.hosts) {
      if (coming >= need || this.lenders.has(host) || !(host.idle || this.lenders.size < need)) continue
      this.lend(host)
      coming++
    }
    // Another may fall asleep, which nobody is told.
    this.timer = setTimeout(() => this.head.lent(), LOOK_MS).unref()
  }

  /** CPUs came free: tasks that waited meanwhile get a turn before whatever borrows next. */
  takeTurns(): void {
    if (this.lenders.size === 0 || !this.head.tasksWait()) return
    for (const host of this.lenders) {
      if (this.held.has(host.index)) continue
      this.takeBack(host)
      return
    }
  }

  private lend(host: Host): void {
    this.lenders.add(host)
    this.asked.set(host, { atMs: performance.now(), asleep: host.idle })
    host.gate(PAUSE)
  }

  private takeBack(host: Host): void {
    if (!this.held.has(host.index)) {
      const allocation = this.head.ledger.acquire(ONE_CPU)
      if (allocation === undefined) return
      this.held.set(host.index, allocation)
    }
    this.lenders.delete(host)
    this.asked.delete(host)
    host.gate(OPEN)
  }

  /** A worker has stopped taking tasks. */
  paused(index: number): void {
    if (this.giveBack(index)) this.head.lent()
  }

  private giveBack(index: number): boolean {
    const allocation = this.held.get(index)
    if (allocation === undefined) return false
    this.held.delete(index)
    this.head.ledger.release(allocation)
    return true
  }

  /** CPUs of workers that run nothing: they are as good as free. */
  get free(): number {
    return this.hosts.filter((host) => this.held.has(host.index) && (host.free || this.justAsked(host, true))).length
  }

  /** CPUs that will most likely be free in a moment: those, and the ones of workers just asked, which may look for a task that is not there. */
  get coming(): number {
    return this.hosts.filter((host) => this.held.has(host.index) && (host.idle || this.justAsked(host, false))).length
  }

  private justAsked(host: Host, whileAsleep: boolean): boolean {
    const asked = this.asked.get(host)
    return asked !== undefined && (asked.asleep || !whileAsleep) && performance.now() - asked.atMs < PROMPT_MS
  }

  /** Starts an actor when there is room for it. `demand`: the CPUs that workers may lend it. */
  placeLater(start: () => void, demand: Demand | undefined): void {
    this.later.push({ start, demand })
    if (demand !== undefined) this.lack(this.head.ledger.missingCpus(demand))
  }

  /** Something came free: who still finds no room waits again. */
  placeActors(): void {
    for (const { start } of this.later.splice(0)) start()
  }
}
