/** Delayed batching (Clipper, section 4.3.2): what it brings that a batch which is not full waits, where a batch costs about as much as one input. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lineChart } from '../chart.js'
import { closedLoop, type Measured } from './parts/load.js'
import { markdownTable } from './parts/markdown.js'
import { fiveKinds } from './parts/models.js'
import { published, withServing } from './parts/serving.js'

const WAITS_MS = [0, 1, 2, 4]
const SECONDS = 1.5
const CONNECTIONS = 64

interface Row extends Measured {
  readonly kind: string
  readonly waitMs: number
  readonly meanBatch: number
}

export async function run(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gymnura-bench-'))
  const rows: Row[] = []
  try {
    const kinds = (await fiveKinds(folder)).filter(({ name }) => !name.includes('kernel'))
    for (const model of kinds) {
      for (const waitMs of WAITS_MS) {
        const served = {
          models: [await published('model', model, { batching: { waitMs } })],
          application: { defaultOutput: -1, sloMs: 100 },
        }
        const body = (request: number) => `{"input":[0.1,0.2,0.3,${request / 1000}]}`
        const [measured, { meanBatch }] = await withServing(served, (port) =>
          closedLoop({ port, path: '/app/predict', body, connections: CONNECTIONS, seconds: SECONDS }),
        )
        rows.push({ kind: model.name, waitMs, meanBatch, ...measured })
        console.log(
          `${model.name.padEnd(20)} wait ${waitMs} ms: ${Math.round(measured.rate)}/s, p99 ${measured.p99Ms.toFixed(1)} ms, batches of ${meanBatch.toFixed(1)}`,
        )
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return rows
}

export function chart(rows: Row[]): string {
  const kinds = [...new Set(rows.map(({ kind }) => kind))]
  const lines = kinds.map((label) => ({
    label,
    points: rows.filter(({ kind }) => kind === label).map((row) => [row.waitMs, row.rate] as const),
  }))
  return lineChart({ title: 'Delayed batching, 64 connections', x: 'batch wait, ms', y: 'answers a second', lines })
}

export function table(rows: Row[]): string {
  return markdownTable(
    ['model', 'wait, ms', 'answers/s', 'mean batch', 'p50 ms', 'p99 ms'],
    rows.map((row) => [row.kind, row.waitMs, Math.round(row.rate), row.meanBatch.toFixed(1), row.p50Ms.toFixed(2), row.p99Ms.toFixed(1)]),
  )
}
