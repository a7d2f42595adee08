/// <reference lib="es2024.sharedmemory" />
import type { Pump } from '../engine/pump.js'
import { type Bell, wakeWorker } from './bell.js'
import type { Executor } from './executor.js'
import * as layout from './layout.js'

/** After the last task the worker looks for another this long before it sleeps: a wake costs the submitter a system call and 20–50 µs. */
const SPIN_MS = 0.05
/** After so many tasks, or so long, the event loop gets a turn: timers, ports and promises of earlier tasks. */
const TURN_TASKS = 512
const TURN_MS = 2

/**
 * When a worker runs, spins, listens and sleeps.
 *
 *     replies ──▶ hand them out, let the continuations run
 *     tasks ──▶ run            a task is open, or a timer or socket of the user's ──▶ listen (waitAsync, event loop turns)
 *     nothing ──▶ spin ──▶ one turn of the event loop ──▶ nothing else alive in this thread ──▶ sleep (Atomics.wait)
 *
 * A thread asleep in Atomics.wait runs nothing: no promise, no timer, no message. So it sleeps only when nothing of the
 * kind is outstanding, and the main thread rings the bell after each control message.
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
  /** Tasks were taken since the gate was opened: one at least, so that nobody starves behind those who borrow the CPU. */
  private took = true
  /** What is under way has not ended within its microtasks. */
  private patient = false
  private waitsForTurn = false
  /** Awake since just now. */
  private fresh = true
  private readonly words: Int32Array

  constructor(
    private readonly bell: Bell,
    private readonly pool: Int32Array,
    private readonly executor: Executor,
    private readonly pump: Pump,
    private readonly tools: {
      /** Whether this is a worker for tasks. */
      readonly takesTasks: boolean
      now(): number
      /** Bells of the other workers for tasks. */
      readonly peers: readonly Bell[]
      /** This worker has given its CPU away. */
      paused(): void
    },
  ) {
    this.words = bell.words
  }

  /** `ordinary` resources are this runtime's own; more than those are the user's. */
  start(): void {
    setImmediate(() => {
      this.ordinary = liveResources()
      this.later()
    })
  }

  /** A message of a control port has been handled. */
  controlHandled(): void {
    this.handled++
    this.later()
  }

  /**
   * An answer is about to be sent, and the one who gets it may submit the next task at once: with nothing else to do we are
   * the ones who look for it, so nobody needs to be woken.
   */
  answering(): void {
    if (!this.tools.takesTasks || this.executor.more()) return
    this.bell.looks()
    this.fresh = true
  }

  /** Goes on after an async task or when replies have been handed out; a turn that is already due comes first. */
  resume(): void {
    if (!this.scheduled) this.turn()
    else this.handOver()
  }

  /** Who said that it looks for tasks, and cannot just now, lets another look. */
  private handOver(): void {
    if (this.fresh) this.looked(false)
  }

  private later(): void {
    if (this.scheduled) return
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      this.ran = 0
      this.pump.turned()
      this.turnStart = performance.now()
      this.executor.mark = this.tools.now()
      Atomics.add(this.words, layout.HEARTBEAT, 1)
      this.turn()
    })
  }

  private turn(): void {
    this.bell.awake()
    for (;;) {
      if (this.pump.drain() > 0) {
        // The continuations of those who waited come before new tasks, which others may take meanwhile.
        if (this.fresh) this.looked(false)
        this.pump.look()
        return
      }
      if (!this.run()) return
      if (this.spin()) {
        // What was found may stay out of reach: the lock of a queue whose taker has died is opened by a message.
        if (!this.controlWaits() && performance.now() - this.turnStart < TURN_MS) continue
        this.later()
        return
      }
      if (this.executor.open === 0 && !this.settled) {
        this.settled = true
        this.later()
        return
      }
      if (this.executor.open > 0 || this.pump.holds > 0 || this.controlWaits() || liveResources() > this.ordinary) {
        this.listen()
        return
      }
      this.sleep()
    }
  }

  /** Runs what waits. False: stop here, a scheduled turn, a reply or the end of an open task goes on. */
  private run(): boolean {
    const { executor } = this
    while (executor.free) {
      const open = this.gateOpen()
      if (this.fresh) this.looked(open)
      if (!executor.step(open)) return true
      this.took = true
      this.settled = false
      this.patient = false
      this.ran++
      if (this.pump.owed()) return true
      if (this.ran >= TURN_TASKS || this.controlWaits() || ((this.ran & 15) === 0 && performance.now() - this.turnStart > TURN_MS)) {
        this.handOver()
        this.later()
        return false
      }
    }
    this.handOver()
    // An actor that may begin no more, or a task that is under way. Most of these end within their microtasks; replies and
    // the bell are listened for from the next turn on.
    if (this.patient) this.listen()
    else this.becomePatient()
    return false
  }

  private becomePatient(): void {
    if (this.waitsForTurn) return
    this.waitsForTurn = true
    setImmediate(() => {
      this.waitsForTurn = false
      this.patient = true
      this.resume()
    })
  }

  /** Who has looked for tasks wakes another if there is more than it takes: the submitters relied on us. */
  private looked(open: boolean): void {
    this.fresh = false
    this.bell.looked()
    if (open ? this.executor.several() : this.executor.more()) wakeWorker(this.pool, this.tools.peers)
  }

  /** Whether tasks may be taken. Asked to pause, a worker does so once it has taken one task, or there is none. */
  private gateOpen(): boolean {
    const gate = Atomics.load(this.words, layout.GATE)
    if (gate === layout.OPEN) return true
    if (gate === layout.PAUSED) {
      this.took = false
      return false
    }
    if (!this.took && this.executor.more()) return true
    this.took = false
    // Compare-exchange: the main thread may just have opened it again.
    if (Atomics.compareExchange(this.words, layout.GATE, layout.PAUSE, layout.PAUSED) === layout.PAUSE) {
      this.tools.paused()
      // It may have come while we were the one that looks, and nobody else was woken for it.
      if (this.executor.more()) wakeWorker(this.pool, this.tools.peers)
    }
    return false
  }

  private takesTasks(): boolean {
    return this.tools.takesTasks && Atomics.load(this.words, layout.GATE) !== layout.PAUSED
  }

  private spin(): boolean {
    if (this.settled && this.executor.open === 0) return false
    if (this.executor.open > 0 && this.pump.holds === 0) return false
    const takes = this.takesTasks()
    // One who looks for tasks is enough, and the CPU that a second would burn may be the submitter's.
    if (takes && this.pump.holds === 0 && this.bell.othersLook()) return false
    const end = performance.now() + SPIN_MS
    let found = false
    do {
      if (takes) this.bell.looks()
      for (let i = 0; i < 16 && !found; i++) found = this.executor.ready(takes) || this.pump.ready()
    } while (!found && performance.now() < end)
    if (takes) this.bell.looked()
    if (found) this.begin()
    return found
  }

  /** Load: what the main thread has posted. More than we have handled means that a message lies in a port. */
  private controlWaits(): boolean {
    return Atomics.load(this.words, layout.CONTROL_SENT) !== this.handled
  }

  private sleep(): void {
    const bell = this.announce(layout.ASLEEP_TAKES)
    // Returns at once if the bell has rung since it was read.
    if (bell !== undefined) Atomics.wait(this.words, layout.BELL, bell)
    this.bell.awake()
    this.begin()
  }

  private begin(): void {
    this.fresh = true
    // Whoever was woken for a task that another has taken looks for the next: the wake has cost more than the look.
    this.settled = false
    this.executor.mark = this.tools.now()
  }

  private listen(): void {
    const bell = this.announce(layout.LISTENS_TAKES)
    if (bell === undefined) {
      this.later()
      return
    }
    if (this.listening) return
    const { async, value } = Atomics.waitAsync(this.words, layout.BELL, bell)
    if (!async) {
      this.later()
      return
    }
    this.listening = true
    value.then(() => {
      this.listening = false
      this.bell.awake()
      this.begin()
      this.resume()
    })
  }

  /**
   * Says that we are about to sleep and returns the bell's value to wait on; undefined if there is work after all.
   * The order matters: bell, then ASLEEP, then the rings. Who has work writes the ring, then looks at ASLEEP.
   */
  private announce(how: typeof layout.ASLEEP_TAKES | typeof layout.LISTENS_TAKES): number | undefined {
    const takes = this.takesTasks()
    this.bell.looked()
    const bell = this.bell.announce(takes && this.executor.free ? how : layout.ASLEEP_ELSE)
    const work =
      this.gateMoved(takes) || this.executor.ready(takes) || this.pump.ready() || (this.executor.open === 0 && this.controlWaits())
    if (!work) return bell
    this.bell.awake()
    return undefined
  }

  /** Load: the main thread moves the gate, and then looks whether we sleep. */
  private gateMoved(tookTasks: boolean): boolean {
    if (!this.tools.takesTasks || !this.executor.free) return false
    const gate = Atomics.load(this.words, layout.GATE)
    return gate === layout.PAUSE || (gate === layout.OPEN) !== tookTasks
  }
}

function liveResources(): number {
  return process.getActiveResourcesInfo().filter((name) => name !== 'Immediate').length
}
