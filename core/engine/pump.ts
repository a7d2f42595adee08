/// <reference lib="es2024.sharedmemory" />
import { DRIVER_ARMED, DRIVER_BELL, DRIVER_BELL_BYTES } from '../worker/layout.js'
import type { WorkerLink } from '../worker/link.js'

/** Longest look for a reply before sleeping, while somebody waits for one. A wake by waitAsync takes some 30 µs. */
const SPIN_MS = 0.05
/** A miss halves the look, down to this: a worker that is awake answers a short task in 2 µs. */
const SPIN_FLOOR_MS = 0.005
/** One look in PROBE after misses is long enough for a worker to be woken and answer, so that both sides get out of sleeping in turn. */
const PROBE = 16
const PROBE_MS = 0.12
/** So many looks may follow each other in microtasks before the event loop gets a turn. */
const TURN_LOOKS = 64

/**
 * The driver's receiving side: looks into the reply rings when something is expected, and sleeps in the event loop when not.
 *
 * After `.remote()` a look is due as a microtask, so it comes after the code that submits and before any I/O. A look that
 * finds replies hands them out and asks for another (the continuations run in between). One that finds nothing spins for
 * some microseconds if somebody waits, then arms the bell: the next reply's worker rings it through Atomics.waitAsync.
 */
export class Pump {
  readonly bell = new SharedArrayBuffer(DRIVER_BELL_BYTES)
  private readonly words = new Int32Array(this.bell)
  /** Links that owe replies. */
  private readonly busy: WorkerLink[] = []
  private readonly links = new Set<WorkerLink>()
  private due = false
  private armed = false
  private listening = false
  private looks = 0
  private spinMs = SPIN_MS
  private misses = 0
  private holds = 0
  private closed = false
  /** Atomics.waitAsync does not keep the process alive; this does, while a `get` is outstanding. */
  private readonly keepAlive = setInterval(() => {}, 2 ** 31 - 1).unref()

  /** `quiet` is called before the driver goes to sleep; it may send something, which makes another look due. */
  constructor(
    private readonly afterReplies: () => void,
    private readonly quiet: () => void,
  ) {}

  add(link: WorkerLink): void {
    this.links.add(link)
    this.look()
  }

  remove(link: WorkerLink): void {
    this.links.delete(link)
    const at = this.busy.indexOf(link)
    if (at >= 0) this.busy.splice(at, 1)
    link.listed = false
  }

  /** A request went out: a reply is to come. */
  expect(link: WorkerLink): void {
    if (!link.listed) {
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
    const { busy } = this
    for (let i = busy.length - 1; i >= 0; i--) {
      const link = busy[i]!
      count += link.drain()
      if (link.inFlight > 0) continue
      link.listed = false
      busy[i] = busy.at(-1)!
      busy.pop()
    }
    if (count > 0) this.afterReplies()
    return count
  }

  close(): void {
    this.closed = true
    clearInterval(this.keepAlive)
  }

  private look(): void {
    if (this.closed) return
    this.due = true
    // While we look anyway, no worker needs to make the system call.
    if (this.armed) this.disarm()
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
    if (this.drain() > 0 || (this.holds > 0 && this.spin())) this.look()
    else this.sleep()
  }

  private spin(): boolean {
    const { busy } = this
    if (busy.length === 0) return false
    const end = performance.now() + (this.misses % PROBE === PROBE - 1 ? PROBE_MS : this.spinMs)
    do {
      for (let round = 0; round < 16; round++) {
        for (let i = 0; i < busy.length; i++) {
          if (!busy[i]!.ready()) continue
          this.spinMs = SPIN_MS
          this.misses = 0
          return true
        }
      }
    } while (performance.now() < end)
    this.misses++
    this.spinMs = Math.max(this.spinMs / 2, SPIN_FLOOR_MS)
    return false
  }

  private sleep(): void {
    this.quiet()
    if (this.due) return
    if (this.holds > 0) this.keepAlive.ref()
    else this.keepAlive.unref()
    const seen = Atomics.load(this.words, DRIVER_BELL)
    // Store before the last look: a worker publishes its reply and then loads this word. Either we see the reply or it sees us armed.
    Atomics.store(this.words, DRIVER_ARMED, 1)
    this.armed = true
    for (const link of this.links) {
      if (!link.ready()) continue
      link.drain()
      this.afterReplies()
      this.look()
      return
    }
    // An earlier waitAsync that has not been rung still waits on the same value.
    if (this.listening) return
    const { async, value } = Atomics.waitAsync(this.words, DRIVER_BELL, seen)
    if (!async) {
      this.look()
      return
    }
    this.listening = true
    value.then(() => {
      this.listening = false
      this.looks = 0
      // Whoever rang may owe nothing (output, a crash): look at all, not only at those that owe.
      let count = 0
      for (const link of this.links) count += link.drain()
      if (count > 0) this.afterReplies()
      if (!this.due) this.look()
    })
  }

  private disarm(): void {
    this.armed = false
    Atomics.store(this.words, DRIVER_ARMED, 0)
  }
}
