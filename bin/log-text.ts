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

/** A line for people: when, how bad, whose, what; then what else is known, and an error's stack. */
export function logText({ level, time, msg = '', model, stream, err, ...more }: LogLine): string {
  const whose = typeof model === 'string' ? `${pc.cyan(model)} ` : ''
  const isPrinted = stream !== undefined
  const fields = Object.entries(more)
    .filter(([name]) => !OF_THE_SERVER.includes(name))
    .map(([name, value]) => pc.dim(`${name}=`) + (typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value)))
  const said = isPrinted ? `${pc.dim(stream === 'stderr' ? '!' : '|')} ${msg}` : msg
  const head = [pc.dim(timeOf(time)), LEVELS[level] ?? String(level), `${whose}${said}`, ...fields].join(' ')
  const stack = (err as { stack?: unknown } | undefined)?.stack
  return typeof stack === 'string' ? `${head}\n${pc.dim(stack.replace(/^/gm, '    '))}` : head
}
