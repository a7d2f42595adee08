import { request } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { post, until, withServer } from './tools.js'

const BYTES = 'application/octet-stream'
const artifact = () => new Uint8Array(pushPolicy())

test('how batches are put together may be said by a word, by a client and in a URL', () =>
  withServer(async (server, client) => {
    await client.publish('push', pushPolicy(), { batching: 'none' })
    await client.publish('push', pushPolicy(), { batching: { policy: 'fixed', size: 3 } })
    const raw = await fetch(`${server.url}/admin/publish?name=push&batching=quantile`, {
      method: 'POST',
      body: Uint8Array.from(pushPolicy()),
      headers: { 'content-type': 'application/octet-stream' },
    })
    assert.is(raw.status, 200)
    assert.equal(
      (await server.listModels()).map(({ batching }) => batching?.policy),
      ['none', 'fixed', 'quantile'],
    )
  }))

test('a policy is published over HTTP by its bytes, with an application of its name', () =>
  withServer(async (server, client) => {
    const { status, text } = await post(`${server.url}/admin/publish?name=push&version=7`, artifact(), BYTES)
    assert.is(status, 200, text)
    assert.equal([JSON.parse(text).model_name, JSON.parse(text).model_version, JSON.parse(text).is_current_version], ['push', '7', true])
    // (On a machine that is full the default of 0 may come first.)
    await until(async () => (await client.predict('push', [0, 0, 0, 1])).output === 1)
  }))

test("applications, links and lists go by Clipper's admin calls", () =>
  withServer(async (server, client) => {
    const admin = (call: string, body: object = {}) => post(`${server.url}/admin/${call}`, JSON.stringify(body))
    await post(`${server.url}/admin/publish?name=push&isolation=inline`, artifact(), BYTES)
    const app = { name: 'balance', input_type: 'floats', default_output: -1, latency_slo_micros: 20_000 }
    assert.equal(await admin('add_app', app), { status: 200, text: 'Success!' })
    assert.is((await admin('add_app', app)).status, 409)
    assert.equal(await admin('add_model_links', { app_name: 'balance', model_names: ['push'] }), { status: 200, text: 'Success!' })
    assert.is((await client.predict('balance', [0, 0, 0, 1])).output, 1)
    assert.equal(JSON.parse((await admin('get_all_applications')).text), ['push', 'balance'])
    assert.equal(JSON.parse((await admin('get_all_models', { verbose: false })).text), ['push:1'])
    const [, verbose] = JSON.parse((await admin('get_all_applications', { verbose: true })).text)
    assert.equal(verbose, {
      ...app,
      selection: 'fixed',
      confidence_threshold: 0,
      reward_range: [0, 1],
      overload: 'default',
      linked_models: ['push'],
    })
    assert.is((await fetch(`${server.url}/admin/ping`)).status, 200)
  }))

test('a refused admin call is 4xx with its code and cause', () =>
  withServer(async (server) => {
    const refusals = [
      ['publish?name=push', 'not a policy', BYTES, 400, 'MODEL_REFUSED'],
      ['publish', 'x', BYTES, 400, 'SERVE_OPTION'],
      ['publish?name=push&isolation=moon', 'x', BYTES, 400, 'SERVE_OPTION'],
      ['publish?name=push', '{}', 'application/json', 415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE'],
      ['add_app', '{', 'application/json', 400, 'QUERY_INVALID'],
      ['add_app', '{"name":7}', 'application/json', 400, 'QUERY_INVALID'],
      ['add_app', '{"name":"x"}', 'application/json', 400, 'SERVE_OPTION'],
      ['add_app', '{"name":"x","default_output":0,"input_type":"words"}', 'application/json', 400, 'SERVE_OPTION'],
      ['add_model_links', '{"app_name":"x","model_names":"y"}', 'application/json', 400, 'QUERY_INVALID'],
      ['add_model_links', '{"app_name":"x","model_names":["y"]}', 'application/json', 404, 'APPLICATION_UNKNOWN'],
    ] as const
    for (const [call, body, type, status, code] of refusals) {
      const answer = await post(`${server.url}/admin/${call}`, body, type)
      assert.is(answer.status, status, `${call} ${answer.text}`)
      assert.is(JSON.parse(answer.text).code, code)
      assert.ok(JSON.parse(answer.text).cause.length > 0)
    }
    assert.equal(await server.listModels(), [])
  }))

function pingWith(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/admin/ping`, { headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    call.on('error', reject)
    call.end()
  })
}

test('an admin call that a foreign web page makes is refused', () =>
  withServer(async (server) => {
    assert.is(await pingWith(server.url, { host: 'evil.example' }), 403)
    assert.is(await pingWith(server.url, { origin: 'https://evil.example' }), 403)
    assert.is(await pingWith(server.url, { origin: 'null' }), 403)
    assert.is(await pingWith(server.url, { origin: 'http://localhost:3000' }), 200)
    assert.is(await pingWith(server.url, {}), 200)
  }))

test.run()
