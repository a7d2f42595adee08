import fc from 'fast-check'
import type { Server } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { withServer } from './tools.js'

const withPush = (use: (server: Server) => Promise<void>) =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    await use(server)
  })

/** JSON whose fields are named as some API names them, so that what is inside is looked at too. */
const names = ['input', 'input_batch', 'inputs', 'instances', 'examples', 'context', 'outputs', 'parameters', 'name', 'shape', 'datatype']
const more = [
  'data',
  'id',
  'version',
  'user',
  'uid',
  'label',
  'query_id',
  'reward',
  'observation',
  'b64',
  'app_name',
  'model_name',
  'ready',
]
const scalar = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('FP32', 'INT64', 'push', 'action'),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...names, ...more), tie('value'), { maxKeys: 4 }),
  ),
}))
const numbers = fc.array(fc.oneof(fc.double(), value), { maxLength: 5 })
const nearly = fc.record(
  {
    inputs: fc.array(
      fc.record(
        {
          name: fc.constant('observation'),
          shape: fc.oneof(fc.constant([1, 4]), value),
          datatype: fc.constantFrom('FP32', 'BYTES', 'INT8'),
          data: numbers,
          parameters: value,
        },
        { requiredKeys: ['name'] },
      ),
      { maxLength: 2 },
    ),
    outputs: fc.array(fc.record({ name: fc.constantFrom('action', 'x'), parameters: value }), { maxLength: 2 }),
    instances: fc.array(fc.oneof(numbers, fc.record({ observation: numbers })), { maxLength: 3 }),
    examples: fc.array(fc.record({ observation: numbers }), { maxLength: 3 }),
    input: numbers,
  },
  { requiredKeys: [] },
)
const text = fc.oneof(
  value.map((given) => JSON.stringify(given)),
  nearly.map((given) => JSON.stringify(given)),
  fc.string(),
)
const body = fc.oneof(
  text.map((given) => Buffer.from(given ?? '')),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)
/** A header about the body, which may or may not be so. */
const jsonLength = fc.oneof(
  fc.constant(undefined),
  fc.nat({ max: 200 }).map(String),
  fc.string().filter((given) => /^[\x21-\x7e]*$/.test(given)),
)

const URLS = [
  '/push/predict',
  '/push/update',
  '/push/stream',
  '/v2/models/push/infer',
  '/v2/models/push/versions/1/infer',
  '/v2/repository/index',
  '/v2/repository/models/nothing/load',
  '/v2/repository/models/nothing/unload',
  '/v1/models/push:predict',
  '/v1/models/push/labels/stable:classify',
  '/v1/models/push:regress',
  '/admin/add_app',
  '/admin/add_model',
  '/admin/add_model_links',
  '/admin/get_model',
  '/admin/set_replicas',
  '/admin/get_container',
  '/admin/publish?name=other&isolation=inline',
]

test('whatever the body, no call of any API fails: the answer is 200 or 4xx, and then says why', () =>
  withPush(async (server) => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...URLS), body, jsonLength, async (path, sent, length) => {
        const headers: Record<string, string> = {
          'content-type': path.startsWith('/admin/publish') ? 'application/octet-stream' : 'application/json',
        }
        if (length !== undefined && path.endsWith('/infer')) headers['inference-header-content-length'] = length
        const response = await fetch(server.url + path, { method: 'POST', headers, body: new Uint8Array(sent) })
        const answer = await response.text()
        assert.ok(response.status < 500, `${response.status} for ${path} ${sent.toString()}: ${answer}`)
        if (response.status === 200) return
        const { error, cause } = JSON.parse(answer)
        assert.ok(typeof error === 'string' && error.length > 0)
        if (!path.startsWith('/v')) assert.ok(typeof cause === 'string' && cause.length > 0)
      }),
      { numRuns: 1500 },
    )
    const alive = await fetch(`${server.url}/push/predict`, { method: 'POST', body: '{"input":[0,0,0,1]}' })
    assert.is(((await alive.json()) as { output: number }).output, 1)
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
      { numRuns: 300 },
    )
  }))

test.run()
