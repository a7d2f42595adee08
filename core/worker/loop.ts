/// <reference lib="es2024.sharedmemory" />
import type { Executor } from './executor.js'
import * as layout from './layout.js'

/** After the last task the worker looks for another this long before it sleeps: a wake costs the driver a system call and 20–50 µs. */
const SPIN_MS = 0.05
/** After so many tasks, or so long, the event loop gets a turn: timers, ports and promises of earlier tasks. */
const TURN_TASKS = 512
const TURN_MS = 2

/**
 * When a worker runs, spins, listens and sleeps.
 *
 *     ring not empty ──▶ run            a task is open, or a timer or socket of the user's ──▶ listen (waitAsync, event loop turns)
 *     ring empty ──▶ spin ──▶ one turn of the event loop ──▶ nothing else alive in this thread ──▶ sleep (Atomics.wait)
 *
 * A thread asleep in Atomics.wait runs nothing: no promise, no timer, no message. So it sleeps only when nothing of the
 * kind is outstanding, and the driver rings the bell after each control message.
 */
export class WorkerLoop {
  private scheduled = false
  private listening = false
  /** The event loop has had a turn since the last task. */
  private settled = false
  private ran = 0
  private turnStart = 0
  private handled = 0
  private ordinary = 0

  constructor(
    private readonly words: Int32Array,
    private readonly executor: Executor,
  ) {}

  /** `ordinary` resources are this runtime's own; more than those are the user's. */
  start(): void {
    setImmediate(() => {
      this.ordinary = liveResources()
      this.later()
    })
  }

  /** A message of the control port has been handled. */
  controlHandled(): void {
    this.handled++
    this.later()
  }

  /** Goes on after an async task; a turn that is already due comes first. */
  resume(): void {
    if (!this.scheduled) this.pump()
  }

  private later(): void {
    if (this.scheduled) return
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      this.ran = 0
      this.turnStart = performance.now()
      this.pump()
    })
  }

  private pump(): void {
    for (;;) {
      if (!this.runWaiting()) return
      if (this.spin()) continue
      if (this.executor.open === 0 && !this.settled) {
        this.settled = true
        this.later()
        return
      }
      if (this.executor.open > 0 || this.controlWaits() || liveResources() > this.ordinary) {
        this.listen()
        return
      }
      this.sleep()
    }
  }

  /** Runs what waits. False: stop here, a scheduled turn or the end of an open task goes on. */
  private runWaiting(): boolean {
    const { executor } = this
    while (executor.free) {
      const at = executor.requests.next()
      if (at < 0) return true
      this.settled = false
      executor.begin(at)
      this.ran++
      if (this.ran >= TURN_TASKS || this.controlWaits() || ((this.ran & 15) === 0 && performance.now() - this.turnStart > TURN_MS)) {
        this.later()
        return false
      }
    }
    return false
  }

  private spin(): boolean {
    if (this.executor.open > 0 || this.settled) return false
    const end = performance.now() + SPIN_MS
    do {
      for (let i = 0; i < 64; i++) if (this.executor.requests.ready()) return true
    } while (performance.now() < end)
    return false
  }

  /** Load: what the driver has posted. More than we have handled means that a message lies in the port. */
  private controlWaits(): boolean {
    return Atomics.load(this.words, layout.CONTROL_SENT) !== this.handled
  }

  private sleep(): void {
    const bell = this.announce()
    // Returns at once if the bell has rung since it was read.
    if (bell !== undefined) Atomics.wait(this.words, layout.WORKER_BELL, bell)
    Atomics.store(this.words, layout.WORKER_ASLEEP, 0)
  }

  private listen(): void {
    const bell = this.announce()
    if (bell === undefined) {
      this.later()
      return
    }
    if (this.listening) return
    const { async, value } = Atomics.waitAsync(this.words, layout.WORKER_BELL, bell)
    if (!async) {
      this.later()
      return
    }
    this.listening = true
    value.then(() => {
      this.listening = false
      Atomics.store(this.words, layout.WORKER_ASLEEP, 0)
      this.resume()
    })
  }

  /**
   * Says that we are about to sleep and returns the bell's value to wait on; undefined if there is work after all.
   * The order matters: bell, then ASLEEP, then the ring. The driver writes the ring, then looks at ASLEEP.
   */
  private announce(): number | undefined {
    const bell = Atomics.load(this.words, layout.WORKER_BELL)
    Atomics.store(this.words, layout.WORKER_ASLEEP, 1)
    const work = (this.executor.free && this.executor.requests.ready()) || (this.executor.open === 0 && this.controlWaits())
    if (!work) return bell
    Atomics.store(this.words, layout.WORKER_ASLEEP, 0)
    return undefined
  }
}

function liveResources(): number {
  return process.getActiveResourcesInfo().filter((name) => name !== 'Immediate').length
}
