import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { type TraceEvent, traceEvents } from '../control/timeline.js'
import { describe, GymnuraError, invalid } from './errors.js'
import { stateSource } from './state.js'

/** Written at a time; what lies in memory as text, whatever the number of tasks. */
const CHUNK_CHARACTERS = 64 * 1024

/**
 * When which task ran on which worker, as far as the history goes (the last 100,000 that finished, the last 10,000 that failed,
 * and those that run). With a path it writes a trace that https://ui.perfetto.dev and chrome://tracing open; the file is there
 * when it is complete and not before. Without one it gives the events.
 *
 * Throws ERR_INVALID_ARGUMENT if the file cannot be written.
 *
 * @example
 * await timeline('trace.json')
 */
export async function timeline(): Promise<TraceEvent[]>
export async function timeline(path: string): Promise<void>
export async function timeline(path?: string): Promise<unknown> {
  if (path !== undefined && (typeof path !== 'string' || path === ''))
    throw invalid(`timeline: expects a path such as 'trace.json', not ${path === '' ? 'an empty one' : typeof path}`)
  const source = stateSource()
  const [tasks, workers] = await Promise.all([source.rows('tasks'), source.rows('workers')])
  const events = traceEvents(tasks, workers, performance.timeOrigin + performance.now())
  if (path === undefined) return [...events]
  return writeArray(path, events).catch((error) => {
    const hint = 'does its folder exist, and may this program write there?'
    throw new GymnuraError('ERR_INVALID_ARGUMENT', `timeline: cannot write '${path}' (${describe(error)}); ${hint}`, { cause: error })
  })
}

/** A JSON array, an item a line, through a temporary file beside `path`. */
async function writeArray(path: string, items: Iterable<object>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  const file = await open(temporary, 'wx')
  try {
    let text = '['
    let separator = ''
    for (const item of items) {
      text += separator + JSON.stringify(item)
      separator = ',\n'
      if (text.length < CHUNK_CHARACTERS) continue
      await file.writeFile(text)
      text = ''
    }
    await file.writeFile(`${text}]\n`)
    await file.close()
    await rename(temporary, path)
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
}
