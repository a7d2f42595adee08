import { writeSync } from 'node:fs'
import pino, { type Logger } from 'pino'
import { LOG_LEVELS, LogBook, type LogLevel } from './log-book.js'

const STDERR = 2
/** With it pino tells what the line it writes was made of. */
const METADATA = Symbol.for('pino.metadata')

const toStandardError = (line: string) => writeSync(STDERR, `${line}\n`)

/**
 * The structured log: lines of JSON, written from `level` on; in the book too, and there from 'info' on in any case.
 * @param write to standard error where nothing else is said
 */
export function makeLog(level: LogLevel | 'silent', write: (line: string) => unknown = toStandardError): { log: Logger; book: LogBook } {
  const written = level === 'silent' ? Number.POSITIVE_INFINITY : LOG_LEVELS[level]
  const kept = Math.min(LOG_LEVELS.info, written)
  const nameOf = (lowest: number) => Object.entries(LOG_LEVELS).find(([, number]) => number === lowest)![0]
  const book = new LogBook(kept, (lowest) => {
    log.level = nameOf(lowest)
  })
  const destination = {
    [METADATA]: true,
    lastLevel: 0,
    lastObj: {},
    write(text: string) {
      const line = text.trimEnd()
      book.write(line, this.lastLevel, this.lastObj ?? {})
      if (this.lastLevel < written) return
      try {
        write(line)
      } catch {
        // A full disk, or a reader that left, must not end the serving: the line is lost, and there is nowhere to say so.
      }
    },
  }
  const log: Logger = pino({ level: nameOf(kept), name: 'gymnura' }, destination)
  return { log, book }
}
