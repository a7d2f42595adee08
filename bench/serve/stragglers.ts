/**
 * Stragglers (Clipper, section 5.2.2): ensembles of models each of which is now and then slow. With the deadline the answer is made of
 * those that have arrived; without, it waits for the slowest.
 */
import { lineChart } from '../chart.js'
import { closedLoop, type Measured } from './parts/load.js'
import { published, withServing } from './parts/serving.js'

const MEMBERS = [1, 2, 4, 8, 12, 16]
const SLO_MS = 20
const PATIENT_MS = 10_000
const SECONDS = 2
const CONNECTIONS = 8

interface Row extends Measured {
  readonly members: number
  readonly mitigated: boolean
}

/** 5 ms, and one batch in twenty 30 to 150 ms. */
async function sometimesSlow(inputs: Float32Array[]): Promise<number[]> {
  const slow = Math.random() < 0.05
  await new Promise((resolve) => setTimeout(resolve, slow ? 30 + 120 * Math.random() : 5))
  return inputs.map(([x]) => (x! > 0 ? 1 : 0))
}

async function measure(members: number, mitigated: boolean): Promise<Row> {
  const options = { inputSize: 1, isolation: 'inline', maxInFlight: 64, outputs: [{ name: 'y', type: 'integers', shape: [] }] } as const
  const model = { name: 'slow', source: sometimesSlow, options }
  const models = await Promise.all(Array.from({ length: members }, (_, i) => published(`member-${i}`, model)))
  const sloMs = mitigated ? SLO_MS : PATIENT_MS
  const application = { defaultOutput: -1, sloMs, selection: 'exp4' } as const
  const [measured] = await withServing({ models, application }, (port) =>
    closedLoop({ port, path: '/app/predict', body: (request) => `{"input":[${request + 1}]}`, connections: CONNECTIONS, seconds: SECONDS }),
  )
  console.log(
    `${members} members, ${mitigated ? 'answered by the deadline' : 'blocking'}: mean ${measured.meanMs.toFixed(1)} ms, p99 ${measured.p99Ms.toFixed(1)} ms, ${(100 * measured.defaults).toFixed(2)} % defaults`,
  )
  return { members, mitigated, ...measured }
}

export async function run(): Promise<Row[]> {
  const rows: Row[] = []
  for (const members of MEMBERS) rows.push(await measure(members, true), await measure(members, false))
  return rows
}

export function chart(rows: Row[]): string {
  const line = (label: string, mitigated: boolean, read: (row: Row) => number) => {
    return { label, points: rows.filter((row) => row.mitigated === mitigated).map((row) => [row.members, read(row)] as const) }
  }
  const lines = [
    line('p99, by the deadline', true, ({ p99Ms }) => p99Ms),
    line('p99, waiting for all', false, ({ p99Ms }) => p99Ms),
    line('mean, by the deadline', true, ({ meanMs }) => meanMs),
    line('mean, waiting for all', false, ({ meanMs }) => meanMs),
  ]
  return lineChart({
    title: `Ensembles with stragglers, SLO ${SLO_MS} ms`,
    x: 'members',
    y: 'ms',
    lines,
    mark: { y: SLO_MS, label: 'SLO' },
  })
}
