import type { ActorDiedError } from '../api/errors.js'
import type { Encoder } from '../store/encoder.js'
import type { Link } from '../worker/link.js'
import { Fifo } from './fifo.js'
import { diedUnder } from './outcomes.js'
import { bringAll, type Task } from './task.js'

/** An actor as one of its callers sees it: the connection, and the calls that are not in its ring yet. Calls reach it in the order they were made. */
export class ActorClient {
  /** Calls behind one whose arguments are not there yet, behind a full ring, or made before it lives. */
  readonly waiting = new Fifo<Task>()
  /** While it lives. */
  link: Link | undefined = undefined
  death: ActorDiedError | undefined = undefined
  /** A connection has been asked for. */
  connecting = false
  constructor(
    readonly actorId: number,
    readonly className: string,
  ) {}

  /** Sends what can be sent, in order; true: there was no room for more. `complete` puts what a call waited for behind its arguments, or sets its failure. */
  flush(
    encoder: Encoder,
    complete: (task: Task) => void,
    sent: (link: Link) => void,
    failed: (task: Task, error: unknown) => void,
  ): boolean {
    for (let task = this.waiting.peek(); task !== undefined; task = this.waiting.peek()) {
      if (this.death !== undefined) {
        this.waiting.shift()
        failed(task, diedUnder(task, this.death))
        continue
      }
      if (task.missing > 0) return false
      complete(task)
      if (task.failure === undefined && task.attachments.length > 0) {
        try {
          if (!bringAll(task.attachments)) return true
        } catch (error) {
          task.failure = error
        }
      }
      if (task.failure !== undefined) {
        this.waiting.shift()
        failed(task, task.failure)
        continue
      }
      const { link } = this
      if (link === undefined) return false
      encoder.start()
      encoder.raw(task.payload!)
      if (!link.send(task, encoder)) return true
      // Kept for another try, if it may have one.
      if (!task.keeps) task.payload = undefined
      this.waiting.shift()
      sent(link)
    }
    return false
  }
}
