import type { Inlet, Memory } from './inlet.js'
import * as layout from './layout.js'

/** One task in so many comes from the others' queues though the thread's own has some. */
const OTHERS_EVERY = 64
/** The others' queues take turns of so many tasks. */
const TURN_OF_OTHERS = 16

/**
 * Where a thread's next request comes from. Requests that were sent to this very thread come first, from all clients in turn;
 * then tasks, which any worker may take: from the queue of the thread itself, then from the others'.
 */
export class Intake {
  /** Those that something has come through, the thread's own first. The others cost nothing: most threads never send this one anything. */
  private readonly inlets: Inlet[] = []
  private readonly silent: Inlet[] = []
  /** How often somebody had spoken for the first time when the silent ones were looked at. */
  private spoke = 0
  private turn = 0
  /** Counts tasks taken, and says from whose queue the last came. */
  private taken = 0
  private others = -1

  constructor(
    private readonly index: number,
    private readonly pool: Int32Array,
    /** Nobody but the main thread is heard: an actor is under construction. */
    public onlyMain: boolean,
    /** Takes a request at an index in words. `queued`: it comes from a queue. */
    private readonly accept: (inlet: Inlet, memory: Memory, at: number, queued: boolean) => void,
  ) {}

  add(inlet: Inlet): void {
    if (!this.heard(inlet)) this.silent.push(inlet)
  }

  private heard(inlet: Inlet): boolean {
    if (!inlet.used) return false
    if (inlet.client === this.index) this.inlets.unshift(inlet)
    else this.inlets.push(inlet)
    return true
  }

  /** Those who have spoken since the last look are listened to from now on. */
  private listen(): void {
    // Load: who speaks first writes its record, and then here. Before the look: who speaks during it is seen by the next.
    const spoke = Atomics.load(this.pool, layout.SPOKE)
    if (spoke === this.spoke) return
    this.spoke = spoke
    const { silent } = this
    for (let i = silent.length - 1; i >= 0; i--) if (this.heard(silent[i]!)) silent.splice(i, 1)
  }

  remove(client: number): boolean {
    for (const list of [this.inlets, this.silent]) {
      const at = list.findIndex((inlet) => inlet.client === client)
      if (at < 0) continue
      const [inlet] = list.splice(at, 1)
      inlet!.close()
      return true
    }
    return false
  }

  /** Whether something waits. */
  ready(takesTasks: boolean): boolean {
    this.listen()
    for (const inlet of this.inlets) {
      if (this.hears(inlet) && inlet.requests.ready()) return true
      if (takesTasks && inlet.queue?.ready()) return true
    }
    return false
  }

  /** Accepts what comes next. False: there is nothing. */
  step(takesTasks: boolean): boolean {
    this.listen()
    const { inlets } = this
    const count = inlets.length
    for (let i = 0; i < count; i++) {
      if (++this.turn >= count) this.turn = 0
      const inlet = inlets[this.turn]!
      if (!this.hears(inlet)) continue
      const at = inlet.requests.next()
      if (at < 0) continue
      this.request(inlet, at)
      return true
    }
    if (!takesTasks) return false
    // Its own tasks first, but for one in so many: those of others do not wait behind tasks that go on making more.
    const own = ++this.taken % OTHERS_EVERY !== 0 && inlets[0]?.client === this.index
    if (own && this.take(inlets[0]!)) return true
    for (let i = 0; i < count; i++) {
      if (++this.others >= count) this.others = 0
      if (this.take(inlets[this.others]!)) {
        // The same again next time, for a while: each has its functions and its memory warm.
        if (this.taken % TURN_OF_OTHERS !== 0) this.others--
        return true
      }
    }
    return false
  }

  private take(inlet: Inlet): boolean {
    const at = inlet.queue === undefined ? -1 : inlet.queue.take()
    if (at < 0) return false
    this.accept(inlet, inlet.queued!, at, true)
    return true
  }

  private request(inlet: Inlet, at: number): void {
    const { words } = inlet.channel
    if ((words[at + layout.KIND]! & layout.KIND_MASK) === layout.DROP_HANDLE) {
      inlet.forgetDropped()
      inlet.pass(at)
      // Compare-exchange: the client does the same with REVOKED to take a request back; whoever finds QUEUED has it.
    } else if (Atomics.compareExchange(words, at + layout.STATUS, layout.QUEUED, layout.CLAIMED) !== layout.QUEUED) inlet.pass(at)
    else this.accept(inlet, inlet.channel, at, false)
  }

  private hears(inlet: Inlet): boolean {
    return !this.onlyMain || inlet.client === 0
  }

  /** Whether tasks wait in the queues. */
  more(): boolean {
    this.listen()
    for (const inlet of this.inlets) if (inlet.queue?.ready()) return true
    return false
  }

  /** Whether the queues hold more than one task, as far as can be seen from outside. */
  several(): boolean {
    this.listen()
    let waiting = 0
    for (const inlet of this.inlets) {
      if (!inlet.queue?.ready()) continue
      if (inlet.queue.several() || ++waiting > 1) return true
    }
    return false
  }
}
