import { writeSync } from 'node:fs'
import pino, { type Logger } from 'pino'
import { LOG_LEVELS, LogBook, type LogLevel } from './log-book.js'

const STDERR = 2
/** With it pino tells what the line it writes was made of. */
const METADATA = Symbol.for('pino.metadata')

/** A full disk, or a reader that left, must not end the serving: the line is lost. */
function writeError(line: string): void {
  try {
    writeSync(STDERR, line)
  } catch {
    // There is nowhere to say so.
  }
}

/** The structured log: lines of JSON on standard error from `level` on; in the book too, and there from 'info' on in any case. */
export function makeLog(level: LogLevel | 'silent'): { log: Logger; book: LogBook } {
  const toError = level === 'silent' ? Number.POSITIVE_INFINITY : LOG_LEVELS[level]
  const kept = Math.min(LOG_LEVELS.info, toError)
  const nameOf = (lowest: number) => Object.entries(LOG_LEVELS).find(([, number]) => number === lowest)![0]
  const book = new LogBook(kept, (lowest) => {
    log.level = nameOf(lowest)
  })
  const destination = {
    [METADATA]: true,
    lastLevel: 0,
    lastObj: {},
    write(line: string) {
      if (this.lastLevel >= toError) writeError(line)
      book.write(line.trimEnd(), this.lastLevel, this.lastObj ?? {})
    },
  }
  const log: Logger = pino({ level: nameOf(kept), name: 'gymnura' }, destination)
  return { log, book }
}
