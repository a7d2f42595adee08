/**
 * How batches are sized, over five kinds of containers (Clipper, NSDI'17, figure 4): 64 connections that ask without a pause, distinct
 * inputs, an objective of 20 ms. The best static size is the best of 2, 8, 32 and 64 for that kind, which nobody knows beforehand.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PublishOptions } from 'gymnura/serve'
import { groupedBars } from '../grouped-bars.js'
import { closedLoop, type Measured } from './parts/load.js'
import { type BenchModel, fiveKinds } from './parts/models.js'
import { published, withServing } from './parts/serving.js'
import { good } from './parts/tally.js'

const SECONDS = 1.5
const CONNECTIONS = 64
const SLO_MS = 20
const STATIC = [2, 8, 32, 64]

interface Row extends Measured {
  readonly kind: string
  readonly batching: string
  readonly maxBatch: number
  readonly meanBatch: number
}

async function measure(model: BenchModel, label: string, batching: PublishOptions['batching']): Promise<Row> {
  const served = { models: [await published('model', model, { batching })], application: { defaultOutput: -1, sloMs: SLO_MS } }
  const body = (request: number) => `{"input":[0.1,0.2,0.3,${request / 1000}]}`
  const load = (port: number) => closedLoop({ port, path: '/app/predict', body, connections: CONNECTIONS, seconds: SECONDS })
  const [measured, report] = await withServing(served, load)
  const row = { kind: model.name, batching: label, ...measured, ...report }
  const shown = `${Math.round(row.rate)}/s, p99 ${row.p99Ms.toFixed(1)} ms, ${(100 * row.defaults).toFixed(1)} % defaults, batches of ${row.meanBatch.toFixed(1)}`
  console.log(`${model.name.padEnd(26)} ${label.padEnd(10)} ${shown}`)
  return row
}

export async function run(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gymnura-bench-'))
  const rows: Row[] = []
  try {
    for (const model of await fiveKinds(folder)) {
      rows.push(await measure(model, 'batch 1', 'none'))
      for (const size of STATIC) rows.push(await measure(model, `static ${size}`, { policy: 'fixed', size }))
      rows.push(await measure(model, 'AIMD', 'aimd'), await measure(model, 'quantile', 'quantile'))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return rows
}

export function chart(rows: Row[]): string {
  const kinds = [...new Set(rows.map(({ kind }) => kind))]
  const groups = kinds.map((kind) => {
    const of = (batching: string) => Math.max(...rows.filter((row) => row.kind === kind && row.batching.startsWith(batching)).map(good))
    return { label: kind, values: [of('batch 1'), of('static'), of('AIMD'), of('quantile')].map((rate) => Math.max(1, rate)) }
  })
  const series = ['batch 1', 'best static size', 'AIMD', 'quantile regression']
  return groupedBars({ title: `Answers in time, 64 connections, SLO ${SLO_MS} ms`, unit: 'answers a second', series, groups })
}
