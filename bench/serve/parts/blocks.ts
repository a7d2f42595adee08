/** Blocks of rows by Open Inference v2 with binary tensors: a load of closed loops. */
import { Agent, request } from 'node:http'

const WARM_SECONDS = 1
const BYTES_PER_ROW = 16

export interface BlockLoad {
  readonly port: number
  readonly model: string
  /** The names of its input, four floats a row, and of the output that is asked for, at least 4 bytes a row. */
  readonly input: string
  readonly output: string
  readonly rows: number
  readonly connections: number
  readonly seconds: number
}

export interface BlockRate {
  readonly rowsPerSecond: number
  readonly p50Ms: number
}

interface Block {
  readonly path: string
  readonly body: Buffer
  readonly jsonLength: number
  readonly leastBytes: number
}

/** A request's body: its JSON, then so many rows of four numbers. */
function blockOf({ input, model, output, rows }: BlockLoad): Block {
  const described = { name: input, shape: [rows, 4], datatype: 'FP32', parameters: { binary_data_size: rows * BYTES_PER_ROW } }
  const json = Buffer.from(JSON.stringify({ inputs: [described], outputs: [{ name: output, parameters: { binary_data: true } }] }))
  const values = Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i))
  const body = Buffer.concat([json, Buffer.from(values.buffer)])
  return { path: `/v2/models/${model}/infer`, body, jsonLength: json.length, leastBytes: 4 * rows }
}

/** Resolves when the whole answer is there. */
function infer(agent: Agent, port: number, { path, body, jsonLength, leastBytes }: Block): Promise<void> {
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': jsonLength,
    'content-length': body.length,
  }
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', path, method: 'POST', agent, headers }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('end', () => {
        if (response.statusCode === 200 && bytes >= leastBytes) resolve()
        else reject(new Error(`HTTP ${response.statusCode}, ${bytes} bytes`))
      })
    })
    call.on('error', reject)
    call.end(body)
  })
}

/** @throws where an answer is not 200, or too short to hold the output */
export async function blockLoop(load: BlockLoad): Promise<BlockRate> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections })
  const block = blockOf(load)
  const warm = performance.now() + 1000 * WARM_SECONDS
  const end = warm + 1000 * load.seconds
  const latencies: number[] = []
  try {
    await Promise.all(
      Array.from({ length: load.connections }, async () => {
        for (let sent = performance.now(); sent < end; sent = performance.now()) {
          await infer(agent, load.port, block)
          if (sent >= warm) latencies.push(performance.now() - sent)
        }
      }),
    )
  } finally {
    agent.destroy()
  }
  const seconds = (performance.now() - warm) / 1000
  return { rowsPerSecond: (latencies.length * load.rows) / seconds, p50Ms: latencies.sort((a, b) => a - b)[latencies.length >> 1]! }
}
