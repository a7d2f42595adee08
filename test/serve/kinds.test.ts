import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runContainer, type ServeOptions, type Server } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { codeOf, inFolder, messageOf, post, publishPatiently, until, withServer } from './tools.js'

const ALLOWED: ServeOptions = { allow: ['function', 'python'] }

/** The answer to one query, as the wire has it. */
async function ask(
  { url }: Server,
  application: string,
  input: unknown,
): Promise<{ output: unknown; default: boolean; default_explanation?: string }> {
  return JSON.parse((await post(`${url}/${application}/predict`, JSON.stringify({ input }))).text)
}

for (const isolation of ['process', 'thread', 'inline'] as const) {
  test(`a function answers as a model, isolation ${isolation}, and fails for one input alone`, () =>
    withServer(async (server) => {
      const sums = (inputs: Float64Array[]) =>
        inputs.map((input) => {
          const sum = input.reduce((all, one) => all + one, 0)
          return sum < 0 ? new Error('too sad') : { sum, of: input.length }
        })
      await publishPatiently(server, 'sums', sums, { inputType: 'doubles', isolation })
      assert.equal((await ask(server, 'sums', [1, 2.5])).output, { sum: 3.5, of: 2 })
      assert.equal((await ask(server, 'sums', [0.1])).output, { sum: 0.1, of: 1 })
      const failed = await ask(server, 'sums', [-1])
      assert.is(failed.output, null)
      assert.is(failed.default_explanation, 'The model failed on this input: too sad')
    }, ALLOWED))
}

for (const isolation of ['process', 'thread'] as const)
  test(`a model's code does not find the server's secrets in its environment, isolation ${isolation}`, () =>
    withServer(async (server) => {
      Object.assign(process.env, { GYMNURA_ADMIN_TOKEN: 'secret', GYMNURA_TLS_PASSPHRASE: 'secret', GYMNURA_ANY: 'told' })
      const names = (inputs: unknown[]) =>
        inputs.map(() => Object.keys(process.env).filter((name) => /^GYMNURA_(?!CONTAINER_)/.test(name) || name === 'OWN'))
      await publishPatiently(server, 'names', names, { isolation, limits: { env: { OWN: '1' } } })
      const found = (await ask(server, 'names', [1])).output as string[]
      for (const name of ['GYMNURA_ADMIN_TOKEN', 'GYMNURA_TLS_PASSPHRASE']) delete process.env[name]
      assert.ok(found.includes('GYMNURA_ANY') && found.includes('OWN'), found.join())
      assert.not.ok(
        found.some((name) => /TOKEN|PASSPHRASE/.test(name)),
        found.join(),
      )
    }, ALLOWED))

test('functions take every type of input, and refuse what is another one with its path', () =>
  withServer(async (server) => {
    const echo = (inputs: unknown[]) => inputs.map((input) => (typeof input === 'string' ? input : Array.from(input as number[])))
    const given = {
      floats: [[1, 0.5], [1, 'a'], 'input[1]: expected a finite number, got "a"'],
      doubles: [[0.1, 1e300], [null], 'input[0]: expected a finite number, got null'],
      integers: [[1, -2], [0.5], 'input[0]: expected a whole number that fits 32 bits, got 0.5'],
      bytes: [Buffer.from([1, 255]).toString('base64'), 'a', 'input: expected bytes in base64, got "a"'],
      strings: ['Grüße', 7, 'input: expected a string, got 7'],
    } as const
    for (const [inputType, [right, wrong, why]] of Object.entries(given)) {
      await publishPatiently(server, inputType, echo, { inputType: inputType as 'floats', isolation: 'inline' })
      const expected = inputType === 'bytes' ? [1, 255] : right
      assert.equal((await ask(server, inputType, right)).output, expected)
      const refused = JSON.parse((await post(`${server.url}/${inputType}/predict`, JSON.stringify({ input: wrong }))).text)
      assert.is(refused.cause, why)
      const { text } = await post(`${server.url}/${inputType}/predict`, JSON.stringify({ input_batch: [right, right] }))
      assert.equal(
        JSON.parse(text).batch_predictions.map(({ output }: { output: unknown }) => output),
        [expected, expected],
      )
    }
  }, ALLOWED))

test('declared outputs are checked: their type, their shape, and that they are finite', () =>
  withServer(async (server) => {
    const answers = (inputs: Float32Array[]) =>
      inputs.map(([which]) => [[0.5, 0.25], [1], [Number.NaN, 1], 'words', undefined, { 0: 1 }][which!])
    await publishPatiently(server, 'pair', answers, { inputSize: 1, outputs: [{ name: 'pair', type: 'floats', shape: [2] }] })
    assert.equal((await ask(server, 'pair', [0])).output, [0.5, 0.25])
    const why = async (which: number) => (await ask(server, 'pair', [which])).default_explanation
    assert.is(await why(1), 'The model failed on this input: output "pair" does not have shape [2]')
    assert.is(await why(2), 'The model answered a number that is not finite')
    for (const which of [3, 4, 5]) assert.match((await why(which))!, 'does not have shape [2]')
    assert.equal((await ask(server, 'pair', [0])).output, [0.5, 0.25])
  }, ALLOWED))

test('a module is a model: what it imports and what it says of itself count', () =>
  withServer(
    (server) =>
      inFolder(async (folder) => {
        writeFileSync(join(folder, 'factor.mjs'), 'export const factor = 3')
        const module = `
          import { factor } from './factor.mjs'
          export const inputSize = 2
          export const outputs = [{ name: 'product', type: 'integers', shape: [] }]
          export default async (inputs) => inputs.map(([a, b]) => a * b * factor)`
        writeFileSync(join(folder, 'product.mjs'), module)
        const { settings, inputSize } = await publishPatiently(server, 'product', join(folder, 'product.mjs'))
        assert.is(settings?.kind, 'function')
        assert.is(inputSize, 2)
        assert.is((await ask(server, 'product', [2, 5])).output, 30)
      }),
    ALLOWED,
  ))

test('code is run by explicit permission only, for each kind', () =>
  withServer(async (server) => {
    for (const [source, kind] of [
      [() => [], undefined],
      ['model.py', undefined],
      ['an/image', 'image'],
    ] as const) {
      assert.is(await codeOf(server.publish('m', source, { kind })), 'KIND_NOT_ALLOWED')
    }
    assert.match(await messageOf(server.publish('m', () => [])), "serve({ allow: ['function'] })")
    const upload = await post(`${server.url}/admin/publish?name=m&kind=function`, '() => []', 'application/octet-stream')
    assert.is(upload.status, 403)
    assert.equal(await server.listModels(), [])
  }))

test('options that belong to another kind are refused', () =>
  withServer(async (server) => {
    const policy = pushPolicy()
    assert.is(
      await messageOf(server.publish('m', policy, { python: 'python3' })),
      'python is "python3"; expected none for kind "policy"; it belongs to python',
    )
    assert.match(await messageOf(server.publish('m', policy, { kind: 'external' })), 'token is missing; expected at least 16 characters')
    assert.match(await messageOf(server.publish('m', policy, { limits: { niceness: 99 } })), 'limits.niceness is 99')
    assert.match(
      await messageOf(server.publish('m', policy, { batching: { policy: 'fixed' } })),
      'batching.size is missing; expected 1 to 4096',
    )
    assert.match(await messageOf(server.publish('m', 'model.py', { isolation: 'inline' })), 'isolation is "inline"; expected "process"')
  }, ALLOWED))

test('models of other types are linked only to applications that are registered for them', () =>
  withServer(async (server) => {
    await server.publish('words', (inputs: string[]) => inputs, { inputType: 'strings', application: false, isolation: 'inline' })
    await server.registerApplication({ name: 'numbers', defaultOutput: 0 })
    assert.match(
      await messageOf(server.link('numbers', 'words')),
      '"words" takes strings of any length, but "numbers" is registered for floats',
    )
    await server.registerApplication({ name: 'letters', inputType: 'strings', defaultOutput: '' })
    await server.link('letters', 'words')
    assert.is((await ask(server, 'letters', 'hello')).output, 'hello')
  }, ALLOWED))

test('a policy in a thread answers, and comes back when it is lost', () =>
  withServer(async (server, client) => {
    await publishPatiently(server, 'push', pushPolicy(), { isolation: 'thread' })
    assert.is((await client.predict('push', [0, 0, 0, 1])).output, 1)
    await publishPatiently(server, 'sick', (inputs: Float32Array[]) => inputs.map(([x]) => (x === 1 ? process.exit(3) : 7)), {
      isolation: 'thread',
    })
    assert.match((await ask(server, 'sick', [1])).default_explanation!, 'its thread ended with code 3')
    await until(async () => (await ask(server, 'sick', [0])).output === 7)
    assert.is((await client.predict('push', [0, 0, 0, 1])).output, 1)
  }, ALLOWED))

const TOKEN = 'only we two know it'

test('containers that connect by themselves, with the token, serve a model; they may leave and come back', () =>
  withServer(async (server) => {
    const address = await server.containerAddress()
    const doubled = (inputs: Float32Array[]) => inputs.map(([x]) => 2 * x!)
    assert.match(await messageOf(runContainer(doubled, { address, token: 'somebody else knows it' })), 'unknown token')
    const published = publishPatiently(server, 'abroad', new Uint8Array(0), { kind: 'external', token: TOKEN })
    assert.match(await messageOf(runContainer(doubled, { address, token: 'somebody else knows it' })), 'unknown token')
    const first = runContainer(doubled, { address, token: TOKEN, inputSize: 1 })
    await published
    assert.is((await ask(server, 'abroad', [3])).output, 6)
    // One that takes something else is not let in.
    const replicas = messageOf(server.setReplicas('abroad', 2))
    assert.match(await messageOf(runContainer(doubled, { address, token: TOKEN, inputSize: 2 })), "this model's containers say")
    assert.match(await replicas, "this model's containers say")
    await server.deleteApplication('abroad')
    await server.deleteVersion('abroad', 1)
    await first
  }, ALLOWED))

test('a policy that is published for others to serve is sent to them', () =>
  withServer(async (server) => {
    const address = await server.containerAddress()
    const published = publishPatiently(server, 'abroad', pushPolicy(), { kind: 'external', token: TOKEN })
    const container = runContainer(undefined, { address, token: TOKEN })
    await published
    assert.is((await ask(server, 'abroad', [0, 0, 0, 1])).output, 1)
    await server.close()
    await container
  }))

test.run()
