import { PENDING } from '../api/object-ref.js'
import { bringAll, type Task } from '../scheduler/task.js'
import type { Encoder } from '../store/encoder.js'
import { CALL, TASK } from '../worker/layout.js'
import { Link } from '../worker/link.js'
import type { Arguments } from './arguments.js'
import type { LocalEngine } from './local.js'
import type { ThreadTools } from './thread-tools.js'

/** From a task to the place where it is carried out: the queue, an actor's ring, or the main thread; and again, after a failure. */
export class Sending {
  /** Tasks whose arguments are not there yet. */
  readonly unready = new Set<Task>()
  /** What goes on when a lost value is there again. */
  private readonly onArrival: (() => void)[] = []
  private connected = false

  constructor(
    private readonly engine: LocalEngine,
    private readonly args: Arguments,
    /** For payloads that are sent again or late, as raw bytes: no code of a user's runs while it is in use. */
    private readonly relay: Encoder,
    private readonly tools: ThreadTools,
  ) {}

  /** Lets the workers take from this thread's queue. */
  connect(): void {
    if (this.connected) return
    this.connected = true
    this.tools.connectPool(this.engine)
  }

  /** Sends a task whose arguments are in `encoder`, or keeps them until the rest is there. */
  dispatch(task: Task, encoder: Encoder): void {
    if (task.kind !== TASK) this.engine.calls.send(task, encoder)
    else if (task.failure !== undefined) this.engine.outcomes.fail(task, task.failure)
    else if (task.missing > 0) {
      task.payload = encoder.copy()
      this.unready.add(task)
    } else this.send(task, encoder)
  }

  private send(task: Task, encoder: Encoder): void {
    const { engine } = this
    if (task.needs !== undefined) {
      engine.entrusted.run(task, { bytes: encoder.copy(), attachments: task.attachments })
      return
    }
    this.connect()
    engine.pool.submit(task, encoder)
    engine.pump.expect()
  }

  /** The last of the values that a task waited for has settled. */
  argumentsSettled(task: Task): void {
    if (task.kind !== TASK) {
      this.engine.calls.settled(task)
      return
    }
    if (!this.unready.delete(task)) return
    this.args.complete(task)
    if (task.failure !== undefined) {
      this.engine.outcomes.fail(task, task.failure)
      return
    }
    this.now(task)
  }

  /** Sends a task whose arguments were encoded before. */
  now(task: Task): void {
    this.relay.start()
    this.relay.raw(task.payload!)
    task.payload = undefined
    this.send(task, this.relay)
  }

  /** Sends a task to a certain thread: false if its ring is full. */
  to(link: Link, task: Task): boolean {
    if (!this.bringAll(task)) {
      if (task.failure !== undefined) this.engine.outcomes.fail(task, task.failure)
      else
        this.onceArrived(() => {
          // It may have been cancelled meanwhile.
          if (task.ref.state === PENDING) this.to(link, task)
        })
      return true
    }
    this.relay.start()
    this.relay.raw(task.payload!)
    const sent = link.send(task, this.relay)
    if (sent) this.engine.pump.expect(link)
    return sent
  }

  /** Whether a task's large arguments are in memory; brings them back, or says why not. */
  bringAll(task: Task): boolean {
    try {
      return bringAll(task.attachments)
    } catch (error) {
      task.failure = error
      return false
    }
  }

  /** Calls back when a lost value was made again, or there is room for one: it may not be the one that is waited for. */
  onceArrived(resume: () => void): void {
    this.onArrival.push(resume)
  }

  arrived(): void {
    for (const resume of this.onArrival.splice(0)) resume()
    this.refill()
  }

  /** There may be room for what waits. */
  refill(): void {
    if (this.engine.closed) return
    this.engine.pool.refill()
    this.engine.calls.refill()
  }

  /** Takes an answered task out of where it was sent. */
  free(task: Task): void {
    if (task.link instanceof Link) task.link.free(task)
    else if (task.slot >= 0) this.engine.pool.free(task)
  }

  /** Runs a task again that threw and may have another try. */
  again(task: Task, link: Link): void {
    const { pool, calls, pump } = this.engine
    if (task.link === undefined) {
      pool.recover(task)
      pool.release(task)
    } else {
      if (task.payload !== undefined) link.recover(task)
      this.free(task)
    }
    task.stream?.rewind()
    if (task.kind === CALL) calls.again(task)
    else if (task.alone) this.to(link, task)
    else pool.requeue([task])
    pump.expect()
  }

  /** The connection to the thread that runs a task now. */
  runner(sent: Task): Link | undefined {
    const task = sent.relay ?? sent
    if (task.link instanceof Link) return task.link
    return task.slot < 0 ? undefined : this.engine.links.get(this.engine.pool.taker(task))
  }
}
