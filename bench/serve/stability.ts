/**
 * Whether the batch controller has one stable state (Clipper's had two: batches of hundreds, or of a few and mass defaults): ten fresh
 * servers in a row, 64 connections each, an objective of 20 ms. A fastify echo in turn with them tells what of the spread is the machine's.
 */
import { lineChart } from '../chart.js'
import { closedLoop, type Measured } from './parts/load.js'
import { markdownTable } from './parts/markdown.js'
import { policyModel } from './parts/models.js'
import { published, type Served, type ServingReport, withServing } from './parts/serving.js'
import { good, shown } from './parts/tally.js'

const RUNS = 10
const SECONDS = 2
const CONNECTIONS = 64
const SLO_MS = 20

interface Row extends Measured, ServingReport {
  readonly run: number
  readonly where: 'process' | 'echo'
}

interface Outcome {
  readonly rows: readonly Row[]
  /** (highest − lowest) / mean of the rates of good answers. */
  readonly spread: number
  readonly echoSpread: number
}

const spreadOf = (rates: readonly number[]) =>
  (Math.max(...rates) - Math.min(...rates)) / (rates.reduce((sum, rate) => sum + rate, 0) / rates.length)

export async function run(): Promise<Outcome> {
  const model = await published('policy', await policyModel())
  const ways: Readonly<Record<Row['where'], Served | 'echo'>> = {
    process: { models: [model], application: { defaultOutput: 0, sloMs: SLO_MS } },
    echo: 'echo',
  }
  const body = (request: number) => `{"input":[0.1,0.2,0.3,${request / 1000}]}`
  const rows: Row[] = []
  for (let run = 1; run <= RUNS; run++) {
    for (const where of ['process', 'echo'] as const) {
      const [measured, report] = await withServing(ways[where], (port) =>
        closedLoop({ port, path: '/app/predict', body, connections: CONNECTIONS, seconds: SECONDS }),
      )
      rows.push({ run, where, ...measured, ...report })
      console.log(`run ${run}, ${where}: ${shown(measured)}, batches of ${report.meanBatch.toFixed(1)}, at most ${report.maxBatch}`)
    }
  }
  const spread = (where: Row['where']) => spreadOf(rows.filter((row) => row.where === where).map(good))
  const outcome = { rows, spread: spread('process'), echoSpread: spread('echo') }
  console.log(`spread ${(100 * outcome.spread).toFixed(0)} %, of the echo ${(100 * outcome.echoSpread).toFixed(0)} %`)
  return outcome
}

export function chart({ rows }: Outcome): string {
  const line = (label: string, where: Row['where']) => ({
    label,
    points: rows.filter((row) => row.where === where).map((row) => [row.run, good(row)] as const),
  })
  const lines = [line('policy in a process', 'process'), line('fastify, echo', 'echo')]
  return lineChart({ title: `Ten fresh servers, 64 connections, SLO ${SLO_MS} ms`, x: 'run', y: 'good answers a second', lines })
}

export function table({ rows, spread, echoSpread }: Outcome): string {
  const cells = rows.map((row) => [
    row.run,
    row.where,
    Math.round(good(row)),
    row.p99Ms.toFixed(1),
    `${(100 * row.defaults).toFixed(2)} %`,
    row.where === 'process' ? row.meanBatch.toFixed(1) : '',
    row.where === 'process' ? row.maxBatch : '',
  ])
  const head = ['run', 'where', 'good answers/s', 'p99 ms', 'defaults', 'mean batch', 'batch limit at the end']
  return `${markdownTable(head, cells)}\nSpread (highest − lowest, by the mean): ${(100 * spread).toFixed(0)} %, of the echo beside it ${(100 * echoSpread).toFixed(0)} %.\n`
}
