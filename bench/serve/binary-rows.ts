/** Open Inference v2 with binary tensors: blocks of rows through the whole path, actions back as bytes. */
import { lineChart } from '../chart.js'
import { type BlockRate, blockLoop } from './parts/blocks.js'
import { markdownTable } from './parts/markdown.js'
import { policyModel } from './parts/models.js'
import { published, withServing } from './parts/serving.js'

const SECONDS = 2
const BLOCKS = [1024, 16_384, 65_536, 262_144]

interface Row extends BlockRate {
  readonly isolation: string
  readonly rows: number
  readonly connections: number
  readonly maxBatch: number
}

export async function run(): Promise<Row[]> {
  const policy = await policyModel()
  const rows: Row[] = []
  for (const isolation of ['process', 'inline'] as const) {
    const served = { models: [await published('policy', policy, { isolation })], application: { defaultOutput: 0, sloMs: 100 } }
    for (const block of BLOCKS) {
      for (const connections of [1, 4]) {
        const asked = { model: 'policy', input: 'observation', output: 'action', rows: block, connections, seconds: SECONDS }
        const [{ rowsPerSecond, p50Ms }, { maxBatch }] = await withServing(served, (port) => blockLoop({ port, ...asked }))
        rows.push({ isolation, rows: block, connections, rowsPerSecond, p50Ms, maxBatch })
        const rate = (rowsPerSecond / 1e6).toFixed(2)
        console.log(
          `${isolation.padEnd(8)} blocks of ${block}, ${connections} connections: ${rate} M rows/s, p50 ${p50Ms.toFixed(1)} ms a block`,
        )
      }
    }
  }
  return rows
}

export function chart(rows: Row[]): string {
  const lines = ['process', 'inline'].flatMap((isolation) =>
    [1, 4].map((connections) => ({
      label: `${isolation}, ${connections} connection${connections > 1 ? 's' : ''}`,
      points: rows
        .filter((row) => row.isolation === isolation && row.connections === connections)
        .map((row) => [row.rows, row.rowsPerSecond] as const),
    })),
  )
  return lineChart({ title: 'Open Inference v2, binary tensors', x: 'rows a request', y: 'rows a second', lines, logX: true })
}

export function table(rows: Row[]): string {
  return markdownTable(
    ['where', 'rows a request', 'connections', 'M rows/s', 'p50 of a block, ms'],
    rows.map((row) => [row.isolation, row.rows, row.connections, (row.rowsPerSecond / 1e6).toFixed(2), row.p50Ms.toFixed(1)]),
  )
}
