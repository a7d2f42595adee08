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

/** A model's words are its own: what would move the cursor, say, is shown and not done. (Tabs are harmless.) */
const visible = (text: string) => text.replace(/[^\P{Cc}\t]/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)

const timeOf = (time: number) => new Date(time).toTimeString().slice(0, 8) + new Date(time).toISOString().slice(19, 23)

/** A line for people: when, how bad, whose, what; then what else is known, and an error's stack. */
export function logText({ level, time, msg = '', model, stream, err, ...more }: LogLine): string {
  const whose = typeof model === 'string' ? `${pc.cyan(model)} ` : ''
  const isPrinted = stream !== undefined
  const fields = Object.entries(more)
    .filter(([name]) => !OF_THE_SERVER.includes(name))
    .map(([name, value]) => pc.dim(`${name}=`) + visible(typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value)))
  const said = isPrinted ? `${pc.dim(stream === 'stderr' ? '!' : '|')} ${visible(msg)}` : visible(msg)
  const head = [pc.dim(timeOf(time)), LEVELS[level] ?? String(level), `${whose}${said}`, ...fields].join(' ')
  const stack = (err as { stack?: unknown } | undefined)?.stack
  if (typeof stack !== 'string') return head
  const lines = stack.split('\n').map((line) => `    ${visible(line)}`)
  return `${head}\n${pc.dim(lines.join('\n'))}`
}
