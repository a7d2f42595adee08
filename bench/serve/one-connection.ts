/**
 * What batching costs who asks alone: one connection, the policy in a process, each way of sizing batches beside none at all. All servers
 * are up at once and their windows in turn. (In Python's servers batching makes one connection slower; ANCHORS has them.)
 */
import type { PublishOptions } from 'gymnura/serve'
import { groupedBars } from '../grouped-bars.js'
import { closedLoop, type Measured } from './parts/load.js'
import { markdownTable } from './parts/markdown.js'
import { median } from './parts/median.js'
import { policyModel } from './parts/models.js'
import { published, type Serving, startServing } from './parts/serving.js'

const WINDOWS = 7
const SECONDS = 0.8
const WARM_SECONDS = 0.2
const BATCHING: Readonly<Record<string, PublishOptions['batching']>> = {
  none: 'none',
  AIMD: 'aimd',
  'quantile regression': 'quantile',
  'fixed, 64': { policy: 'fixed', size: 64 },
}

/** Medians over the windows, and of the ratios to `none` in the same round. */
interface Row {
  readonly batching: string
  readonly rate: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly meanByNone: number
  readonly p50ByNone: number
}

export async function run(): Promise<Row[]> {
  const policy = await policyModel()
  const application = { defaultOutput: 0, sloMs: 20 }
  const servings = new Map<string, Serving>()
  for (const [name, batching] of Object.entries(BATCHING)) {
    servings.set(name, await startServing({ models: [await published('policy', policy, { batching })], application }))
  }
  const windows = new Map([...servings.keys()].map((name) => [name, [] as Measured[]]))
  const body = (request: number) => `{"input":[0.1,0.2,0.3,${request / 1000}]}`
  for (let round = 0; round < WINDOWS; round++) {
    for (const [name, { port }] of servings) {
      const load = { port, path: '/app/predict', body, connections: 1, seconds: SECONDS, warmSeconds: WARM_SECONDS }
      windows.get(name)!.push(await closedLoop(load))
    }
  }
  for (const serving of servings.values()) await serving.close()
  const none = windows.get('none')!
  return [...windows].map(([batching, own]) => {
    const over = (read: (measured: Measured) => number) => median(own.map(read))
    const byNone = (read: (measured: Measured) => number) => median(own.map((measured, round) => read(measured) / read(none[round]!)))
    const row = {
      batching,
      rate: over(({ rate }) => rate),
      meanMs: over(({ meanMs }) => meanMs),
      p50Ms: over(({ p50Ms }) => p50Ms),
      p99Ms: over(({ p99Ms }) => p99Ms),
      meanByNone: byNone(({ meanMs }) => meanMs),
      p50ByNone: byNone(({ p50Ms }) => p50Ms),
    }
    console.log(
      `${batching.padEnd(20)} ${Math.round(row.rate)}/s, p50 ${row.p50Ms.toFixed(3)} ms (${row.p50ByNone.toFixed(2)} of none), mean ${row.meanMs.toFixed(3)} ms (${row.meanByNone.toFixed(2)}), p99 ${row.p99Ms.toFixed(2)} ms`,
    )
    return row
  })
}

export function chart(rows: Row[]): string {
  const groups = rows.map(({ batching, p50Ms, meanMs, p99Ms }) => ({ label: batching, values: [p50Ms, meanMs, p99Ms] }))
  return groupedBars({ title: 'One connection: what batching costs', unit: 'ms an answer', series: ['p50', 'mean', 'p99'], groups })
}

export function table(rows: Row[]): string {
  const cells = rows.map((row) => [
    row.batching,
    Math.round(row.rate),
    row.p50Ms.toFixed(3),
    row.p50ByNone.toFixed(2),
    row.meanMs.toFixed(3),
    row.meanByNone.toFixed(2),
    row.p99Ms.toFixed(2),
  ])
  return `${markdownTable(['batching', 'answers/s', 'p50 ms', 'of none', 'mean ms', 'of none', 'p99 ms'], cells)}\nMedians of ${WINDOWS} windows of ${SECONDS} s, in turn.\n`
}
