import { WorkerCrashedError } from '../api/errors.js'
import type { Encoder } from '../store/encoder.js'
import type { WorkerLink } from '../worker/link.js'
import { Fifo } from './fifo.js'
import type { Task } from './task.js'

/** Threads that die before they took a single task: so many in a row and there is no point in starting more. */
const MAX_FAILED_STARTS = 3

/**
 * The workers for tasks, and the tasks that no ring has room for.
 *
 * A task goes to an idle worker if there is one, else to the one that owes least. Tasks wait inside the workers' rings, where starting the next one costs nothing; when a worker runs dry
 * while another has tasks waiting behind a long one, half of those are taken back and sent to it.
 */
export class Pool {
  readonly workers: WorkerLink[] = []
  private readonly backlog = new Fifo<Task>()
  private turn = 0
  private failedStarts = 0
  private startError: unknown

  constructor(
    private readonly encoder: Encoder,
    private readonly startWorker: (index: number) => WorkerLink,
    private readonly sent: (link: WorkerLink) => void,
    private readonly failed: (task: Task, error: Error) => void,
    size: number,
  ) {
    for (let i = 0; i < size; i++) this.workers.push(startWorker(i))
  }

  /** Sends a task whose payload is in `encoder`, or keeps a copy until there is room. */
  submit(task: Task, encoder: Encoder): void {
    if (this.backlog.length === 0 && this.workers.length > 0) {
      const link = this.choose()
      if (link.send(task, encoder)) {
        this.sent(link)
        return
      }
      for (const other of this.workers)
        if (other !== link && other.send(task, encoder)) {
          this.sent(other)
          return
        }
    }
    task.payload = encoder.copy()
    this.backlog.push(task)
    if (this.workers.length === 0) this.giveUp()
  }

  /** The first idle worker from where we last were (it may still be spinning), else the one that owes least. */
  private choose(): WorkerLink {
    const { workers } = this
    const size = workers.length
    let best = this.turn
    for (let i = 0, at = best; i < size; i++) {
      const { inFlight } = workers[at]!
      if (inFlight < workers[best]!.inFlight) best = at
      if (inFlight === 0) break
      if (++at === size) at = 0
    }
    this.turn = best
    return workers[best]!
  }

  /** Sends what waits, as far as there is room. */
  refill(): void {
    for (let task = this.backlog.peek(); task !== undefined; task = this.backlog.peek()) {
      if (this.workers.length === 0) {
        this.giveUp()
        return
      }
      const link = this.workers.reduce((least, other) => (other.inFlight < least.inFlight ? other : least))
      this.encoder.start()
      this.encoder.raw(task.payload!)
      if (!link.send(task, this.encoder)) return
      task.payload = undefined
      this.backlog.shift()
      this.sent(link)
    }
  }

  /** Gives idle workers half of what waits behind a busy one. Called when no reply has come for a while. */
  rebalance(): void {
    for (const idle of this.workers) {
      if (idle.inFlight > 0 || this.backlog.length > 0) continue
      const loaded = this.workers.reduce((most, other) => (other.inFlight > most.inFlight ? other : most))
      if (loaded.inFlight < 2) return
      const waiting = loaded.unanswered()
      // The newest half: the older ones are nearer to being run where they are.
      const taken = waiting.slice(-Math.floor(waiting.length / 2)).filter((task) => loaded.revoke(task))
      this.backlog.unshift(taken)
      this.refill()
    }
  }

  /** Takes a task out of the backlog. */
  forget(task: Task): boolean {
    return this.backlog.remove(task)
  }

  /** Sends tasks again before all others. */
  requeue(tasks: readonly Task[]): void {
    this.backlog.unshift(tasks)
  }

  /** A worker is gone: another takes its place, unless workers cannot start at all. */
  replace(link: WorkerLink, ranBefore: boolean, error: unknown): void {
    this.failedStarts = ranBefore ? 0 : this.failedStarts + 1
    this.startError = error
    const at = this.workers.indexOf(link)
    if (at < 0) return
    if (this.failedStarts < MAX_FAILED_STARTS) this.workers[at] = this.startWorker(at)
    else this.workers.splice(at, 1)
    this.turn = 0
    this.refill()
  }

  private giveUp(): void {
    for (const task of this.backlog.clear()) {
      this.failed(task, new WorkerCrashedError(`${task.name}: worker threads cannot be started`, { cause: this.startError }))
    }
  }

  /** Takes out all tasks that were not sent. */
  clear(): Task[] {
    return this.backlog.clear()
  }
}
