import type { ActorShape } from '../api/actor-handle.js'
import { Decoder, type Names } from '../store/decoder.js'
import type { OpenTask } from './context.js'
import type { Inlet, Memory } from './inlet.js'
import type { Lane } from './lane.js'
import * as layout from './layout.js'

/** A request that has been read. */
export interface Request {
  readonly inlet: Inlet
  readonly task: OpenTask
  readonly kind: number
  readonly slot: number
  readonly what: number
  readonly args: unknown[]
  readonly lane: Lane<Request>
}

/** Refs and handles that arrive in a thread. */
export interface Borrower {
  ref(id: number): object
  actor(id: number, shape: ActorShape): object
  /** Tells the main thread which have arrived. */
  settle(): void
}

/** Reads the arguments out of requests. */
export class RequestReader implements Names {
  private readonly decoder = new Decoder(this)
  private inlet: Inlet | undefined

  constructor(private readonly borrower: Borrower) {}

  /** The arguments of the request at an index in words; throws what is wrong with them. */
  args(inlet: Inlet, { words, buffer, view }: Memory, at: number): unknown[] {
    this.inlet = inlet
    const kind = words[at + layout.KIND]!
    const start = at * 4 + layout.REQUEST_HEADER
    if (kind & layout.OVERSIZE) {
      const shelf = inlet.handle(view.getFloat64(start, true), true) as SharedArrayBuffer
      this.decoder.open(Buffer.from(shelf), new DataView(shelf), 0)
    } else this.decoder.open(buffer, view, start)
    const args = (kind & layout.KIND_MASK) === layout.RESTORE ? [this.decoder.section()] : this.decoder.args()
    this.borrower.settle()
    return args
  }

  handle(id: number, once: boolean) {
    return this.inlet!.handle(id, once)
  }

  ref(id: number): object {
    return this.borrower.ref(id)
  }

  actor(id: number, shape: ActorShape): object {
    return this.borrower.actor(id, shape)
  }
}
