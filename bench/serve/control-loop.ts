/** A control loop: one observation, one action, then the next; over a WebSocket and over HTTP, and at a beat of 1 kHz. */
import { connect } from 'gymnura/serve'
import { groupedBars } from '../grouped-bars.js'
import { markdownTable } from './parts/markdown.js'
import { policyModel } from './parts/models.js'
import { published, withServing } from './parts/serving.js'

const SECONDS = 2
const WARM_ACTS = 500
const BEAT_MS = 1

interface Row {
  readonly isolation: string
  readonly way: string
  readonly actsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of a beat: answers that were not there when the next one was due. */
  readonly missed?: number
}

type Act = (observation: readonly number[]) => Promise<unknown>

let counted = 0
/** Never the same twice: the cache has no part in it. */
const observation = () => [Math.sin(counted++), 0.1, 0.2, 0.3]

function summary(latencies: number[], seconds: number): Pick<Row, 'actsPerSecond' | 'p50Ms' | 'p99Ms'> {
  const sorted = latencies.sort((a, b) => a - b)
  return { actsPerSecond: sorted.length / seconds, p50Ms: sorted[sorted.length >> 1]!, p99Ms: sorted[Math.floor(0.99 * sorted.length)]! }
}

async function backToBack(act: Act): Promise<Pick<Row, 'actsPerSecond' | 'p50Ms' | 'p99Ms'>> {
  for (let i = 0; i < WARM_ACTS; i++) await act(observation())
  const latencies: number[] = []
  const start = performance.now()
  for (let now = start; now - start < 1000 * SECONDS; now = performance.now()) {
    await act(observation())
    latencies.push(performance.now() - now)
  }
  return summary(latencies, (performance.now() - start) / 1000)
}

/** An act every millisecond, timed from when it was due. Timers are too coarse for that: the loop looks at the clock between turns. */
async function onTheBeat(act: Act): Promise<Omit<Row, 'isolation' | 'way'>> {
  const latencies: number[] = []
  const start = performance.now()
  const beats = (1000 * SECONDS) / BEAT_MS
  for (let beat = 0; beat < beats; beat++) {
    const due = start + beat * BEAT_MS
    while (performance.now() < due) await new Promise(setImmediate)
    await act(observation())
    latencies.push(performance.now() - due)
  }
  const missed = latencies.filter((ms) => ms > BEAT_MS).length / beats
  return { ...summary(latencies, (performance.now() - start) / 1000), missed }
}

export async function run(): Promise<Row[]> {
  const policy = await policyModel()
  const rows: Row[] = []
  for (const isolation of ['inline', 'process'] as const) {
    const served = { models: [await published('policy', policy, { isolation })], application: { defaultOutput: 0, sloMs: 100 } }
    await withServing(served, async (port) => {
      const client = connect(`http://127.0.0.1:${port}`)
      const loop = await client.control('app')
      const told = {
        'WebSocket, back to back': await backToBack((input) => loop.act(input)),
        'HTTP, back to back': await backToBack((input) => client.predict('app', input)),
        'WebSocket, 1 kHz': await onTheBeat((input) => loop.act(input)),
      }
      loop.close()
      client.close()
      for (const [way, measured] of Object.entries(told)) {
        rows.push({ isolation, way, ...measured })
        const { actsPerSecond, p50Ms, p99Ms } = measured
        console.log(
          `${isolation.padEnd(8)} ${way.padEnd(24)} ${Math.round(actsPerSecond)}/s, p50 ${p50Ms.toFixed(3)} ms, p99 ${p99Ms.toFixed(3)} ms`,
        )
      }
    })
  }
  return rows
}

export function chart(rows: Row[]): string {
  const series = ['p50', 'p99']
  const groups = rows.map(({ isolation, way, p50Ms, p99Ms }) => ({ label: `${isolation}, ${way}`, values: [p50Ms, p99Ms] }))
  return groupedBars({ title: 'A control loop: one observation, one action', unit: 'ms an action', series, groups })
}

export function table(rows: Row[]): string {
  const share = (missed: number | undefined) => (missed === undefined ? '' : `${(100 * missed).toFixed(1)} %`)
  return markdownTable(
    ['policy', 'way', 'actions/s', 'p50 ms', 'p99 ms', 'beats missed'],
    rows.map((row) => [
      row.isolation,
      row.way,
      Math.round(row.actsPerSecond),
      row.p50Ms.toFixed(3),
      row.p99Ms.toFixed(3),
      share(row.missed),
    ]),
  )
}
