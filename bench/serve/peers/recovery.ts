/** kill -9 of the process that holds the model, and what callers get until it answers again. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Running } from './running.js'

const PATIENCE_MS = 20_000
const GAP_MS = 10

export interface Recovery {
  /** Until the next good answer; null: none within 20 s. */
  readonly seconds: number | null
  /** What came before it: answers with the default, errors, and questions without an answer within a second. */
  readonly defaults: number
  readonly errors: number
  readonly silent: number
}

/** One caller who asks again and again; the model's process is killed between two questions. */
export async function recovery(running: Running): Promise<Recovery> {
  const counts = { defaults: 0, errors: 0, silent: 0 }
  process.kill(running.workerPid(), 'SIGKILL')
  const killedAt = performance.now()
  while (performance.now() - killedAt < PATIENCE_MS) {
    const { status, body } = await running.ask()
    if (status === '') counts.silent++
    else if (status !== '200') counts.errors++
    else if (body.includes('"default":true')) counts.defaults++
    else return { seconds: (performance.now() - killedAt) / 1000, ...counts }
    await sleep(GAP_MS)
  }
  return { seconds: null, ...counts }
}
