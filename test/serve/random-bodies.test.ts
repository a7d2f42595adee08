import fc from 'fast-check'
import type { Server } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { randomRequest, wrongAnswer } from './random-requests.js'
import { withServer } from './tools.js'

const withPush = (use: (server: Server) => Promise<void>) =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    await use(server)
  })

test('whatever the body, no call of any API fails: the answer is 200 or 4xx, and then says which field is to blame', () =>
  withPush(async (server) => {
    await fc.assert(
      fc.asyncProperty(randomRequest, async (request) => {
        const { path, headers, body } = request
        const response = await fetch(server.url + path, { method: 'POST', headers, body: new Uint8Array(body) })
        const wrong = wrongAnswer(request, response.status, await response.text())
        assert.is(wrong, undefined, wrong)
      }),
      { numRuns: 1500, includeErrorInReport: true },
    )
    const alive = await fetch(`${server.url}/push/predict`, { method: 'POST', body: '{"input":[0,0,0,1]}' })
    assert.is(((await alive.json()) as { output: number }).output, 1)
    const unknown = await fetch(`${server.url}/nobody/predict`, { method: 'POST', body: '{"input":[0,0,0,1]}' })
    assert.is(unknown.status, 404)
  }))

test('bytes that say they are tensors, and are not, are refused', () =>
  withPush(async (server) => {
    const tensors = fc.record({
      rows: fc.nat({ max: 6 }),
      declared: fc.nat({ max: 100 }),
      bytes: fc.uint8Array({ maxLength: 100 }),
      datatype: fc.constantFrom('FP32', 'FP16', 'FP64', 'INT64', 'BOOL', 'BYTES'),
    })
    await fc.assert(
      fc.asyncProperty(tensors, async ({ rows, declared, bytes, datatype }) => {
        const head = Buffer.from(
          JSON.stringify({ inputs: [{ name: 'observation', shape: [rows, 4], datatype, parameters: { binary_data_size: declared } }] }),
        )
        const headers = { 'inference-header-content-length': String(head.length) }
        const response = await fetch(`${server.url}/v2/models/push/infer`, {
          method: 'POST',
          headers,
          body: new Uint8Array(Buffer.concat([head, bytes])),
        })
        const answer = await response.text()
        assert.ok(response.status === 200 || response.status === 400, `${response.status}: ${answer}`)
        if (response.status === 400) assert.match(JSON.parse(answer).error, /^inputs/)
      }),
      { numRuns: 300, includeErrorInReport: true },
    )
  }))

test.run()
