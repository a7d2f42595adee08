/**
 * What runs on Node of what is compared: ours with the policy in a process, in a thread or inline, and the floors. Arguments: port, what.
 * The policy's file is $GYMNURA_PEER_POLICY; the process that holds it goes to $GYMNURA_PEER_PID_FILE.
 */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import fastify from 'fastify'
import { plainMlp } from './plain-mlp.js'

const HOST = '127.0.0.1'
const port = Number(process.argv[2])
const policy = process.env.GYMNURA_PEER_POLICY!

async function ours(isolation: 'process' | 'thread' | 'inline'): Promise<void> {
  const { serve } = await import('gymnura/serve')
  // Distinct inputs are wanted: nothing is to be found in the cache.
  const server = await serve({ port, cacheBytes: 0, logLevel: 'error' })
  await server.registerApplication({ name: 'app', inputType: 'floats', defaultOutput: 0, sloMs: 20 })
  await server.publish('mlp', policy, { isolation, application: false })
  await server.link('app', 'mlp')
  writeFileSync(process.env.GYMNURA_PEER_PID_FILE!, String(server.metrics().models[0]?.replicas[0]?.pid ?? process.pid))
}

async function echo(): Promise<void> {
  const app = fastify()
  app.post('/predict', async () => ({ query_id: 1, output: 0, default: false }))
  await app.listen({ port, host: HOST })
}

/** `answer` gets the body's text. */
function bare(answer: (body: string) => string): void {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('latin1')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const text = answer(body)
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length })
      response.end(text)
    })
  })
  server.listen(port, HOST)
}

function withMlp(): void {
  const mlp = plainMlp(policy)
  bare((body) => {
    const rows: number[][] = JSON.parse(body).input
    return JSON.stringify({ output: rows.map((row) => Array.from(mlp(row))) })
  })
}

const kinds: Readonly<Record<string, () => void | Promise<void>>> = {
  process: () => ours('process'),
  thread: () => ours('thread'),
  inline: () => ours('inline'),
  echo,
  http: () => bare(() => '{"query_id":1,"output":0,"default":false}'),
  'http-mlp': withMlp,
}
await kinds[process.argv[3]!]!()
