/** Clients that behave badly: slow ones, ones that never read, or never finish, or hang up, or send nonsense. None may harm the others. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Asker } from './asking.js'
import { fn } from './models.js'

function socketTo({ world }: Asker): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(world.frontend.port, '127.0.0.1', () => resolve(socket))
    socket.on('error', () => resolve(socket))
  })
}

const requestOf = (body: string, path = '/fn/predict') =>
  `POST ${path} HTTP/1.1\r\nhost: rude\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** Headers, and JSON that ends. */
const WHOLE = /\r\n\r\n.*\}$/s

/** A request in small pieces is answered as any other. */
async function drip(asker: Asker): Promise<void> {
  const { world, below } = asker
  const socket = await socketTo(asker)
  const x = [below(100), below(100), below(100), 1]
  const text = requestOf(JSON.stringify({ input: x }))
  const startedAt = performance.now()
  let answer = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    answer += part
  })
  const piece = 1 + Math.floor(text.length / 20)
  for (let at = 0; at < text.length; at += piece) {
    socket.write(text.slice(at, at + piece))
    await sleep(100)
  }
  const sentAt = performance.now()
  while (!WHOLE.test(answer) && !socket.destroyed && performance.now() - sentAt < 10_000) await sleep(20)
  socket.destroy()
  if (!WHOLE.test(answer)) return world.unanswered('a request in small pieces', startedAt)
  const told = JSON.parse(answer.split('\r\n\r\n')[1])
  // (It was whole a while before the last pause was over: what was current since it began may have answered.)
  world.checkAnswer(world.applications.get(fn.name)!, told, { x, sentAt: startedAt, answeredAt: performance.now() })
}

/** Asks for much and reads nothing. */
async function neverRead(asker: Asker): Promise<void> {
  const socket = await socketTo(asker)
  socket.pause()
  const body = JSON.stringify({ input_batch: Array.from({ length: 500 }, (_, i) => [i, 1, 2, 3]) })
  for (let i = 0; i < 20; i++) socket.write(requestOf(body))
  await sleep(1000 + asker.below(4000))
  socket.destroy()
}

/** Watches all that an application answers, and reads none of it. */
async function neverListen(asker: Asker): Promise<void> {
  const socket = await socketTo(asker)
  socket.pause()
  socket.write('GET /fn/stream HTTP/1.1\r\nhost: rude\r\n\r\n')
  await sleep(1000 + asker.below(4000))
  socket.destroy()
}

/** Sends a part of a request and then nothing, for as long as it is let. */
async function neverFinish(asker: Asker): Promise<void> {
  const socket = await socketTo(asker)
  const text = requestOf('{"input":[1,2,3,4]}')
  socket.write(text.slice(0, 1 + asker.below(text.length - 1)))
  await sleep(2000 + asker.below(5000))
  socket.destroy()
}

async function hangUp(asker: Asker): Promise<void> {
  const socket = await socketTo(asker)
  socket.write(requestOf('{"input":[1,2,3,4]}', '/trouble/predict'))
  await sleep(asker.below(20))
  if (asker.draw() < 0.5) socket.destroy()
  else socket.resetAndDestroy()
}

const NONSENSE = [
  '',
  '{',
  '[]',
  '{"input":"x"}',
  '{"input":[1,2,3]}',
  '{"input":[1,2,null,4]}',
  '{"input_batch":7}',
  '{"inputs":[{}]}',
  'null',
  '\u0000\u0001',
]
const PATHS = [
  '/fn/predict',
  '/policy/update',
  '/v2/models/fn/infer',
  '/v1/models/policy:predict',
  '/fn/stream',
  '/admin/add_model_links',
  '/admin/set_replicas',
]

/** Whatever a body holds, the answer is a refusal with a reason. */
async function nonsense(asker: Asker): Promise<void> {
  const { world, below } = asker
  const [path, body] = [PATHS[below(PATHS.length)], NONSENSE[below(NONSENSE.length)]]
  const answer = await world.call(path, body)
  if (answer === undefined) return
  world.report.count('answers', 'nonsense, refused')
  const isRefusal = answer.status >= 400 && answer.status < 500 && typeof JSON.parse(String(answer.body)).error === 'string'
  if (!isRefusal) world.report.violation(`${path} of ${JSON.stringify(body)} was answered with ${answer.status} ${answer.body}`)
  const unknown = await world.call('/nobody/predict', '{"input":[1,2,3,4]}')
  if (unknown !== undefined && unknown.status !== 404) world.report.violation(`an unknown application was answered with ${unknown.status}`)
}

/** What is no HTTP at all. */
async function noise(asker: Asker): Promise<void> {
  const socket = await socketTo(asker)
  socket.write(Buffer.from(Array.from({ length: 200 }, () => asker.below(256))))
  await sleep(200)
  socket.destroy()
}

export const RUDE = { drip, neverRead, neverListen, neverFinish, hangUp, nonsense, noise } as const
