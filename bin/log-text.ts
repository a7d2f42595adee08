import pc from 'picocolors'
import type { LogLine } from '../serve/index.js'

const LEVELS: Readonly<Record<number, string>> = {
  10: pc.dim('trace'),
  20: pc.dim('debug'),
  30: pc.green('info '),
  40: pc.yellow('warn '),
  50: pc.red('error'),
  60: pc.red('fatal'),
}

/** The same on every line, as aggregated logs want it. */
const OF_THE_SERVER = ['name', 'pid', 'hostname']

const timeOf = (time: number) => new Date(time).toTimeString().slice(0, 8) + new Date(time).toISOString().slice(19, 23)

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that move a cursor, ring, or worse.
const CONTROL = /\x1b\[[\d;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g
const PICTURES = 0x2400
const REPLACEMENT = '\ufffd'

/** What a model prints may be coloured, and do nothing else to the terminal. */
function harmless(text: string): string {
  let coloured = false
  const shown = text.replace(CONTROL, (found) => {
    if (found.length > 1) {
      coloured = true
      return pc.isColorSupported ? found : ''
    }
    const code = found.charCodeAt(0)
    return code < 0x20 ? String.fromCharCode(PICTURES + code) : REPLACEMENT
  })
  return coloured && pc.isColorSupported ? `${shown}\x1b[0m` : shown
}

/** A line for people: when, how bad, whose, what; then what else is known, and an error's stack. */
export function logText({ level, time, msg = '', model, stream, err, ...more }: LogLine): string {
  const whose = typeof model === 'string' ? `${pc.cyan(model)} ` : ''
  const isPrinted = stream !== undefined
  const fields = Object.entries(more)
    .filter(([name]) => !OF_THE_SERVER.includes(name))
    .map(
      ([name, value]) =>
        pc.dim(`${name}=`) + (typeof value === 'string' && !/[\s"]/.test(value) ? harmless(value) : harmless(JSON.stringify(value))),
    )
  const said = isPrinted ? `${pc.dim(stream === 'stderr' ? '!' : '|')} ${harmless(msg)}` : harmless(msg)
  const head = [pc.dim(timeOf(time)), LEVELS[level] ?? String(level), `${whose}${said}`, ...fields].join(' ')
  const stack = (err as { stack?: unknown } | undefined)?.stack
  return typeof stack === 'string'
    ? `${head}\n${pc.dim(
        stack
          .split('\n')
          .map((line) => `    ${harmless(line)}`)
          .join('\n'),
      )}`
    : head
}
