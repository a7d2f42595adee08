import { FAILED, type ObjectRef, PENDING, READY } from '../api/object-ref.js'
import type { RefBook } from '../control/ref-book.js'
import { DependencyWaiter, type Task } from '../scheduler/task.js'
import { Encoder } from '../store/encoder.js'
import { refuseShared } from '../store/refusal.js'

/** Encodes the arguments of calls, and waits for those that are refs. */
export class Arguments {
  private readonly encoder = new Encoder(true)

  constructor(
    private readonly book: RefBook,
    /** The last of the values that a task waited for has settled. */
    private readonly settled: (task: Task) => void,
  ) {}

  /** An encoder that nobody uses; its user calls `done`. */
  borrow(): Encoder {
    // A getter of a value being encoded may submit: it gets an encoder of its own.
    const encoder = this.encoder.busy ? new Encoder(true) : this.encoder
    encoder.busy = true
    encoder.leaves = false
    encoder.start()
    return encoder
  }

  /** Encodes a call's arguments. The encoder stays borrowed until its `done`. */
  encode(task: Task, args: unknown[]): Encoder {
    const encoder = this.borrow()
    encoder.leaves = task.leaves
    try {
      const dependencies = encoder.args(args)
      if (dependencies !== undefined) this.depend(task, dependencies, encoder)
      if (encoder.refs.length > 0) {
        task.borrowed = encoder.refs
        this.book.share(task.borrowed)
      }
      if (encoder.attachments.length > 0) task.attachments = encoder.attachments
      task.ref.origin = task
      return encoder
    } catch (error) {
      encoder.done()
      throw error
    }
  }

  private depend(task: Task, dependencies: ObjectRef[], encoder: Encoder): void {
    task.dependencies = dependencies
    this.awaitAll(task)
    if (task.missing === 0 && task.failure === undefined) this.append(task, encoder)
  }

  /** Waits for those of a task's dependencies that are not here. */
  private awaitAll(task: Task): void {
    const waiter = new DependencyWaiter(task, (complete) => this.arrived(complete))
    for (const ref of task.dependencies) {
      if (ref.state === FAILED) task.failure ??= ref.value
      else if (ref.state !== READY || !this.here(ref, task)) {
        task.missing++
        ref.addWaiter(waiter)
      }
    }
  }

  /** All that a task waited for has settled. Some of it may have left this thread again meanwhile. */
  private arrived(task: Task): void {
    if (task.ref.state !== PENDING) return
    this.awaitAll(task)
    if (task.missing > 0) return
    // Before anything else can leave.
    this.complete(task)
    this.settled(task)
  }

  /** Whether a value is in this thread; what is in the store may be on disk until the task is sent. */
  private here(ref: ObjectRef, task: Task): boolean {
    try {
      return ref.stored !== undefined || ref.bring()
    } catch (error) {
      task.failure ??= error
      return true
    }
  }

  /** Adds the values of a task's dependencies behind its arguments. One that cannot go to another process fails the task. */
  private append(task: Task, encoder: Encoder): void {
    try {
      this.appendAll(task, encoder)
    } catch (error) {
      task.failure = error
    }
    task.dependencies = []
  }

  private appendAll(task: Task, encoder: Encoder): void {
    for (const ref of task.dependencies) {
      if (ref.stored !== undefined) {
        if (task.leaves) refuseShared(ref.stored.attachments, `the value of ${task.name}'s argument`)
        encoder.raw(ref.stored.bytes, ref.stored.attachments, ref.stored.refs)
      } else encoder.section(ref.read(), `the value of ${task.name}'s argument`)
    }
  }

  /**
   * Puts what a task waited for behind its arguments, or sets its failure.
   */
  complete(task: Task): void {
    if (task.dependencies.length === 0) return
    task.failure ??= task.dependencies.find((ref) => ref.state === FAILED)?.value
    if (task.failure !== undefined) return
    const encoder = this.borrow()
    try {
      encoder.raw(task.payload!)
      this.append(task, encoder)
      if (encoder.attachments.length > 0) task.attachments = [...task.attachments, ...encoder.attachments]
      if (encoder.refs.length > 0) {
        task.borrowed = [...task.borrowed, ...encoder.refs]
        this.book.share(encoder.refs)
      }
      task.payload = encoder.copy()
    } catch (error) {
      task.failure = error
    } finally {
      encoder.done()
    }
  }
}
