/**
 * Where a query's time goes (Clipper, section 6): a CPU profile of the server under load, by rooms of the code, µs a query; and what its
 * container's process takes beside it. Inline the model's share stands among the server's.
 */
import { stackedBars } from '../stacked-bars.js'
import { closedLoop } from './parts/load.js'
import { markdownTable } from './parts/markdown.js'
import { policyModel } from './parts/models.js'
import type { Parts } from './parts/profile.js'
import { published, type Served, startServing } from './parts/serving.js'

const SECONDS = 3
const CONNECTIONS = [1, 64]
const CONTAINER = "the container's process"

interface Row {
  readonly where: string
  readonly connections: number
  readonly rate: number
  readonly meanMs: number
  /** µs of a core a query. */
  readonly parts: Parts
}

async function measure(where: string, served: Served | 'echo', connections: number): Promise<Row> {
  const serving = await startServing(served)
  const load = {
    port: serving.port,
    path: '/app/predict',
    body: (request: number) => `{"input":[0.1,0.2,0.3,${request / 1000}]}`,
    connections,
  }
  await closedLoop({ ...load, seconds: 1 })
  const before = serving.cpuSeconds()
  const [{ rate, meanMs }, profile] = await serving.profiled(() => closedLoop({ ...load, seconds: SECONDS, warmSeconds: 0 }))
  const cpuUs = 1e6 * (serving.cpuSeconds() - before)
  await serving.close()
  const queries = rate * SECONDS
  const own = Object.entries(profile).map(([name, us]): [string, number] => [name, us / queries])
  const parts = Object.fromEntries(own.sort(([a], [b]) => a.localeCompare(b)))
  // What /proc counts beyond the server's own thread: the container, and the profiler with the collector's helpers.
  const others = cpuUs / queries - own.reduce((sum, [, us]) => sum + us, 0)
  if (where === 'process') parts[CONTAINER] = Math.max(0, others)
  const row = { where, connections, rate, meanMs, parts }
  const told = Object.entries(parts).map(([name, us]) => `${name} ${us.toFixed(1)}`)
  console.log(`${where}, ${connections} connections: ${Math.round(rate)}/s, mean ${meanMs.toFixed(3)} ms; µs a query: ${told.join(', ')}`)
  return row
}

export async function run(): Promise<Row[]> {
  const policy = await policyModel()
  const application = { defaultOutput: 0, sloMs: 100 }
  const ways: Readonly<Record<string, Served | 'echo'>> = {
    'fastify, echo': 'echo',
    inline: { models: [await published('policy', policy, { isolation: 'inline' })], application },
    process: { models: [await published('policy', policy)], application },
  }
  const rows: Row[] = []
  for (const connections of CONNECTIONS) {
    for (const [where, served] of Object.entries(ways)) rows.push(await measure(where, served, connections))
  }
  return rows
}

export function chart(rows: Row[]): string {
  const bars = rows.map(({ where, connections, parts }) => ({
    label: `${where}, ${connections} connection${connections > 1 ? 's' : ''}`,
    parts,
  }))
  return stackedBars({ title: 'Where the time of a query goes', unit: 'µs of a core', bars })
}

export function table(rows: Row[]): string {
  const names = [...new Set(rows.flatMap(({ parts }) => Object.keys(parts)))]
  const head = ['µs of a core a query', ...rows.map(({ where, connections }) => `${where}, ${connections}`)]
  const cells = names.map((name) => [name, ...rows.map(({ parts }) => (parts[name] === undefined ? '' : parts[name].toFixed(1)))])
  const sums = rows.map(({ parts }) =>
    Object.values(parts)
      .reduce((sum, us) => sum + us, 0)
      .toFixed(1),
  )
  return markdownTable(head, [
    ...cells,
    ['sum', ...sums],
    ['answers/s', ...rows.map(({ rate }) => Math.round(rate))],
    ['mean ms', ...rows.map(({ meanMs }) => meanMs.toFixed(3))],
  ])
}
