import type { Server } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { post, withServer } from './tools.js'

const allow = { allow: ['function'] } as const

async function infer(
  { url }: Server,
  model: string,
  json: object,
  tensor: Uint8Array,
): Promise<[number, { error?: string; outputs?: { data: unknown }[] }]> {
  const head = Buffer.from(JSON.stringify({ inputs: [json] }))
  const headers = { 'inference-header-content-length': String(head.length) }
  const response = await fetch(`${url}/v2/models/${model}/infer`, {
    method: 'POST',
    headers,
    body: new Uint8Array(Buffer.concat([head, tensor])),
  })
  return [response.status, (await response.json()) as object]
}

test('rows of nothing, which take no bytes, are refused before room is made for a billion of them', () =>
  withServer(async (server) => {
    await server.publish('lengths', (inputs: Float32Array[]) => inputs.map(({ length }) => length), { isolation: 'inline' })
    const tensor = { name: 'input', datatype: 'FP32', data: [] }
    const ask = (shape: number[]) => post(`${server.url}/v2/models/lengths/infer`, JSON.stringify({ inputs: [{ ...tensor, shape }] }))
    const { status, text } = await ask([1_000_000_000, 0])
    assert.equal([status, JSON.parse(text).error], [400, 'inputs[0].shape: expected at least one value a row, got [1000000000, 0]'])
    assert.is((await ask([0, 0])).status, 200)
  }, allow))

test('bytes that are no UTF-8 are refused where the model takes strings: no container has to cope with them', () =>
  withServer(async (server) => {
    await server.publish('words', (inputs: string[]) => inputs.map((text) => text.length), { inputType: 'strings', isolation: 'inline' })
    const ask = (...bytes: number[]) => {
      const tensor = Buffer.from([bytes.length, 0, 0, 0, ...bytes])
      return infer(
        server,
        'words',
        { name: 'input', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: tensor.length } },
        tensor,
      )
    }
    assert.equal(await ask(0xc3, 0x28), [400, { error: 'inputs[0]: expected UTF-8, got other bytes in row 0' }])
    const [status, { outputs }] = await ask(0xc3, 0xbc)
    assert.equal([status, outputs?.[0]?.data], [200, ['1']])
  }, allow))

test('numbers nested without a bottom are refused with their path', () =>
  withServer(async (server) => {
    await server.publish('lengths', (inputs: Float32Array[]) => inputs.map(({ length }) => length), { isolation: 'inline', inputSize: 1 })
    for (const depth of [40, 8_000]) {
      const { status, text } = await post(
        `${server.url}/v1/models/lengths:predict`,
        `{"instances":[${'['.repeat(depth)}1${']'.repeat(depth)}]}`,
      )
      assert.equal([status, JSON.parse(text).error], [400, 'instances[0][0]: expected a finite number, got an array of 1'])
    }
  }, allow))

test('bytes in base64 are taken and refused alike whether there are few or many megabytes of them', () =>
  withServer(
    async (server, client) => {
      await server.publish('sizes', (inputs: Uint8Array[]) => inputs.map(({ length }) => length), {
        inputType: 'bytes',
        isolation: 'inline',
        application: { sloMs: 60_000 },
      })
      for (const size of [0, 1, 2, 3, 12 * 1024 ** 2])
        assert.is((await client.predict('sizes', Buffer.alloc(size, 7).toString('base64'))).output, size)
      for (const wrong of ['A', 'AB=', 'AB===', 'A=BC', '====', 'AB C', `${'A'.repeat(16 * 1024 ** 2)}-AAA`]) {
        const { status, text } = await post(`${server.url}/sizes/predict`, JSON.stringify({ input: wrong }))
        assert.is(status, 400, wrong.slice(0, 9))
        assert.match(JSON.parse(text).cause, /^input: expected bytes in base64, got "/)
      }
    },
    { ...allow, maxBodyBytes: 64 * 1024 ** 2 },
  ))

test.run()
