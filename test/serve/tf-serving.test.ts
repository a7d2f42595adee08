import type { Server } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pullPolicy, pushPolicy } from './policies.js'
import { inFolder, post, withServer } from './tools.js'

const withPush = (use: (server: Server) => Promise<void>) =>
  withServer(async (server) => {
    await server.publish('push', pullPolicy(), { version: 1, isolation: 'inline' })
    await server.publish('push', pushPolicy(), { version: 2, isolation: 'inline' })
    await use(server)
  })

const get = async (server: Server, path: string): Promise<[number, unknown]> => {
  const response = await fetch(server.url + path)
  return [response.status, await response.json()]
}

async function ask(server: Server, path: string, body: unknown): Promise<[number, Record<string, unknown>]> {
  const { status, text } = await post(server.url + path, typeof body === 'string' ? body : JSON.stringify(body))
  return [status, JSON.parse(text)]
}

const ROWS = [
  [0, 0, 0, 1],
  [0, 0, 0, -1],
]
const LIKELY = 1 / (1 + Math.exp(-1))
const near = (a: unknown, b: number) => assert.ok(Math.abs(Number(a) - b) < 1e-6, `${a} is not ${b}`)

test('rows are answered row by row: every output by name', () =>
  withPush(async (server) => {
    for (const instances of [ROWS, ROWS.map((observation) => ({ observation }))]) {
      const [status, { predictions }] = await ask(server, '/v1/models/push:predict', { signature_name: 'serving_default', instances })
      assert.is(status, 200)
      const [first, second] = predictions as { action: number; probabilities: number[]; logProb: number }[]
      assert.equal([first!.action, second!.action], [1, 0])
      near(first!.probabilities[1], LIKELY)
      near(first!.logProb, Math.log(LIKELY))
    }
  }))

test('the newest version is the one that was published last, also after a restart in which it was ready first', () =>
  inFolder(async (folder) => {
    const options = { state: `file:${folder}`, allow: ['function'] } as const
    const module = (waitMs: number) =>
      Buffer.from(`await new Promise((resolve) => setTimeout(resolve, ${waitMs}))\nexport default (inputs) => inputs.map(() => ${waitMs})`)
    await withServer(async (server) => {
      for (const waitMs of [800, 0]) await server.publish('m', module(waitMs), { kind: 'function', isolation: 'inline' })
    }, options)
    await withServer(async (server) => {
      const { model_version_status: statuses } = (await get(server, '/v1/models/m'))[1] as { model_version_status: { version: string }[] }
      assert.equal(
        statuses.map(({ version }) => version),
        ['2', '1'],
      )
      assert.equal(await ask(server, '/v1/models/m/labels/latest:predict', { instances: [[1]] }), [200, { predictions: [0] }])
    }, options)
  }))

test('columns are answered as columns', () =>
  withPush(async (server) => {
    for (const inputs of [ROWS, { observation: ROWS }]) {
      const [status, { outputs }] = await ask(server, '/v1/models/push:predict', { inputs })
      assert.is(status, 200)
      assert.equal(Object.keys(outputs as object), ['action', 'probabilities', 'logProb'])
      assert.equal((outputs as { action: number[] }).action, [1, 0])
    }
  }))

test('a row may be the bytes of its numbers in base64', () =>
  withPush(async (server) => {
    const b64 = Buffer.from(Float32Array.of(0, 0, 0, 1).buffer).toString('base64')
    const [, { predictions }] = await ask(server, '/v1/models/push:predict', { instances: [{ b64 }, { observation: { b64 } }] })
    assert.equal(
      (predictions as { action: number }[]).map(({ action }) => action),
      [1, 1],
    )
  }))

test('a version, or what its label names, answers in place of the current one', () =>
  withPush(async (server) => {
    const action = async (path: string) => {
      const [, { predictions }] = await ask(server, `/v1/models/push${path}:predict`, { instances: [ROWS[0]] })
      return (predictions as { action: number }[])[0]!.action
    }
    const paths = ['', '/versions/1', '/versions/2', '/labels/stable', '/labels/previous', '/labels/latest']
    assert.equal(await Promise.all(paths.map(action)), [1, 0, 1, 1, 0, 1])
    await server.rollback('push')
    assert.equal(await Promise.all(paths.map(action)), [0, 0, 1, 0, 1, 1])
  }))

test('classes are the actions, each with its probability', () =>
  withPush(async (server) => {
    const examples = [{ observation: ROWS[0] }, {}]
    const [status, { results }] = await ask(server, '/v1/models/push:classify', { context: { observation: ROWS[1] }, examples })
    assert.is(status, 200)
    const [first, second] = results as [string, number][][]
    assert.equal(
      first!.map(([label]) => label),
      ['0', '1'],
    )
    near(first![1]![1], LIKELY)
    near(second![1]![1], 1 - LIKELY)
  }))

test('a regression answers one number an example', () =>
  withPush(async (server) => {
    const examples = ROWS.map((observation) => ({ observation }))
    assert.equal(await ask(server, '/v1/models/push:regress', { examples }), [200, { results: [1, 0] }])
  }))

test('a model tells its versions and what it takes and gives', () =>
  withPush(async (server) => {
    const available = (version: string) => ({ version, state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } })
    assert.equal(await get(server, '/v1/models/push'), [200, { model_version_status: [available('2'), available('1')] }])
    assert.equal(await get(server, '/v1/models/push/versions/1'), [200, { model_version_status: [available('1')] }])
    const [status, metadata] = (await get(server, '/v1/models/push/labels/stable/metadata')) as [
      number,
      Record<string, Record<string, object>>,
    ]
    assert.equal([status, metadata.model_spec], [200, { name: 'push', signature_name: '', version: '2' }])
    const { serving_default } = (metadata.metadata!.signature_def as { signature_def: Record<string, { inputs: object; outputs: object }> })
      .signature_def
    const dim = (...sizes: string[]) => ({ dim: sizes.map((size) => ({ size, name: '' })), unknown_rank: false })
    assert.equal(serving_default!.inputs, { observation: { dtype: 'DT_FLOAT', tensor_shape: dim('-1', '4'), name: 'observation:0' } })
    assert.equal(Object.keys(serving_default!.outputs), ['action', 'probabilities', 'logProb'])
  }))

const REFUSED: readonly (readonly [verb: string, body: unknown, error: string])[] = [
  ['predict', '', 'the body is empty; expected {"instances": [...]} or {"inputs": [...]}'],
  ['predict', '[]', 'the body is an array of 0; expected {"instances": [...]} or {"inputs": [...]}'],
  ['predict', {}, 'instances, inputs: expected one of the two'],
  ['predict', { instances: ROWS, inputs: ROWS }, 'instances, inputs: expected one of the two'],
  ['predict', { instances: 7 }, 'instances: expected an array of rows, got 7'],
  ['predict', { instances: [[0, 0, 0, 1], 7] }, 'instances[1]: expected 4 numbers, got 1'],
  ['predict', { instances: [[0, 0, null, 1]] }, 'instances[0][2]: expected a finite number, got null'],
  ['predict', { instances: [{ observatoin: [0] }] }, 'instances[0]: the model has no input "observatoin"; did you mean "observation"?'],
  ['predict', { instances: [{}] }, 'instances[0]: expected an array of numbers, got nothing'],
  ['predict', { instances: [{ b64: '!' }] }, 'instances[0].b64: expected bytes in base64, got "!"'],
  [
    'predict',
    { instances: [{ b64: 'AAAA' }] },
    'instances[0].b64: expected the bytes of float32 numbers, for a model that takes these, got "AAAA"',
  ],
  ['predict', { inputs: { x: ROWS } }, 'inputs: the model has no input "x"; there is observation'],
  ['predict', { inputs: { observation: [[0]] } }, 'inputs.observation[0]: expected 4 numbers, got 1'],
  ['predict', { instances: ROWS, signature_name: 'other' }, 'signature_name: expected "serving_default", got "other"'],
  [
    'predict',
    { instances: new Array(4097).fill(0) },
    "instances: expected at most 4096 rows a request (the server's maxBatchInputs), got 4097: send several",
  ],
  ['classify', { examples: 7 }, 'examples: expected an array of objects, got 7'],
  ['classify', { examples: [7] }, 'examples[0]: expected an object, got 7'],
  ['classify', { examples: [{}] }, 'examples[0].observation: expected an array of numbers, got nothing'],
  ['regress', { examples: [], context: 7 }, 'context: expected an object, got 7'],
]

test("every malformed body is 400 with one field, which names the wrong field's path", () =>
  withPush(async (server) => {
    for (const [verb, body, error] of REFUSED) assert.equal(await ask(server, `/v1/models/push:${verb}`, body), [400, { error }])
  }))

test('an unknown model, version, label or verb is 404', () =>
  withPush(async (server) => {
    const paths = [
      '/v1/models/pusch:predict',
      '/v1/models/push/versions/9:predict',
      '/v1/models/push/labels/x:predict',
      '/v1/models/push:guess',
    ]
    for (const path of paths) {
      const [status, answer] = await ask(server, path, { instances: ROWS })
      assert.equal([status, Object.keys(answer)], [404, ['error']], path)
    }
    assert.is((await get(server, '/v1/models/pusch'))[0], 404)
  }))

test.run()
