import type { Link } from '../worker/link.js'

/** Longest look for a reply before resting, while somebody waits for one. A wake by waitAsync takes some 30 µs. */
const SPIN_MS = 0.05
/** A miss halves the look, down to this: a worker that is awake answers a short task in 2 µs. */
const SPIN_FLOOR_MS = 0.005
/** One look in PROBE after misses is long enough for a worker to be woken and answer, so that both sides get out of sleeping in turn. */
const PROBE = 16
const PROBE_MS = 0.12
/** So many looks may follow each other in microtasks before the event loop gets a turn. */
const TURN_LOOKS = 64

/**
 * A thread's receiving side: looks into the reply rings when something is expected, and rests when not.
 *
 * After `.remote()` a look is due as a microtask, so it comes after the code that submits and before any I/O. A look that
 * finds replies hands them out and asks for another (the continuations run in between). One that finds nothing hands over
 * to `rest`: the driver's event loop or the worker's loop.
 */
export class Pump {
  /** Links that owe replies. */
  private readonly busy: Link[] = []
  readonly links = new Set<Link>()
  private due = false
  private looks = 0
  private spinMs = SPIN_MS
  private misses = 0
  private closed = false
  /** So many `get`s and `wait`s are outstanding. */
  holds = 0

  constructor(
    /** Called after replies were handed out: there may be room now for what waits. */
    private readonly afterReplies: () => void,
    /** Called when nothing is found. */
    private readonly rest: () => void,
    /** Called when a look becomes due after a rest. */
    private readonly wake: () => void,
    /** Links that may answer what was sent to nobody in particular. */
    private readonly anybody: () => readonly Link[],
    /** Called at each look: other threads may need room in the object store. */
    private readonly relieve: () => void,
  ) {}

  get resting(): boolean {
    return !this.due
  }

  add(link: Link): void {
    this.links.add(link)
    this.look()
  }

  remove(link: Link): void {
    this.links.delete(link)
    const at = this.busy.indexOf(link)
    if (at >= 0) this.busy.splice(at, 1)
    link.listed = false
  }

  /** A request went out: a reply is to come, from this link, or from any of the pool. */
  expect(link?: Link): void {
    if (link !== undefined && !link.listed) {
      link.listed = true
      this.busy.push(link)
    }
    if (!this.due) this.look()
  }

  hold(): void {
    if (this.holds++ === 0 && !this.due) this.look()
  }

  release(): void {
    if (--this.holds === 0 && !this.due) this.look()
  }

  /** Hands out what has arrived. */
  drain(): number {
    let count = 0
    this.relieve()
    const { busy } = this
    for (let i = busy.length - 1; i >= 0; i--) {
      const link = busy[i]!
      count += link.drain()
      if (link.inFlight > 0) continue
      link.listed = false
      busy[i] = busy.at(-1)!
      busy.pop()
    }
    for (const link of this.anybody()) count += link.drain()
    if (count > 0) this.afterReplies()
    return count
  }

  /** Looks at all links, also at those that owe nothing: they may have sent output. */
  drainAll(): number {
    let count = 0
    for (const link of this.links) count += link.drain()
    if (count > 0) this.afterReplies()
    return count
  }

  /** Whether replies wait anywhere. */
  ready(): boolean {
    for (const link of this.links) if (link.ready()) return true
    return false
  }

  /** Whether replies wait from those that owe some. Asked after each task that a worker runs, so it looks at nobody else. */
  owed(): boolean {
    const { busy } = this
    for (let i = 0; i < busy.length; i++) if (busy[i]!.ready()) return true
    const pool = this.anybody()
    for (let i = 0; i < pool.length; i++) if (pool[i]!.ready()) return true
    return false
  }

  close(): void {
    this.closed = true
  }

  /** The event loop has had a turn. */
  turned(): void {
    this.looks = 0
  }

  look(): void {
    if (this.closed || this.due) return
    this.due = true
    this.wake()
    if (++this.looks <= TURN_LOOKS) queueMicrotask(this.onDue)
    else
      setImmediate(() => {
        this.looks = 0
        this.onDue()
      })
  }

  private readonly onDue = (): void => {
    this.due = false
    if (this.closed) return
    // What was found resolves promises; their continuations run before the next look.
    if (this.drain() > 0) this.look()
    else this.rest()
  }

  /** Looks for a reply for some microseconds, if somebody waits for one. */
  spin(): boolean {
    if (this.holds === 0) return false
    if (this.busy.length === 0 && this.anybody().length === 0) return false
    const end = performance.now() + (this.misses % PROBE === PROBE - 1 ? PROBE_MS : this.spinMs)
    do {
      for (let round = 0; round < 16; round++) if (this.owed()) return this.found()
    } while (performance.now() < end)
    this.misses++
    this.spinMs = Math.max(this.spinMs / 2, SPIN_FLOOR_MS)
    return false
  }

  private found(): true {
    this.spinMs = SPIN_MS
    this.misses = 0
    return true
  }
}
