import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Client, connect } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { codeOf, messageOf, until, withServer } from './tools.js'

/** A client of a server that is not ours. */
async function withStranger(answer: RequestListener, use: (client: Client) => Promise<void>, timeoutMs?: number): Promise<void> {
  const stranger = createServer(answer).listen(0, '127.0.0.1')
  await until(() => stranger.listening)
  const client = connect(new URL(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}`), { timeoutMs })
  try {
    await use(client)
  } finally {
    client.close()
    stranger.closeAllConnections()
    stranger.close()
  }
}

test('an answer that no server of ours gives is an error that says so, for every call', async () => {
  const strange = [
    '<html></html>',
    '{"x":1}',
    'null',
    '7',
    '',
    '{"batch_predictions":[{}]}',
    '{"batch_predictions":[]}',
    '{"model_name":3}',
  ]
  for (const text of strange) {
    await withStranger(
      (_, response) => response.end(text),
      async (client) => {
        const calls = () => [client.predict('push', [1]), client.predictBatch('push', [[1]]), client.publish('push', new Uint8Array(3))]
        for (const call of calls()) {
          assert.is(await codeOf(call), 'REQUEST_REFUSED', text)
          assert.match(await messageOf(call), 'is not a Gymnura server')
        }
      },
    )
  }
})

test('a server that hangs up in the middle of its answer is an error', () =>
  withStranger(
    (_, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('{"output":')
      setImmediate(() => response.destroy())
    },
    async (client) => assert.is(await codeOf(client.predict('push', [1])), 'SERVER_UNREACHABLE'),
  ))

test('a server that says nothing, or never ends, is given up after the time limit', async () => {
  const silent: RequestListener[] = [() => {}, (_, response) => void response.write('{')]
  for (const answer of silent) {
    await withStranger(
      answer,
      async (client) => {
        const call = client.predict('push', [1])
        assert.is(await codeOf(call), 'SERVER_UNREACHABLE')
        assert.match(await messageOf(call), 'none within 20 ms')
      },
      20,
    )
  }
})

test('what JSON would bend is refused before it is sent, with what was given', async () => {
  const client = connect('http://127.0.0.1:9')
  const wrong = (value: unknown) => value as number[]
  const refusals: [Promise<unknown>, string][] = [
    [client.predict('push', [0, Number.NaN]), 'input[1] is NaN; expected a finite number'],
    [client.predict('push', Float64Array.of(-Infinity)), 'input[0] is -Infinity'],
    [client.predict('push', wrong([1n])), 'input[0] is 1n'],
    [client.predict('push', wrong(undefined)), 'input is missing; expected an array of numbers'],
    [client.predict('push', wrong(1234)), 'input is 1234; expected an array of numbers, or a string'],
    [client.predict('push', [0], { version: Number.NaN }), 'version is NaN; expected a string or a whole number'],
    [client.predict('push', [0], { verison: 1 } as object), 'predict has no option "verison"; did you mean "version"?'],
    [client.predict('', [0]), 'application is ""'],
    [client.predictBatch('push', wrong([0, 0]) as unknown as number[][]), 'inputs[0] is 0; expected an array of numbers'],
    [client.predictBatch('push', wrong(null) as unknown as number[][]), 'inputs is null'],
    [
      client.publish('push', 'policy.safetensors'),
      'model is "policy.safetensors"; expected a file\'s bytes, such as readFileSync(file) or policy.toBytes() gives, or an address',
    ],
    [client.publish('push', new Uint8Array(1), { knid: 'policy' } as object), 'publish has no option "knid"; did you mean "kind"?'],
  ]
  for (const [call, message] of refusals) {
    assert.is(await codeOf(call), 'SERVE_OPTION', message)
    assert.match(await messageOf(call), message)
  }
  assert.throws(() => connect(undefined as unknown as string), /url is missing; expected one like "http/)
  assert.throws(() => connect('http://user:password@127.0.0.1'), /expected one like "http/)
  assert.throws(() => connect('http://127.0.0.1', { timeoutMs: 0 }), /timeoutMs is 0/)
})

test('a prediction that was cut off, or turned away for now, is asked again; feedback and changes only where nobody can have heard them', async () => {
  let calls = 0
  const good = '{"query_id":1,"output":1,"default":false}'
  const troubled: RequestListener = (_, response) => {
    calls++
    if (calls === 1) response.destroy()
    else if (calls === 2) response.writeHead(429, { 'retry-after': '0' }).end('{"cause":"wait"}')
    else response.end(good)
  }
  await withStranger(troubled, async (client) => {
    assert.is((await client.predict<number>('push', [1])).output, 1)
    assert.is(calls, 3)
    calls = 0
    assert.is(await codeOf(client.feedback('push', { queryId: 1, reward: 1 })), 'SERVER_UNREACHABLE')
    assert.is(calls, 1)
  })
  calls = -10
  await withStranger(
    (_, response) => {
      calls++
      response.writeHead(503, { 'retry-after': '0' }).end('{"cause":"too much waits"}')
    },
    async (client) => {
      assert.match(await messageOf(client.predict('push', [1])), 'too much waits (HTTP 503)')
      assert.is(calls, -7)
    },
  )
})

test('a client waits for a server that is about to be there, for as long as its time lasts', async () => {
  const first = createServer().listen(0, '127.0.0.1')
  await until(() => first.listening)
  const { port } = first.address() as AddressInfo
  await new Promise((resolve) => first.close(resolve))
  const client = connect(`http://127.0.0.1:${port}`, { retries: 20, timeoutMs: 20_000 })
  const asked = client.predict('push', [0, 0, 0, 1])
  await withServer(
    async (server) => {
      await server.publish('push', pushPolicy(), { isolation: 'inline' })
      assert.is((await asked).output, 1)
    },
    { port },
  )
  client.close()
})

test.run()
