/**
 * What the container costs, and where a query's time goes: the HTTP framework alone, the whole path without a model, with the policy
 * inline, in a thread, in a process (Clipper's "overhead of the decoupled architecture"). A row less the one above it is the price of
 * what it adds.
 */
import { groupedBars } from '../grouped-bars.js'
import { closedLoop, type Measured } from './parts/load.js'
import { policyModel } from './parts/models.js'
import { published, withServing } from './parts/serving.js'

const SECONDS = 2
const CONNECTIONS = [1, 16, 64]

interface Row extends Measured {
  readonly where: string
  readonly connections: number
}

export async function run(): Promise<Row[]> {
  const policy = await policyModel()
  const application = { defaultOutput: 0, sloMs: 100 }
  const ways = {
    'fastify, echo': 'echo',
    'no model linked': { models: [], application },
    inline: { models: [await published('policy', policy, { isolation: 'inline' })], application },
    thread: { models: [await published('policy', policy, { isolation: 'thread' })], application },
    process: { models: [await published('policy', policy)], application },
  } as const
  const rows: Row[] = []
  for (const [where, served] of Object.entries(ways)) {
    for (const connections of CONNECTIONS) {
      const body = (request: number) => `{"input":[0.1,0.2,0.3,${request / 1000}]}`
      const [measured] = await withServing(served, (port) =>
        closedLoop({ port, path: '/app/predict', body, connections, seconds: SECONDS }),
      )
      rows.push({ where, connections, ...measured })
      console.log(
        `${where.padEnd(16)} ${connections} connections: ${Math.round(measured.rate)}/s, mean ${measured.meanMs.toFixed(3)} ms, p50 ${measured.p50Ms.toFixed(3)} ms, p99 ${measured.p99Ms.toFixed(2)} ms`,
      )
    }
  }
  return rows
}

export function chart(rows: Row[]): string {
  const wheres = [...new Set(rows.map(({ where }) => where))]
  const groups = wheres.map((label) => ({
    label,
    values: CONNECTIONS.map((n) => rows.find((row) => row.where === label && row.connections === n)!.rate),
  }))
  const series = CONNECTIONS.map((connections) => `${connections} connection${connections > 1 ? 's' : ''}`)
  return groupedBars({ title: 'A 4-64-64-2 policy: where it runs', unit: 'answers a second', series, groups })
}
