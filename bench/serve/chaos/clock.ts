/**
 * Loaded before a process's own code: its wall clock goes as wrong as its parent says. What measures durations is left alone, since no
 * system lets that jump.
 */
import type { ClockMessage } from './frontend-main.js'

const RealDate = Date
let aheadMs = 0

class WrongDate extends RealDate {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(RealDate.now() + aheadMs)
    else super(...(given as [number]))
  }

  static override now(): number {
    return RealDate.now() + aheadMs
  }
}

globalThis.Date = WrongDate as DateConstructor
process.on('message', (message: Partial<ClockMessage>) => {
  aheadMs = message.aheadMs ?? aheadMs
})
