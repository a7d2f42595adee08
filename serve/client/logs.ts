import type { LogLevel } from '../log/log-book.js'
import { checkOptions } from '../refusals.js'
import { isObject, type Transport } from './transport.js'

/** Which lines of a server's log are wanted. */
export interface LogsOptions {
  /** The lowest level; default 'info'. While somebody follows 'debug' there is a line a request. */
  level?: LogLevel
  /** Of the request with this id. */
  request?: string
  /** Of a model, `name` or `name:version`: what its containers print, and what becomes of them. */
  model?: string
  /** The most lines from before; default 100. */
  limit?: number
}

/** A line of the log, as pino has it: `level` is 30 for info, 40 for warn, 50 for error; `time` milliseconds since the epoch. */
export interface LogLine {
  readonly level: number
  readonly time: number
  readonly msg?: string
  readonly [field: string]: unknown
}

const WARN = 40

function pathOf(path: string, options: LogsOptions): string {
  const given = checkOptions<LogsOptions>('logs', options, ['level', 'request', 'model', 'limit'])
  const told = Object.entries(given).filter(([, value]) => value !== undefined)
  return `${path}?${new URLSearchParams(told.map(([name, value]) => [name, String(value)]))}`
}

function readLine(text: string): LogLine | undefined {
  try {
    const line: unknown = JSON.parse(text)
    return isObject(line) && typeof line.level === 'number' && typeof line.time === 'number' ? (line as LogLine) : undefined
  } catch {
    return undefined
  }
}

/** The last lines, oldest first. @throws ServeError as every call of a client */
export function readLogs(transport: Transport, options: LogsOptions): Promise<LogLine[]> {
  return transport.getText('logs', pathOf('/admin/logs', options), (text) => {
    const lines = text
      .split('\n')
      .filter((line) => line !== '')
      .map(readLine)
    return lines.every((line) => line !== undefined) ? lines : undefined
  })
}

/** The last lines, then new ones as they are written, until `signal` fires or the server closes. @throws as `readLogs` */
export async function* followLogs(transport: Transport, options: LogsOptions, signal: AbortSignal): AsyncGenerator<LogLine> {
  for await (const { event, data } of transport.events('logs', pathOf('/admin/logs/stream', options), signal)) {
    const line = event === 'dropped' ? leftOut(data) : readLine(data)
    if (line !== undefined) yield line
  }
}

/** What a reader is told who is behind. */
const leftOut = (data: string): LogLine => ({ level: WARN, time: Date.now(), msg: `lines were left out, this reader is behind: ${data}` })
