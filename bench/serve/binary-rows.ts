/** Open Inference v2 with binary tensors: blocks of rows through the whole path, actions back as bytes. */
import { Agent, request } from 'node:http'
import { policyModel } from './parts/models.js'
import { published, withServing } from './parts/serving.js'

const SECONDS = 2
const WARM_SECONDS = 1
const BLOCKS = [1024, 16_384, 65_536, 262_144]

interface Row {
  readonly isolation: string
  readonly rows: number
  readonly connections: number
  readonly rowsPerSecond: number
  readonly p50Ms: number
  readonly maxBatch: number
}

/** A request's body: its JSON, then so many rows of four numbers. */
function blockOf(rows: number): { body: Buffer; jsonLength: number } {
  const input = { name: 'observation', shape: [rows, 4], datatype: 'FP32', parameters: { binary_data_size: rows * 16 } }
  const json = Buffer.from(JSON.stringify({ inputs: [input], outputs: [{ name: 'action', parameters: { binary_data: true } }] }))
  const values = Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i))
  return { body: Buffer.concat([json, Buffer.from(values.buffer)]), jsonLength: json.length }
}

/** Resolves when the whole answer is there. */
function infer(agent: Agent, port: number, { body, jsonLength }: ReturnType<typeof blockOf>, least: number): Promise<void> {
  const headers = { 'inference-header-content-length': jsonLength, 'content-length': body.length }
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', path: '/v2/models/policy/infer', method: 'POST', agent, headers }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('end', () => {
        if (response.statusCode === 200 && bytes >= least) resolve()
        else reject(new Error(`HTTP ${response.statusCode}, ${bytes} bytes`))
      })
    })
    call.on('error', reject)
    call.end(body)
  })
}

async function load(port: number, rows: number, connections: number): Promise<{ rowsPerSecond: number; p50Ms: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const block = blockOf(rows)
  const warm = performance.now() + 1000 * WARM_SECONDS
  const end = warm + 1000 * SECONDS
  const latencies: number[] = []
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let sent = performance.now(); sent < end; sent = performance.now()) {
        await infer(agent, port, block, rows * 4)
        if (sent >= warm) latencies.push(performance.now() - sent)
      }
    }),
  )
  const seconds = (performance.now() - warm) / 1000
  agent.destroy()
  return { rowsPerSecond: (latencies.length * rows) / seconds, p50Ms: latencies.sort((a, b) => a - b)[latencies.length >> 1]! }
}

export async function run(): Promise<Row[]> {
  const policy = await policyModel()
  const rows: Row[] = []
  for (const isolation of ['process', 'inline'] as const) {
    const served = { models: [await published('policy', policy, { isolation })], application: { defaultOutput: 0, sloMs: 100 } }
    for (const block of BLOCKS) {
      for (const connections of [1, 4]) {
        const [{ rowsPerSecond, p50Ms }, { maxBatch }] = await withServing(served, (port) => load(port, block, connections))
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
