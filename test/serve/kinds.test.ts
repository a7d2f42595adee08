import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, runContainer, type ServeOptions, type Server } from 'gymnura/serve'
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

test('a number that an output cannot hold fails its input alone: no other one is answered in its place', () =>
  withServer(async (server) => {
    const answers = (inputs: Float32Array[]) => inputs.map(([which]) => [7, true, 1.5, 2 ** 40, -1, Number.NaN, 'a', null, 8n, [9]][which!])
    for (const [type, right, refused] of [
      ['integers', { 0: 7, 1: 1, 4: -1, 9: 9 }, [2, 3, 5, 6, 7, 8]],
      ['bytes', { 0: 7, 1: 1, 9: 9 }, [2, 3, 4, 5, 6, 7, 8]],
      ['doubles', { 0: 7, 1: 1, 2: 1.5, 3: 2 ** 40, 4: -1, 9: 9 }, [5, 6, 7, 8]],
    ] as const) {
      await publishPatiently(server, type, answers, { inputSize: 1, isolation: 'inline', outputs: [{ name: 'y', type, shape: [] }] })
      for (const [which, output] of Object.entries(right)) assert.is((await ask(server, type, [Number(which)])).output, output)
      for (const which of refused) {
        const { output, default_explanation: why } = await ask(server, type, [which])
        assert.is(output, null, `${type} ${which}`)
        assert.match(why!, /output "y" holds .+; expected (whole numbers from|numbers)|does not have shape|not finite/)
      }
    }
  }, ALLOWED))

test('outputs that would fill a reply together come in smaller batches, and one that is too large alone fails alone', () =>
  withServer(async (server) => {
    const many = { size: 64, policy: 'fixed' } as const
    const fixed = (inputs: unknown[]) => inputs.map(() => new Float32Array(2 ** 20))
    const outputs = [{ name: 'y', type: 'floats', shape: [2 ** 20] }] as const
    await server.publish('fixed', fixed, { inputSize: 1, batching: many, outputs, application: false })
    const texts = (inputs: Float32Array[]) => inputs.map(([length]) => 'x'.repeat(length! * 2 ** 20))
    await server.publish('texts', texts, { inputSize: 1, batching: 'aimd', application: false })
    const infer = async (name: string, ...data: number[]) => {
      const body = JSON.stringify({ instances: data.map((one) => [one]) })
      const { status, text } = await post(`${server.url}/v1/models/${name}:predict`, body)
      return [status, status === 200 ? JSON.parse(text).predictions.length : JSON.parse(text).error]
    }
    assert.equal(await infer('fixed', ...new Array(40).fill(1)), [200, 40])
    // (The first batch is of one input, and would be followed by one of three.)
    assert.equal(await infer('texts', 22, 22, 22, 22), [200, 4])
    const [status, why] = await infer('texts', 70)
    assert.is(status, 500)
    assert.match(why, 'the outputs of a batch of 1 are 73400322 bytes; a reply has room for')
    assert.ok(server.metrics().models.every(({ replicas }) => replicas[0]!.restarts === 0))
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

test('what is sent is a function or a module, however it is written', () =>
  withServer(async (server) => {
    const sources = {
      arrow: '(batch) => batch.map(([x]) => x + 1) // and no more',
      word: 'async function (batch) { return batch.map(([x]) => x + 1) }',
      module: "import { EOL } from 'node:os'\nconst by = EOL.length\nexport default (batch) => batch.map(([x]) => x + by)\n",
      minified: 'var a=1,b=c=>c.map(([d])=>d+a);export{b as default,e as inputSize};var e=1;',
      first: 'const one = 1; export default (batch) => batch.map(([x]) => x + one)',
    }
    for (const [name, source] of Object.entries(sources)) {
      await publishPatiently(server, name, new TextEncoder().encode(source), { kind: 'function', isolation: 'thread' })
      assert.is((await ask(server, name, [1])).output, 2, name)
    }
    const wrong = server.publish('wrong', new TextEncoder().encode('export default (batch => {'), { kind: 'function' })
    assert.match(await messageOf(wrong), /^wrong:1: Unexpected end of input|^wrong:1: missing/)
  }, ALLOWED))

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

test('what is published by somebody who hangs up meanwhile does not go live, and its version is free again', () =>
  withServer(async (server) => {
    const impatient = connect(server.url, { timeoutMs: 500 })
    const publish = () => impatient.publish('abroad', new Uint8Array(0), { kind: 'external', token: TOKEN })
    assert.is(await codeOf(publish()), 'SERVER_UNREACHABLE')
    const address = await server.containerAddress()
    const container = () => runContainer((inputs: Float32Array[]) => inputs.map(([x]) => x), { address, token: TOKEN, inputSize: 1 })
    await until(async () => (await messageOf(container())).includes('unknown token'))
    assert.equal(await server.listModels(), [])
    const published = server.publish('abroad', new Uint8Array(0), { kind: 'external', token: TOKEN })
    const serving = container()
    assert.is((await published).version, '1')
    impatient.close()
    await server.close()
    await serving
  }))

test.run()
