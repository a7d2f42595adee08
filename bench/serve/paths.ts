/**
 * The path of a request beside a bare fastify echo, all servers up at once and their windows in turn, so that what else the machine does
 * hits all alike: the policy in a process, a thread, inline; one connection, 64, and `input_batch` of 64 inputs. Takes about a minute.
 *
 *     npm run bench -- serve paths process inline    the echo and those ways
 *
 * BENCH_WINDOWS and BENCH_WINDOW_MS set other windows than 5 of 600 ms each.
 */
import { groupedBars } from '../grouped-bars.js'
import { closedLoop, type Measured } from './parts/load.js'
import { markdownTable } from './parts/markdown.js'
import { median } from './parts/median.js'
import { policyModel } from './parts/models.js'
import { published, type Served, type Serving, startServing } from './parts/serving.js'

const WINDOWS = Number(process.env.BENCH_WINDOWS ?? 5)
const SECONDS = Number(process.env.BENCH_WINDOW_MS ?? 600) / 1000
const WARM_SECONDS = 0.3
const BATCH = 64
const ECHO = 'fastify, echo'

const one = (request: number) => `[0.1,0.2,0.3,${request / 1000}]`
const LOADS = {
  '1 connection': { connections: 1, inputs: 1, body: (request: number) => `{"input":${one(request)}}` },
  '64 connections': { connections: 64, inputs: 1, body: (request: number) => `{"input":${one(request)}}` },
  'input_batch of 64, 8 connections': {
    connections: 8,
    inputs: BATCH,
    body: (request: number) => `{"input_batch":[${Array.from({ length: BATCH }, (_, i) => one(BATCH * request + i))}]}`,
  },
} as const
type LoadName = keyof typeof LOADS

/** Medians over the windows. */
interface Row extends Measured {
  readonly where: string
  readonly load: LoadName
  /** Inputs answered a second. */
  readonly inputsPerSecond: number
  /** Rate by the echo's in the same round, and mean latency less the echo's. */
  readonly ofEcho: number
  readonly aboveEchoMs: number
  readonly p50AboveEchoMs: number
  /** What the server, container included, took of a core, µs a request. */
  readonly serverUs: number
}

type Window = Measured & { readonly serverUs: number }

async function window(serving: Serving, load: LoadName): Promise<Window> {
  const { connections, body } = LOADS[load]
  const before = serving.cpuSeconds()
  const measured = await closedLoop({
    port: serving.port,
    path: '/app/predict',
    body,
    connections,
    seconds: SECONDS,
    warmSeconds: WARM_SECONDS,
  })
  const requests = measured.rate * (SECONDS + WARM_SECONDS)
  return { ...measured, serverUs: (1e6 * (serving.cpuSeconds() - before)) / requests }
}

function rowOf(where: string, load: LoadName, own: readonly Window[], echo: readonly Window[]): Row {
  const over = (read: (window: Window) => number) => median(own.map(read))
  const rate = over((window) => window.rate)
  return {
    where,
    load,
    rate,
    inputsPerSecond: rate * LOADS[load].inputs,
    ofEcho: median(own.map((window, round) => window.rate / echo[round]!.rate)),
    aboveEchoMs: median(own.map((window, round) => window.meanMs - echo[round]!.meanMs)),
    p50AboveEchoMs: median(own.map((window, round) => window.p50Ms - echo[round]!.p50Ms)),
    meanMs: over(({ meanMs }) => meanMs),
    p50Ms: over(({ p50Ms }) => p50Ms),
    p99Ms: over(({ p99Ms }) => p99Ms),
    defaults: Math.max(...own.map(({ defaults }) => defaults)),
    refused: Math.max(...own.map(({ refused }) => refused)),
    clientUs: over(({ clientUs }) => clientUs),
    serverUs: over(({ serverUs }) => serverUs),
  }
}

function print({
  where,
  load,
  rate,
  inputsPerSecond,
  ofEcho,
  aboveEchoMs,
  p50AboveEchoMs,
  p50Ms,
  p99Ms,
  serverUs,
  clientUs,
  defaults,
  refused,
}: Row): void {
  const cells = [
    load.padEnd(34),
    where.padEnd(14),
    `${Math.round(rate)}/s`.padStart(9),
    `${ofEcho.toFixed(2)} of echo`,
    `p50 ${p50AboveEchoMs >= 0 ? '+' : ''}${p50AboveEchoMs.toFixed(3)}, mean ${aboveEchoMs >= 0 ? '+' : ''}${aboveEchoMs.toFixed(3)} ms`,
    `p50 ${p50Ms.toFixed(3)}`,
    `p99 ${p99Ms.toFixed(2)} ms`,
    `server ${serverUs.toFixed(0)} µs, client ${clientUs.toFixed(0)} µs of a core`,
  ]
  if (LOADS[load].inputs > 1) cells.push(`${Math.round(inputsPerSecond / 1000)} K inputs/s`)
  if (defaults + refused > 0) cells.push(`${(100 * defaults).toFixed(1)} % defaults, ${(100 * refused).toFixed(1)} % errors`)
  console.log(cells.join('  '))
}

export async function run(words: readonly string[]): Promise<Row[]> {
  const policy = await policyModel()
  const application = { defaultOutput: 0, sloMs: 20 }
  const ways = new Map<string, Served | 'echo'>([[ECHO, 'echo']])
  for (const isolation of ['process', 'thread', 'inline'] as const) {
    if (words.length > 0 && !words.includes(isolation)) continue
    ways.set(isolation, { models: [await published('policy', policy, { isolation })], application })
  }
  const servings = new Map<string, Serving>()
  for (const [where, served] of ways) servings.set(where, await startServing(served))
  const rows: Row[] = []
  for (const load of Object.keys(LOADS) as LoadName[]) {
    const windows = new Map([...servings.keys()].map((where) => [where, [] as Window[]]))
    for (let round = 0; round < WINDOWS; round++) {
      for (const [where, serving] of servings) windows.get(where)!.push(await window(serving, load))
    }
    for (const [where, own] of windows) {
      const row = rowOf(where, load, own, windows.get(ECHO)!)
      rows.push(row)
      print(row)
    }
  }
  for (const serving of servings.values()) await serving.close()
  return rows
}

export function chart(rows: Row[]): string {
  const series = [...new Set(rows.map(({ where }) => where))]
  const groups = (Object.keys(LOADS) as LoadName[]).map((label) => ({
    label,
    values: series.map((where) => rows.find((row) => row.where === where && row.load === label)!.inputsPerSecond),
  }))
  return groupedBars({ title: 'A 4-64-64-2 policy behind /predict, and a bare fastify echo', unit: 'inputs a second', series, groups })
}

export function table(rows: Row[]): string {
  const head = [
    'load',
    'where',
    'requests/s',
    'of the echo',
    'mean above it, ms',
    'p50 above it, ms',
    'p50 ms',
    'p99 ms',
    'inputs/s',
    'server, µs of a core a request',
    'load generator, µs',
  ]
  const cells = rows.map((row) => [
    row.load,
    row.where,
    Math.round(row.rate),
    row.ofEcho.toFixed(2),
    row.aboveEchoMs.toFixed(3),
    row.p50AboveEchoMs.toFixed(3),
    row.p50Ms.toFixed(3),
    row.p99Ms.toFixed(2),
    Math.round(row.inputsPerSecond),
    row.serverUs.toFixed(0),
    row.clientUs.toFixed(0),
  ])
  return `${markdownTable(head, cells)}\nMedians of ${WINDOWS} windows of ${SECONDS} s, the servers' in turn; objective 20 ms, no cache.\n`
}
