import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pullPolicy, pushPolicy } from './policies.js'
import { withServer } from './tools.js'

interface Golden {
  readonly request: string
  readonly requestJsonLength: number | null
  readonly answer: string
  readonly answerJsonLength: number | null
}

/** What tritonclient sent, and what it understood: test/reference/serve-clients/triton.py. */
const { requests } = JSON.parse(readFileSync('test/golden/serve/tritonclient.json', 'utf8')) as { requests: Record<string, Golden> }
const LENGTH = 'inference-header-content-length'

test("tritonclient's requests are answered byte for byte as when it understood the answers", () =>
  withServer(async (server) => {
    await server.publish('push', pullPolicy(), { version: 1, isolation: 'inline' })
    await server.publish('push', pushPolicy(), { version: 2, isolation: 'inline' })
    assert.ok(Object.keys(requests).length >= 9)
    for (const [title, { request, requestJsonLength, answer, answerJsonLength }] of Object.entries(requests)) {
      const headers: Record<string, string> = requestJsonLength === null ? {} : { [LENGTH]: String(requestJsonLength) }
      const body = new Uint8Array(Buffer.from(request, 'base64'))
      const response = await fetch(`${server.url}/v2/models/push/infer`, { method: 'POST', headers, body })
      assert.is(response.headers.get(LENGTH), answerJsonLength === null ? null : String(answerJsonLength), title)
      assert.is(Buffer.from(await response.arrayBuffer()).toString('latin1'), Buffer.from(answer, 'base64').toString('latin1'), title)
    }
  }))

test.run()
