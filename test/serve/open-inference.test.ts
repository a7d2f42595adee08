import { readFileSync } from 'node:fs'
import { connect, type Server } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { containerPid, until, withServer } from './tools.js'

const get = async (server: Server, path: string): Promise<[number, unknown]> => {
  const response = await fetch(server.url + path)
  return [response.status, await response.json()]
}

interface Answer {
  readonly status: number
  readonly json: Record<string, unknown>
  readonly binary: Buffer
}

/** Posts JSON, and after it the bytes of tensors. */
async function infer(server: Server, path: string, json: unknown, ...tensors: readonly Uint8Array[]): Promise<Answer> {
  const head = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json))
  const headers: Record<string, string> = tensors.length > 0 ? { 'inference-header-content-length': String(head.length) } : {}
  const response = await fetch(server.url + path, { method: 'POST', headers, body: new Uint8Array(Buffer.concat([head, ...tensors])) })
  const body = Buffer.from(await response.arrayBuffer())
  const length = Number(response.headers.get('inference-header-content-length') ?? body.length)
  return { status: response.status, json: JSON.parse(body.toString('utf8', 0, length)), binary: body.subarray(length) }
}

const PUSH = '/v2/models/push/infer'
const ROWS = [
  [0, 0, 0, 1],
  [0, 0, 0, -1],
]
const input = (fields: object = {}) => ({ name: 'observation', shape: [2, 4], datatype: 'FP32', data: ROWS, ...fields })
const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

const withPush = (use: (server: Server) => Promise<void>) =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    await use(server)
  })

test('the server, its health and its models describe themselves as the protocol says', () =>
  withServer(async (server) => {
    const version = JSON.parse(readFileSync('package.json', 'utf8')).version
    assert.equal(await get(server, '/v2'), [200, { name: 'gymnura', version, extensions: ['binary_tensor_data', 'model_repository'] }])
    await server.publish('push', pushPolicy())
    await server.publish('push', pushPolicy())
    const metadata = {
      name: 'push',
      versions: ['1', '2'],
      platform: 'gymnura_policy',
      inputs: [{ name: 'observation', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [
        { name: 'action', datatype: 'INT32', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
        { name: 'logProb', datatype: 'FP32', shape: [-1] },
      ],
    }
    assert.equal(await get(server, '/v2/models/push'), [200, metadata])
    assert.equal(await get(server, '/v2/models/push/versions/1'), [200, metadata])
    assert.equal(await get(server, '/v2/models/push/versions/1/ready'), [200, { name: 'push', ready: true }])
    process.kill(containerPid(server), 'SIGKILL')
    await until(async () => (await get(server, '/v2/models/push/versions/1/ready'))[0] === 503)
    await until(async () => (await get(server, '/v2/models/push/versions/1/ready'))[0] === 200)
  }))

test('a policy answers the action first, then probabilities and their logarithm; the id comes back', () =>
  withPush(async (server) => {
    const { status, json } = await infer(server, PUSH, { id: 'a"b', inputs: [input()] })
    assert.is(status, 200)
    const outputs = json.outputs as { name: string; shape: number[]; datatype: string; data: number[] }[]
    assert.equal([json.id, json.model_name, json.model_version], ['a"b', 'push', '1'])
    assert.equal(
      outputs.map(({ name, shape, datatype }) => [name, shape, datatype]),
      [
        ['action', [2], 'INT32'],
        ['probabilities', [2, 2], 'FP32'],
        ['logProb', [2], 'FP32'],
      ],
    )
    assert.equal(outputs[0]!.data, [1, 0])
    const likely = 1 / (1 + Math.exp(-1))
    for (const [i, wanted] of [1 - likely, likely].entries()) assert.ok(Math.abs(outputs[1]!.data[i]! - wanted) < 1e-6)
    assert.ok(Math.abs(outputs[2]!.data[0]! - Math.log(likely)) < 1e-6)
  }))

test('only the outputs that are asked for are answered, each as JSON or as bytes', () =>
  withPush(async (server) => {
    const outputs = [{ name: 'logProb', parameters: { binary_data: true } }, { name: 'action' }]
    const { json, binary } = await infer(server, PUSH, { inputs: [input()], outputs })
    assert.equal(json.outputs, [
      { name: 'logProb', shape: [2], datatype: 'FP32', parameters: { binary_data_size: 8 } },
      { name: 'action', shape: [2], datatype: 'INT32', data: [1, 0] },
    ])
    assert.is(binary.length, 8)
    assert.ok(Math.abs(binary.readFloatLE(0) - Math.log(1 / (1 + Math.exp(-1)))) < 1e-6)
  }))

test('with binary tensors both ways, rows go in and actions come out as little-endian bytes', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy())
    const rows = 20_000
    const values = Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i))
    const asked = {
      inputs: [{ name: 'observation', shape: [rows, 4], datatype: 'FP32', parameters: { binary_data_size: values.byteLength } }],
      outputs: [{ name: 'action', parameters: { binary_data: true } }],
    }
    const { status, json, binary } = await infer(server, '/v2/models/push/versions/1/infer', asked, bytesOf(values))
    assert.is(status, 200, JSON.stringify(json))
    assert.equal(json.outputs, [{ name: 'action', shape: [rows], datatype: 'INT32', parameters: { binary_data_size: rows * 4 } }])
    const wrong = Array.from({ length: rows }, (_, row) => row).filter(
      (row) => binary.readInt32LE(4 * row) !== (values[4 * row + 3]! > 0 ? 1 : 0),
    )
    assert.equal(wrong, [])
  }))

test('every datatype of numbers is taken, as JSON and as bytes', () =>
  withPush(async (server) => {
    const half = Uint16Array.of(0, 0, 0, 0x3c00, 0, 0, 0, 0xbc00)
    const arrays: Record<string, ArrayBufferView> = {
      BOOL: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0),
      UINT8: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0),
      UINT16: Uint16Array.of(0, 0, 0, 1, 0, 0, 0, 0),
      UINT32: Uint32Array.of(0, 0, 0, 1, 0, 0, 0, 0),
      UINT64: BigUint64Array.of(0n, 0n, 0n, 1n, 0n, 0n, 0n, 0n),
      INT8: Int8Array.of(0, 0, 0, 1, 0, 0, 0, -1),
      INT16: Int16Array.of(0, 0, 0, 1, 0, 0, 0, -1),
      INT32: Int32Array.of(0, 0, 0, 1, 0, 0, 0, -1),
      INT64: BigInt64Array.of(0n, 0n, 0n, 1n, 0n, 0n, 0n, -1n),
      FP16: half,
      FP32: Float32Array.of(0, 0, 0, 1, 0, 0, 0, -1),
      FP64: Float64Array.of(0, 0, 0, 1, 0, 0, 0, -1),
    }
    const outputs = [{ name: 'action' }]
    for (const [datatype, array] of Object.entries(arrays)) {
      const head = { name: 'observation', shape: [2, 4], datatype }
      const sized = { inputs: [{ ...head, parameters: { binary_data_size: array.byteLength } }], outputs }
      const binary = await infer(server, PUSH, sized, bytesOf(array))
      assert.equal([binary.status, binary.json.outputs], [200, [{ name: 'action', shape: [2], datatype: 'INT32', data: [1, 0] }]], datatype)
      const low = datatype.startsWith('U') || datatype === 'BOOL' ? 0 : -1
      const data = datatype === 'BOOL' ? [false, false, false, true, false, false, false, false] : [0, 0, 0, 1, 0, 0, 0, low]
      const json = await infer(server, PUSH, { inputs: [{ ...head, data }], outputs })
      assert.equal([json.status, json.json.outputs], [200, binary.json.outputs], datatype)
    }
  }))

test('flat and nested data are the same, and no rows are answered with none', () =>
  withPush(async (server) => {
    const outputs = [{ name: 'action' }]
    const flat = await infer(server, PUSH, { inputs: [input({ data: ROWS.flat() })], outputs })
    const nested = await infer(server, PUSH, { inputs: [input()], outputs })
    assert.equal(flat, nested)
    const none = await infer(server, PUSH, { inputs: [input({ shape: [0, 4], data: [] })], outputs })
    assert.equal(none.json.outputs, [{ name: 'action', shape: [0], datatype: 'INT32', data: [] }])
  }))

const REFUSED: readonly (readonly [body: unknown, error: string])[] = [
  ['', 'the body is empty; expected {"inputs": [{"name", "shape", "datatype", "data"}]}'],
  ['[]', 'the body is an array of 0; expected {"inputs": [{"name", "shape", "datatype", "data"}]}'],
  [{}, 'inputs: expected an array of tensors, got nothing'],
  [{ inputs: [] }, 'inputs: expected an array of tensors, got an array of 0'],
  [{ inputs: [7] }, 'inputs[0]: expected an object, got 7'],
  [{ inputs: [input(), input()] }, 'inputs: expected one tensor, "observation", got an array of 2'],
  [{ inputs: [input({ name: 'x' })] }, 'inputs[0].name: expected "observation", got "x"'],
  [{ inputs: [input({ name: 3 })] }, 'inputs[0].name: expected a string, got 3'],
  [{ inputs: [input({ shape: [2] })] }, 'inputs[0].data[0]: expected a finite number, got an array of 4'],
  [{ inputs: [input({ shape: [1, 8], data: ROWS.flat() })] }, 'inputs[0].shape: expected [-1, 4], got [1, 8]'],
  [{ inputs: [input({ shape: 4 })] }, 'inputs[0].shape: expected an array of whole numbers, got 4'],
  [{ inputs: [input({ shape: [-1, 4] })] }, 'inputs[0].shape[0]: expected a whole number of at least 0, got -1'],
  [{ inputs: [input({ shape: [3, 4] })] }, 'inputs[0].data: expected an array of 3, as its shape says, got an array of 2'],
  [{ inputs: [input({ data: [[0, 0, 0, 1], [0]] })] }, 'inputs[0].data[1]: expected an array of 4, as its shape says, got an array of 1'],
  [{ inputs: [input({ data: [1] })] }, 'inputs[0].data: expected an array of 8, the product of its shape, got an array of 1'],
  [{ inputs: [input({ data: 'x' })] }, 'inputs[0].data: expected an array, flat or nested as the shape, got "x"'],
  [{ inputs: [input({ data: [[0, 0, 0, null], ROWS[1]] })] }, 'inputs[0].data[0][3]: expected a finite number, got null'],
  [
    { inputs: [input({ datatype: 'INT8', data: [[0, 0, 0, 300], ROWS[1]] })] },
    'inputs[0].data[0][3]: expected a whole number from -128 to 127, got 300',
  ],
  [
    { inputs: [input({ datatype: 'FP64', data: [[0, 0, 0, 1e300], ROWS[1]] })] },
    'inputs[0].data[3]: expected a finite number that fits float32, got 1e+300',
  ],
  [
    { inputs: [input({ datatype: 'float' })] },
    'inputs[0].datatype: expected BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP16, FP32, FP64, BYTES, got "float"',
  ],
  [
    { inputs: [input({ datatype: 'BYTES', data: Array(8).fill('x') })] },
    'inputs[0].datatype: expected FP32, or another datatype of numbers, got "BYTES"',
  ],
  [{ inputs: [input()], id: 7 }, 'id: expected a string, got 7'],
  [{ inputs: [input()], outputs: [{ name: 'acton' }] }, 'outputs[0].name: the model has no output "acton"; did you mean "action"?'],
  [{ inputs: [input()], outputs: 7 }, 'outputs: expected an array, got 7'],
  [
    { inputs: [input()], outputs: [{ name: 'action', parameters: { binary_data: 1 } }] },
    'outputs[0].parameters.binary_data: expected true or false, got 1',
  ],
  [
    { inputs: [input()], outputs: [{ name: 'action', parameters: { classification: 2 } }] },
    'outputs[0].parameters.classification: expected nothing: this extension is not offered here, got 2',
  ],
  [{ inputs: [input()], parameters: { timeout: -1 } }, 'parameters.timeout: expected microseconds, up to 3600000000, got -1'],
  [
    { inputs: [input({ data: undefined, parameters: { binary_data_size: 32 } })] },
    'inputs[0].parameters.binary_data_size: expected at most the 0 bytes that are left after the JSON, got 32',
  ],
]

test("every malformed body is 400 with one field, which names the wrong field's path", () =>
  withPush(async (server) => {
    for (const [body, error] of REFUSED) {
      const { status, json } = await infer(server, PUSH, body)
      assert.equal([status, json], [400, { error }])
    }
    const bytes = new Uint8Array(32)
    const sized = (binary_data_size: unknown) => ({ inputs: [input({ data: undefined, parameters: { binary_data_size } })] })
    const [short, long] = [await infer(server, PUSH, sized(16), bytes.subarray(0, 16)), await infer(server, PUSH, sized(32), bytes, bytes)]
    assert.is(short.json.error, 'inputs[0].parameters.binary_data_size: expected 32 bytes, 8 values of FP32, got 16')
    assert.is(long.json.error, 'inputs: 32 bytes after the JSON belong to none of them; set their binary_data_size')
    const headers = { 'inference-header-content-length': '99999' }
    const answer = await fetch(server.url + PUSH, { method: 'POST', headers, body: '{}' })
    assert.match(
      ((await answer.json()) as { error: string }).error,
      "Inference-Header-Content-Length: expected a whole number up to the body's 2 bytes",
    )
  }))

test('an unknown model, version or path is 404, a body that is too large 413, all with one field', () =>
  withPush(async (server) => {
    const { status, json } = await infer(server, '/v2/models/pusch/infer', { inputs: [input()] })
    assert.equal([status, json], [404, { error: 'no model is named "pusch"; did you mean "push"?' }])
    assert.equal(await get(server, '/v2/models/push/versions/9'), [404, { error: 'Requested version: 9 does not exist for model: push' }])
    assert.is((await get(server, '/v2/nowhere'))[0], 404)
    assert.equal(Object.keys((await get(server, '/v2/nowhere'))[1] as object), ['error'])
    const large = await fetch(server.url + PUSH, { method: 'POST', body: new Uint8Array(65 * 1024 ** 2) })
    assert.is(large.status, 413)
    assert.equal(await large.json(), {
      error: "the body is larger than 67108864 bytes, which is the server's maxBinaryBytes: send several requests",
    })
  }))

test('a block of many rows takes nothing from the queries of an application: they go first', () =>
  withServer(
    async (server) => {
      await server.publish('push', pushPolicy())
      const rows = 400_000
      const values = new Float32Array(rows * 4).fill(1)
      const asked = {
        inputs: [{ name: 'observation', shape: [rows, 4], datatype: 'FP32', parameters: { binary_data_size: values.byteLength } }],
        outputs: [{ name: 'action', parameters: { binary_data: true } }],
      }
      let over = false
      const block = infer(server, PUSH, asked, bytesOf(values)).finally(() => {
        over = true
      })
      await until(() => server.metrics().models[0]!.queued > 100_000)
      const client = connect(server.url)
      let answers = 0
      while (!over) {
        const { default: isDefault, defaultExplanation } = await client.predict('push', [0, 0, answers++, 1])
        assert.is(isDefault, false, defaultExplanation)
      }
      client.close()
      assert.is((await block).status, 200)
      assert.ok(answers > 3)
    },
    { cacheBytes: 0 },
  ))

test('a model that is held up is 504 after the time limit of the request', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy())
    process.kill(containerPid(server), 'SIGSTOP')
    try {
      const { status, json } = await infer(server, PUSH, { inputs: [input()], parameters: { timeout: 50_000 } })
      assert.equal([status, json], [504, { error: 'push:1 did not answer 2 rows within 50 ms' }])
    } finally {
      process.kill(containerPid(server), 'SIGCONT')
    }
  }))

test.run()
