/// <reference lib="es2024.sharedmemory" />
import type { Bell } from '../worker/bell.js'
import { ASLEEP_ELSE, BELL } from '../worker/layout.js'
import type { Pump } from './pump.js'

/**
 * How the driver rests: after a short look it arms its bell and leaves the thread to the event loop; the next reply's worker
 * rings it through Atomics.waitAsync.
 */
export class DriverRest {
  private listening = false
  /** Atomics.waitAsync does not keep the process alive; this does, while a `get` is outstanding. */
  private readonly keepAlive = setInterval(() => {}, 2 ** 31 - 1).unref()

  constructor(private readonly bell: Bell) {}

  rest(pump: Pump): void {
    if (pump.spin()) {
      pump.look()
      return
    }
    if (pump.holds > 0) this.keepAlive.ref()
    else this.keepAlive.unref()
    const seen = this.bell.announce(ASLEEP_ELSE)
    // Announce before the last look: a worker publishes its reply and then loads that word. Either we see the reply or it sees us asleep.
    if (pump.ready()) {
      pump.drainAll()
      pump.look()
      return
    }
    // An earlier waitAsync that has not been rung still waits on the same value.
    if (this.listening) return
    const { async, value } = Atomics.waitAsync(this.bell.words, BELL, seen)
    if (!async) {
      pump.look()
      return
    }
    this.listening = true
    value.then(() => {
      this.listening = false
      pump.turned()
      // Whoever rang may owe nothing (output, a crash): look at all, not only at those that owe.
      pump.drainAll()
      pump.look()
    })
  }

  /** While we look anyway, no worker needs to make the system call. */
  wake(): void {
    this.bell.awake()
  }

  close(): void {
    clearInterval(this.keepAlive)
  }
}
