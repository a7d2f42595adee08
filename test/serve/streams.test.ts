import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect, type Server } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { httpApp, listen } from '../../serve/http/app.js'
import { eventStreams } from '../../serve/http/streams/event-stream.js'
import { makeLog } from '../../serve/log/log.js'
import { Gate } from '../../serve/security/gate.js'
import { Tokens } from '../../serve/security/tokens.js'
import { pushPolicy } from './policies.js'
import { codeOf, containerPid, messageOf, until, withServer } from './tools.js'

const withPush = (use: (server: Server) => Promise<void>, options = {}) =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    await use(server)
  }, options)

interface Event {
  readonly event: string
  readonly id: string | undefined
  readonly data: Record<string, unknown>
}

/** Events as they come; ends with the stream. */
async function* eventsOf(response: Response): AsyncGenerator<Event> {
  assert.match(response.headers.get('content-type') ?? '', 'text/event-stream')
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      )
      text = text.slice(end + 2)
      if (fields.event) yield { event: fields.event, id: fields.id, data: JSON.parse(fields.data ?? '{}') }
    }
  }
}

test('a batch is answered as a stream, an event an input as soon as its answer is there', () =>
  withPush(async (server) => {
    const body = JSON.stringify({
      input_batch: [
        [0, 0, 0, 1],
        [0, 0, 0, -1],
        [0, 0, 0, 2],
      ],
    })
    const events: Event[] = []
    for await (const event of eventsOf(await fetch(`${server.url}/push/stream`, { method: 'POST', body }))) events.push(event)
    assert.equal(events.at(-1), { event: 'end', id: undefined, data: { answers: 3 } })
    const answers = events.slice(0, -1).sort((a, b) => Number(a.data.index) - Number(b.data.index))
    assert.equal(
      answers.map(({ event, data }) => [event, data.index, data.output, data.default]),
      [
        ['prediction', 0, 1, false],
        ['prediction', 1, 0, false],
        ['prediction', 2, 1, false],
      ],
    )
    for (const { id, data } of answers) assert.is(id, String(data.query_id))
  }))

test('what is wrong with a batch is said before its stream begins', () =>
  withPush(async (server) => {
    const post = (path: string, body: string) => fetch(server.url + path, { method: 'POST', body })
    const bad = await post('/push/stream', '{"input_batch":[[0,0,0,1],[0]]}')
    assert.equal([bad.status, ((await bad.json()) as { cause: string }).cause], [400, 'input_batch[1]: expected 4 numbers, got 1'])
    assert.is((await post('/nobody/stream', '{"input":[1]}')).status, 404)
    assert.is((await fetch(`${server.url}/nobody/stream`)).status, 404)
  }))

test("who watches an application sees every answer that it gives, and the server's closing ends the watching", async () => {
  const seen: Event[] = []
  let watching: Promise<void> | undefined
  await withPush(async (server) => {
    const response = await fetch(`${server.url}/push/stream`)
    watching = (async () => {
      for await (const event of eventsOf(response)) seen.push(event)
    })()
    const client = connect(server.url)
    await client.predict('push', [0, 0, 0, 1])
    await client.predictBatch('push', [
      [0, 0, 0, -1],
      [0, 0, 0, 5],
    ])
    client.close()
    await until(() => seen.length === 3)
  })
  await watching
  assert.equal(
    seen.map(({ event, data }) => [event, data.output]),
    [
      ['prediction', 1],
      ['prediction', 0],
      ['prediction', 1],
    ],
  )
})

test('streams that wait behind another one on their connection are let go of when it ends', async () => {
  const { log } = makeLog('silent')
  const { app, seen } = httpApp(log, undefined, { maxBodyBytes: 1000, maxBinaryBytes: 1000, maxBatchInputs: 1 })
  const openStream = eventStreams(app, seen, new Gate(new Tokens(), undefined))
  let open = 0
  app.get('/stream', { config: { access: 'open' } }, (_request, reply) => {
    open++
    openStream(reply).onClose = () => {
      open--
    }
  })
  const socket = connectTcp(await listen(app, '127.0.0.1', 0), '127.0.0.1')
  socket.write('GET /stream HTTP/1.1\r\nhost: here\r\n\r\n'.repeat(3))
  await until(() => open === 3)
  // (One that says goodbye may still read: that it does not is seen at the next word to it.)
  socket.resetAndDestroy()
  const end = performance.now() + 5_000
  await until(() => open === 0 || performance.now() > end)
  await app.close()
  assert.is(open, 0)
})

test('an input of a stream that is shed is told so, and the stream ends', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), {
      isolation: 'inline',
      batching: { maxQueued: 1 },
      application: { sloMs: 60_000, overload: 'shed' },
    })
    const body = JSON.stringify({ input_batch: [1, 2, 3].map((x) => [0, 0, x, 1]) })
    const events: Event[] = []
    const signal = AbortSignal.timeout(10_000)
    for await (const event of eventsOf(await fetch(`${server.url}/push/stream`, { method: 'POST', body, signal }))) events.push(event)
    assert.equal(
      events.map(({ event, data }) => [event, data.index, data.output ?? data.error]),
      [
        ['error', 1, 'OVERLOADED'],
        ['error', 2, 'OVERLOADED'],
        ['prediction', 0, 1],
        ['end', undefined, undefined],
      ],
    )
  }))

async function open(server: Server, path = '/push/control', options: ConstructorParameters<typeof WebSocket>[2] = {}): Promise<WebSocket> {
  const socket = new WebSocket(server.url.replace('http', 'ws') + path, 'gymnura', options)
  await once(socket, 'open')
  return socket
}

/** Sends messages and resolves with as many answers. */
function talk(socket: WebSocket, ...messages: readonly unknown[]): Promise<Record<string, unknown>[]> {
  return new Promise((resolve) => {
    const answers: Record<string, unknown>[] = []
    socket.on('message', (data) => {
      answers.push(JSON.parse(String(data)))
      if (answers.length < messages.length) return
      socket.removeAllListeners('message')
      resolve(answers)
    })
    for (const message of messages) socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  })
}

test('a control loop is answered message by message, each with its id; feedback goes the same way', () =>
  withServer(async (server) => {
    await server.registerApplication({ name: 'push', defaultOutput: 0, selection: 'ucb1' })
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    await server.link('push', 'push')
    const socket = await open(server)
    const [first] = await talk(socket, { id: 'a', input: [0, 0, 0, 1] })
    assert.equal([first?.id, first?.output, first?.default, first?.confident], ['a', 1, false, true])
    const [told] = await talk(socket, { id: 2, query_id: first?.query_id, reward: 1 })
    assert.equal(told, { id: 2, accepted: true })
    const many = await talk(socket, ...Array.from({ length: 100 }, (_, id) => ({ id, input: [0, 0, 0, id % 2 ? 1 : -1] })))
    for (const { id, output } of many) assert.is(output, Number(id) % 2)
    socket.close()
  }))

test('whatever a message holds, the answer says what is wrong with it, and the loop goes on', () =>
  withPush(async (server) => {
    const socket = await open(server)
    const wrong = [
      '',
      '7',
      '{',
      Buffer.from([1, 2, 3]),
      { id: [], input: [0, 0, 0, 1] },
      { id: 1 },
      { id: 2, input: [0, 0, 0] },
      { id: 3, input_batch: [[0, 0, 0, 1]] },
      { id: 4, input: [0, 0, 0, 1], version: 9 },
      { id: 5, query_id: 'x', reward: 1 },
    ]
    const answers = await talk(socket, ...wrong)
    for (const { error, cause } of answers) assert.ok(typeof error === 'string' && typeof cause === 'string' && cause.length > 0)
    assert.equal(
      answers.map(({ id }) => id),
      [undefined, undefined, undefined, undefined, undefined, 1, 2, 3, 4, 5],
    )
    assert.is(answers[6]?.cause, 'input: expected 4 numbers, got 3')
    const [good] = await talk(socket, { input: [0, 0, 0, 1] })
    assert.is(good?.output, 1)
    await server.deleteApplication('push')
    assert.is((await talk(socket, { input: [0, 0, 0, 1] }))[0]?.error, 'APPLICATION_UNKNOWN')
    socket.close()
  }))

test('a late model answers a control loop with the default, within the deadline', () =>
  withServer(async (server) => {
    await server.registerApplication({ name: 'push', defaultOutput: 7, sloMs: 20 })
    await server.publish('push', pushPolicy())
    await server.link('push', 'push')
    const socket = await open(server)
    process.kill(containerPid(server), 'SIGSTOP')
    try {
      const [answer] = await talk(socket, { input: [0, 0, 0, 1] })
      assert.equal([answer?.output, answer?.default], [7, true])
    } finally {
      process.kill(containerPid(server), 'SIGCONT')
    }
    socket.close()
  }))

test('who may not come in is told why: an unknown application, another path, a foreign page, no token', () =>
  withPush(
    async (server) => {
      const refused = async (path: string, headers: Record<string, string> = {}, protocols: string[] = []) => {
        const socket = new WebSocket(server.url.replace('http', 'ws') + path, ['gymnura', ...protocols], { headers })
        const [{ message }] = (await once(socket, 'error').catch((error) => [error])) as [Error]
        return /\d{3}$/.exec(message)?.[0]
      }
      const authorization = 'Bearer push-token-0123456789'
      assert.is(await refused('/nobody/control', { authorization: 'Bearer admin-token-0123456789' }), '404')
      assert.is(await refused('/push/predict', { authorization }), '404')
      assert.is(await refused('/push/control', { authorization, origin: 'https://evil.example' }), '403')
      assert.is(await refused('/push/control'), '401')
      assert.is(await refused('/other/control', { authorization }), '403')
      const encoded = Buffer.from('push-token-0123456789').toString('base64url')
      const browser = new WebSocket(`${server.url.replace('http', 'ws')}/push/control`, ['gymnura', `bearer.${encoded}`])
      await once(browser, 'open')
      assert.is(browser.protocol, 'gymnura')
      browser.close()
    },
    { tokens: { admin: 'admin-token-0123456789', applications: { push: 'push-token-0123456789' } } },
  ))

test('a request that offers to go on in HTTP/2, as of Java, is answered as any other', () =>
  withPush(async (server) => {
    const body = '{"input":[0,0,0,1]}'
    const offer = ['connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAEAAEAAAAIAAAAB']
    const head = (...lines: string[]) =>
      ['POST /push/predict HTTP/1.1', 'host: x', `content-length: ${body.length}`, ...lines, '', body].join('\r\n')
    const socket = connectTcp({ port: server.port, host: '127.0.0.1' })
    let answers = ''
    socket.setEncoding('utf8').on('data', (text) => {
      answers += text
    })
    for (const [i, lines] of [offer, [], offer].entries()) {
      socket.write(head(...lines))
      await until(() => answers.split('"output":1').length === i + 2)
    }
    socket.destroy()
  }))

test('a rate limit counts every message of a control loop', () =>
  withPush(
    async (server) => {
      const socket = await open(server)
      const answers = await talk(socket, ...Array.from({ length: 5 }, (_, id) => ({ id, input: [0, 0, 0, 1] })))
      assert.equal(answers.map(({ error }) => error).sort(), ['RATE_LIMITED', 'RATE_LIMITED', undefined, undefined, undefined].sort())
      socket.close()
    },
    { rateLimit: { perSecond: 0.01, burst: 4 } },
  ))

test("the client's control loop acts, several observations at once too, and tells what is wrong", async () => {
  let lost: Promise<unknown> | undefined
  await withPush(async (server) => {
    const client = connect(server.url)
    const loop = await client.control('push', { user: 'u' })
    assert.is((await loop.act([0, 0, 0, 1])).output, 1)
    const outputs = await Promise.all(Array.from({ length: 50 }, (_, i) => loop.act(Float32Array.of(0, 0, 0, i % 2 ? 1 : -1))))
    assert.equal(
      outputs.map(({ output }) => output),
      outputs.map((_, i) => i % 2),
    )
    assert.is(await messageOf(loop.act([1])), 'input: expected 4 numbers, got 1')
    assert.is(await messageOf(loop.act([0, 0, 0, Number.NaN])), 'observation[3] is NaN; expected a finite number')
    assert.is(await messageOf(loop.act(null as unknown as number[])), 'observation is null; expected an array of numbers, or a string')
    assert.match(await messageOf(loop.act('word')), 'input: expected an array of numbers, got "word"')
    assert.is(await codeOf(client.control('nobody')), 'SERVER_UNREACHABLE')
    loop.close()
    await until(async () => (await codeOf(loop.act([0, 0, 0, 1]))) === 'SERVER_UNREACHABLE')
    const held = await client.control('push')
    lost = until(async () => (await codeOf(held.act([0, 0, 0, 1]))) === 'SERVER_UNREACHABLE')
    client.close()
  })
  await lost
})

test.run()
