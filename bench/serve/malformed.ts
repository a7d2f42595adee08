/**
 * Malformed requests of every API: each is answered with 200 or 4xx, and a refusal says which field is to blame.
 *
 *     npm run bench -- serve malformed               50,000 requests
 *     npm run bench -- serve malformed 1000 42       so many, with a seed of your own
 */
import { connect as connectSocket } from 'node:net'
import fc from 'fast-check'
import { connect, serve } from 'gymnura/serve'
import { pushPolicy } from '../../test/serve/policies.js'
import { randomRequest, wrongAnswer } from '../../test/serve/random-requests.js'
import { call, hangUp } from './chaos/http.js'

/** Named by itself only: it takes minutes. */
export const onlyByName = true

const AT_ONCE = 16
const NOISE_PERCENT = 2
const MOST_SHOWN = 10

/** What is no HTTP is answered with 400, or hung up on. */
function sendNoise(port: number, noise: Uint8Array): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connectSocket(port, '127.0.0.1', () => socket.end(noise))
    socket.setEncoding('latin1').on('data', (part: string) => {
      answer += part
    })
    socket.on('error', () => {})
    socket.on('close', () =>
      resolve(answer === '' || /^HTTP\/1\.1 (4\d\d|200) /.test(answer) ? undefined : `noise was answered with ${answer}`),
    )
  })
}

/** @param args requests (default 50,000) and a seed. Throws where an answer was not as it should be. */
export async function run([requests = '50000', seed = '1']: readonly string[] = []): Promise<object> {
  const server = await serve({ port: 0, logLevel: 'silent' })
  await server.publish('push', pushPolicy(), { isolation: 'inline' })
  const statuses: Record<string, number> = {}
  const wrong: string[] = []
  const noise = fc.uint8Array({ minLength: 1, maxLength: 300 })
  const samples = fc.sample(fc.tuple(randomRequest, noise, fc.integer({ min: 0, max: 99 })), {
    numRuns: Number(requests),
    seed: Number(seed),
  })
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let sample = samples.pop(); sample !== undefined; sample = samples.pop()) {
        const [request, bytes, chance] = sample
        const status = chance < NOISE_PERCENT ? await sendNoise(server.port, bytes) : await send(request)
        if (status === undefined) statuses.noise = (statuses.noise ?? 0) + 1
        else if (/^\d+$/.test(status)) statuses[status] = (statuses[status] ?? 0) + 1
        else if (wrong.push(status) <= MOST_SHOWN) console.log(status)
      }
    }),
  )
  async function send(request: Parameters<typeof wrongAnswer>[0]): Promise<string> {
    const { status, body } = await call(server.port, request.path, request.body, request.headers)
    return wrongAnswer(request, status, String(body)) ?? String(status)
  }
  const seconds = (performance.now() - startedAt) / 1000
  const client = connect(server.url)
  const { output } = await client.predict('push', [0, 0, 0, 1])
  client.close()
  hangUp()
  await server.close()
  console.table(statuses)
  if (output !== 1) throw new Error(`malformed: after it the server answers ${output}; expected 1`)
  if (wrong.length > 0) throw new Error(`malformed: ${wrong.length} of ${requests} requests were not answered as they should, seed ${seed}`)
  console.log(`${requests} requests, ${Math.round(Number(requests) / seconds)} a second, all answered with 200 or with what is wrong`)
  return { requests: Number(requests), seed: Number(seed), statuses, wrong: 0 }
}
