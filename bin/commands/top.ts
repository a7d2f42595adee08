import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../../serve/index.js'
import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, interruptSignal, readerGone, usageError } from '../output.js'
import { draw, type Frame, plainLines } from '../top/draw.js'
import { type Reading, viewOf } from '../top/reading.js'
import { Screen } from '../top/screen.js'

interface TopArguments extends ConnectionArguments {
  interval: number
  count: number | undefined
}

const LONGEST_HISTORY = 120
const SHORTEST_INTERVAL_S = 0.1
const LONGEST_INTERVAL_S = 3600

export const topCommand: Command<TopArguments> = {
  command: 'top',
  describe: 'Watch a running server: rates, latencies, batches, cache, arms and containers, as they change',
  builder: (yargs) =>
    connectionFlags(yargs)
      .option('interval', { alias: 'i', type: 'number', requiresArg: true, default: 1, describe: 'Seconds between two looks' })
      .option('count', { type: 'number', requiresArg: true, describe: 'End after so many (default: with q or Ctrl-C)' })
      .example('$0 top', 'drawn in place in a terminal; piped, a line an application and look')
      .example('$0 top --json --count 1', 'one look, for a program'),
  handler: async ({ interval, count = Number.POSITIVE_INFINITY, json, ...connection }) => {
    if (!(interval >= SHORTEST_INTERVAL_S && interval <= LONGEST_INTERVAL_S))
      throw usageError(`--interval is ${interval}; expected seconds from ${SHORTEST_INTERVAL_S} to ${LONGEST_INTERVAL_S}`)
    if (!(count >= 1)) throw usageError(`--count is ${count}; expected at least 1`)
    const stop = new AbortController()
    const signal = AbortSignal.any([interruptSignal(), readerGone(), stop.signal])
    await withClient(connection, async (client) => {
      const frames = looks(client, interval, signal)
      if (json) await told(frames, count, (frame) => [JSON.stringify(frame.view)])
      else if (process.stdout.isTTY) await drawn(frames, count, () => stop.abort())
      else await told(frames, count, (frame) => (frame.trouble === undefined ? plainLines(frame, new Date()) : [frame.trouble]))
    })
    if (signal.aborted) process.exitCode = 0
  },
}

/** A frame an interval, until `signal` fires. A server that does not answer is told as trouble, and asked again. */
async function* looks(client: Client, intervalS: number, signal: AbortSignal): AsyncGenerator<Frame> {
  const ended = once(signal, 'abort').then(() => undefined)
  const look = async (): Promise<Reading> => ({ metrics: await client.admin.metrics(), at: performance.now() })
  // A server that hangs must not keep whoever wants to leave.
  const lookUnlessEnded = () => Promise.race([look(), ended])
  const history = new Map<string, number[]>()
  let before = await lookUnlessEnded()
  if (before === undefined) return
  let last = viewOf(before, before)
  for (;;) {
    await sleep(intervalS * 1000, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    try {
      const now = await lookUnlessEnded()
      if (now === undefined) return
      last = viewOf(before, now)
      before = now
      for (const { name, queriesPerS } of last.applications)
        history.set(name, [...(history.get(name) ?? []), queriesPerS].slice(-LONGEST_HISTORY))
      yield { url: client.url, view: last, history, intervalS, trouble: undefined }
    } catch (error) {
      yield { url: client.url, view: last, history, intervalS, trouble: (error as Error).message }
    }
  }
}

async function told(frames: AsyncGenerator<Frame>, count: number, linesOf: (frame: Frame) => string[]): Promise<void> {
  let left = count
  for await (const frame of frames) {
    for (const line of linesOf(frame)) process.stdout.write(`${line}\n`)
    if (--left <= 0) return
  }
}

async function drawn(frames: AsyncGenerator<Frame>, count: number, end: () => void): Promise<void> {
  let frame: Frame | undefined
  let left = count
  const redraw = () => frame && screen.show(draw(frame, screen.width))
  const screen = new Screen(redraw, end)
  try {
    for await (const next of frames) {
      frame = next
      redraw()
      if (--left <= 0) return
    }
  } finally {
    screen.close()
  }
}
