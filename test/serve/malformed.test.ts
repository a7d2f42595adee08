import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { post, withServer } from './tools.js'

const REFUSED: readonly (readonly [body: string, cause: string])[] = [
  ['', 'the body is empty; expected {"input": [...]} or {"input_batch": [[...], ...]}'],
  ['[]', 'the body is an array of 0; expected {"input": [...]} or {"input_batch": [[...], ...]}'],
  ['null', 'the body is null; expected {"input": [...]} or {"input_batch": [[...], ...]}'],
  ['7', 'the body is 7; expected {"input": [...]} or {"input_batch": [[...], ...]}'],
  ['{}', 'input: missing; expected {"input": [...]} or {"input_batch": [[...], ...]}'],
  ['{"input":7}', 'input: expected an array of numbers, got 7'],
  ['{"input":null}', 'input: expected an array of numbers, got null'],
  ['{"input":{}}', 'input: expected an array of numbers, got an object'],
  ['{"input":[0,0,0]}', 'input: expected 4 numbers, got 3'],
  ['{"input":[0,0,0,0,0]}', 'input: expected 4 numbers, got 5'],
  ['{"input":[0,0,null,0]}', 'input[2]: expected a finite number, got null'],
  ['{"input":[1e999,0,0,0]}', 'input[0]: expected a finite number, got Infinity'],
  ['{"input":[1e300,0,0,0]}', 'input[0]: expected a number that fits float32, got 1e+300'],
  ['{"input":["1",0,0,0]}', 'input[0]: expected a finite number, got "1"'],
  ['{"input":[[0],0,0,0]}', 'input[0]: expected a finite number, got an array of 1'],
  ['{"input":[true,0,0,0]}', 'input[0]: expected a finite number, got true'],
  ['{"input_batch":7}', 'input_batch: expected an array of inputs, got 7'],
  ['{"input_batch":[[0,0,0,0],7]}', 'input_batch[1]: expected an array of numbers, got 7'],
  ['{"input_batch":[[0,0,0,0],[0]]}', 'input_batch[1]: expected 4 numbers, got 1'],
  ['{"input_batch":[[0,0,0,0],[0,0,0,null]]}', 'input_batch[1][3]: expected a finite number, got null'],
  ['{"input":[0,0,0,0],"input_batch":[]}', 'input: given together with input_batch; send one of them'],
  ['{"input":[0,0,0,0],"version":true}', 'version: expected a string or a whole number, got true'],
]

test("every malformed body is 400 with Clipper's error and the field's path", () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    for (const [body, cause] of REFUSED) {
      const { status, text } = await post(`${server.url}/push/predict`, body)
      assert.is(status, 400, body)
      assert.equal(JSON.parse(text), { error: 'Json error', cause })
    }
    for (const token of ['NaN', '-Infinity']) {
      for (const body of [`{"input":[0,${token},0,0]}`, `{"input":[0,0,0,0],"version":${token}}`]) {
        const { status, text } = await post(`${server.url}/push/predict`, body)
        assert.is(status, 400, body)
        assert.match(JSON.parse(text).cause, /^the body is not JSON: .*; JSON has no (NaN|Infinity): send finite numbers$/)
      }
    }
    const cut = await post(`${server.url}/push/predict`, '{"input":[0,0')
    assert.is(cut.status, 400)
    assert.match(JSON.parse(cut.text).cause, /^the body is not JSON: /)
  }))

test('a batch beyond the limit is refused with the limit and the count, before anything is allocated for it', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    const send = async (rows: number, row = '[0,0,0,1]') => {
      const { status, text } = await post(`${server.url}/push/predict`, `{"input_batch":[${`${row},`.repeat(rows - 1)}${row}]}`)
      return [status, JSON.parse(text).cause]
    }
    assert.is((await client.predictBatch('push', new Array(4096).fill([0, 0, 0, 1]))).length, 4096)
    assert.equal(await send(4097), [
      400,
      "input_batch: expected at most 4096 inputs a request (the server's maxBatchInputs), got 4097: send several",
    ])
    assert.equal(await send(100_000, '[]'), [
      400,
      'the body holds 100002 arrays and objects; expected at most 4096 inputs a request: send several',
    ])
  }))

test('reading a malformed body takes time in proportion to its length, nested and unclosed ones too', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    const hostile = (n: number) => ['['.repeat(n), '+'.repeat(n), '"'.repeat(n), `{"input":[${'\\"'.repeat(n / 2)}`, `${'-'.repeat(n)}NaN`]
    // A quadratic reader takes a quarter of an hour for these, which the runner's limit on a file ends.
    for (const body of hostile(1_500_000)) assert.is((await post(`${server.url}/push/predict`, body)).status, 400)
  }))

test('whatever the body, the answer is 200 or 4xx with a cause, and the server lives', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    const url = `${server.url}/push/predict`
    const numbers = fc.array(fc.oneof(fc.double(), fc.jsonValue()), { maxLength: 6 })
    const fields = fc.record(
      { input: fc.oneof(numbers, fc.jsonValue()), input_batch: fc.oneof(fc.array(numbers), fc.jsonValue()), version: fc.jsonValue() },
      { requiredKeys: [] },
    )
    const damaged = fc.tuple(fields, fc.nat(), fc.string()).map(([value, at, noise]) => {
      const text = JSON.stringify(value)
      return text.slice(0, at % text.length) + noise
    })
    const body = fc.oneof(
      fields.map((value) => JSON.stringify(value)),
      damaged,
      fc.string(),
      fc.uint8Array(),
    )
    await fc.assert(
      fc.asyncProperty(body, async (sent) => {
        const { status, text } = await post(url, sent)
        const answer = JSON.parse(text)
        if (status === 200) assert.ok('output' in answer || 'batch_predictions' in answer)
        else {
          assert.ok(status >= 400 && status < 500, `${status} for ${JSON.stringify(sent)}`)
          assert.ok(typeof answer.cause === 'string' && answer.cause.length > 0)
        }
      }),
      { numRuns: 500 },
    )
    assert.is((await client.predict('push', [0, 0, 0, 1])).output, 1)
  }))

test('any content type is read as JSON, as Clipper does', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8']) {
      assert.is((await post(`${server.url}/push/predict`, '{"input":[0,0,0,1],"uid":3}', type)).status, 200, type)
    }
  }))

test('a body beyond the limit is 413, a path that is not served 404', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    assert.is((await post(`${server.url}/push/predict`, ' '.repeat(3 * 1024 ** 2))).status, 413)
    const nowhere = await post(`${server.url}/push/predictt`, '{}')
    assert.is(nowhere.status, 404)
    assert.match(JSON.parse(nowhere.text).cause, 'POST /push/predictt is not served here')
  }))

test.run()
