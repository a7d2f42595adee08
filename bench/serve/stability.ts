/**
 * Whether the batch controller has one stable state (Clipper's had two: batches of hundreds, or of a few and mass defaults): ten fresh
 * servers in a row, 64 connections each, an objective of 20 ms. The machine's own speed moves by half within seconds, so each has a
 * fastify echo beside it, their windows in turn; what is compared is the server's rate by the echo's.
 */
import { lineChart } from '../chart.js'
import { closedLoop, type Measured } from './parts/load.js'
import { markdownTable } from './parts/markdown.js'
import { median } from './parts/median.js'
import { policyModel } from './parts/models.js'
import { published, type Served, type ServingReport, startServing } from './parts/serving.js'
import { good } from './parts/tally.js'

const RUNS = 10
/** Of each, in turn, in a run. */
const WINDOWS = 12
const SECONDS = 0.3
const WARM_SECONDS = 0.1
const CONNECTIONS = 64
const SLO_MS = 20

/** Medians over the windows, but of the shares of defaults the highest. */
interface Row extends ServingReport {
  readonly run: number
  readonly rate: number
  readonly echoRate: number
  readonly byEcho: number
  readonly p99Ms: number
  readonly defaults: number
}

interface Outcome {
  readonly rows: readonly Row[]
  /** (highest − lowest) / mean, over the runs. */
  readonly spread: { readonly byEcho: number; readonly rate: number; readonly echoRate: number }
}

const spreadOf = (rates: readonly number[]) =>
  (Math.max(...rates) - Math.min(...rates)) / (rates.reduce((sum, rate) => sum + rate, 0) / rates.length)

/** One fresh server, and one fresh echo. */
async function oneRun(run: number, served: Served): Promise<Row> {
  const ours = await startServing(served)
  const echo = await startServing('echo')
  const body = (request: number) => `{"input":[0.1,0.2,0.3,${request / 1000}]}`
  const pairs: [Measured, Measured][] = []
  const window = ({ port }: { port: number }, warmSeconds = WARM_SECONDS) =>
    closedLoop({ port, path: '/app/predict', body, connections: CONNECTIONS, seconds: SECONDS, warmSeconds })
  // Code that has not run yet is slow; the controller finds its limit in the same second.
  for (const server of [ours, echo]) await window(server, 1)
  for (let turn = 0; turn < WINDOWS; turn++) pairs.push([await window(ours), await window(echo)])
  const report = await ours.report()
  await ours.close()
  await echo.close()
  return {
    run,
    rate: median(pairs.map(([own]) => good(own))),
    echoRate: median(pairs.map(([, other]) => good(other))),
    byEcho: median(pairs.map(([own, other]) => good(own) / good(other))),
    p99Ms: median(pairs.map(([own]) => own.p99Ms)),
    defaults: Math.max(...pairs.map(([own]) => own.defaults)),
    ...report,
  }
}

export async function run(): Promise<Outcome> {
  const served = { models: [await published('policy', await policyModel())], application: { defaultOutput: 0, sloMs: SLO_MS } }
  const rows: Row[] = []
  for (let run = 1; run <= RUNS; run++) {
    const row = await oneRun(run, served)
    rows.push(row)
    console.log(
      `run ${run}: ${Math.round(row.rate)}/s, ${row.byEcho.toFixed(2)} of the echo's ${Math.round(row.echoRate)}/s, p99 ${row.p99Ms.toFixed(1)} ms, batches of ${row.meanBatch.toFixed(1)}, at most ${row.maxBatch}`,
    )
  }
  const over = (read: (row: Row) => number) => spreadOf(rows.map(read))
  const spread = { byEcho: over(({ byEcho }) => byEcho), rate: over(({ rate }) => rate), echoRate: over(({ echoRate }) => echoRate) }
  console.log(inWords(spread))
  return { rows, spread }
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`

const inWords = ({ byEcho, rate, echoRate }: Outcome['spread']) =>
  `Spread (highest − lowest, by the mean): by the echo ${percent(byEcho)}; of the rates alone ${percent(rate)}, where the echo's own is ${percent(echoRate)}.`

export function chart({ rows }: Outcome): string {
  const lines = [
    { label: 'policy in a process', points: rows.map(({ run, rate }) => [run, rate] as const) },
    { label: 'fastify, echo', points: rows.map(({ run, echoRate }) => [run, echoRate] as const) },
  ]
  return lineChart({ title: `Ten fresh servers, 64 connections, SLO ${SLO_MS} ms`, x: 'run', y: 'good answers a second', lines })
}

export function table({ rows, spread }: Outcome): string {
  const cells = rows.map((row) => [
    row.run,
    Math.round(row.rate),
    Math.round(row.echoRate),
    row.byEcho.toFixed(2),
    row.p99Ms.toFixed(1),
    `${(100 * row.defaults).toFixed(2)} %`,
    row.meanBatch.toFixed(1),
    row.maxBatch,
  ])
  const head = ['run', 'good answers/s', 'of the echo', 'by the echo', 'p99 ms', 'most defaults', 'mean batch', 'batch limit at the end']
  return `${markdownTable(head, cells)}\n${inWords(spread)} Medians of ${WINDOWS} windows of ${SECONDS} s, in turn.\n`
}
