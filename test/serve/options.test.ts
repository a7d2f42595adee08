import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ApplicationOptions, type ModelSource, type PublishOptions, type ServeOptions, serve } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { linearPolicy, pushPolicy } from './policies.js'
import { codeOf, messageOf, post, withServer } from './tools.js'

/** What a program without types may pass. */
const untyped = <T>(value: unknown) => value as T

async function refused(promise: Promise<unknown>, message: string): Promise<void> {
  assert.is(await codeOf(promise), 'SERVE_OPTION', message)
  assert.ok((await messageOf(promise)).startsWith(message), `${await messageOf(promise)} does not begin with ${message}`)
}

test('plain mistakes in options are refused with what was given and what may have been meant', async () => {
  await refused(serve(untyped(null)), 'what serve was given is null; expected an object with port')
  await refused(serve(untyped<ServeOptions>({ prot: 1 })), 'serve has no option "prot"; did you mean "port"?')
  await refused(serve({ port: Number.NaN }), 'port is NaN; expected a whole number')
  await refused(serve({ cacheBytes: Number.POSITIVE_INFINITY }), 'cacheBytes is Infinity')
  await refused(serve(untyped<ServeOptions>({ writeLog: 'file' })), 'writeLog is "file"; expected a function')
  await withServer(async (server) => {
    const register = (options: unknown) => server.registerApplication(untyped<ApplicationOptions>(options))
    await refused(register(undefined), 'what registerApplication was given is missing')
    await refused(register({ name: 'a' }), 'defaultOutput is missing; expected a JSON value')
    await refused(register({ name: 'a', defaultOutput: 0, slo: 5 }), 'registerApplication has no option "slo"; did you mean "sloMs"?')
    await refused(register({ name: 'a', defaultOutput: 0, sloMs: Number.NaN }), 'sloMs is NaN')
    await refused(register({ name: 'a', defaultOutput: 0, sloMs: 10n }), 'sloMs is 10n')
    const publish = (policy: unknown, options: unknown = {}) =>
      server.publish('push', untyped<ModelSource>(policy), untyped<PublishOptions>(options))
    for (const [policy, shown] of [
      [undefined, 'missing'],
      [null, 'null'],
      [5, '5'],
      [{}, 'an object'],
    ]) {
      await refused(publish(policy), `policy is ${shown}; expected a policy, its file, or the file's bytes`)
    }
    await refused(publish(pushPolicy(), null), 'what publish was given is null')
    await refused(publish(pushPolicy(), { replica: 2 }), 'publish has no option "replica"; did you mean "replicas"?')
    await refused(publish(pushPolicy(), { replicas: 1.5 }), 'replicas is 1.5; expected 1 to 64')
    await refused(
      publish(pushPolicy(), { limits: { startMs: 2 ** 31 } }),
      'limits.startMs is 2147483648; expected milliseconds, more than 0, up to',
    )
    await refused(
      publish(pushPolicy(), { limits: { env: { 'A=B': 'c' } } }),
      'limits.env is an object; expected an object of strings by names',
    )
    await refused(
      publish(pushPolicy(), { limits: { env: { A: 'b\0' } } }),
      'limits.env is an object; expected an object of strings by names',
    )
    await refused(publish('model.py', { python: 'a\0b' }), 'python is "a\\u0000b"; expected the name or the path of a program')
    await refused(publish('model.py', { python: 3 }), 'python is 3; expected the name or the path of a program')
    await refused(publish(pushPolicy(), { token: 'only we two know it' }), 'token is "…"; expected none for kind "policy"')
    await refused(publish(pushPolicy(), { version: Number.NaN }), 'version is NaN')
    const huge = { outputs: [{ name: 'y', type: 'floats', shape: [2 ** 12, 2 ** 12] }] }
    await refused(
      publish((rows: unknown[]) => rows, huge),
      'outputs is an array of 1; expected [{ name, type, shape }, …]: output "y" takes 67108864 bytes',
    )
    await refused(server.link(untyped(undefined), 'push'), 'application is missing; expected 1 to 128 letters')
    assert.equal([await server.listApplications(), await server.listModels()], [[], []])
  })
})

test('a default output is a JSON value, all through, and is copied', () =>
  withServer(async (server, client) => {
    const circle: unknown[] = []
    circle.push(circle)
    const wrong: [unknown, string][] = [
      [Number.NaN, 'defaultOutput is NaN; expected a JSON value'],
      [[0, { a: Number.POSITIVE_INFINITY }], 'a part of defaultOutput is Infinity'],
      [[undefined], 'a part of defaultOutput is missing'],
      [{ a: 1n }, 'a part of defaultOutput is 1n'],
      [() => 0, 'defaultOutput is a function'],
      [circle, 'defaultOutput is an array of 1; expected a JSON value (Converting circular structure'],
    ]
    for (const [defaultOutput, message] of wrong) {
      await refused(server.registerApplication({ name: 'a', defaultOutput: untyped<number>(defaultOutput) }), message)
    }
    const zeros = [0, 0]
    await server.registerApplication({ name: 'a', defaultOutput: zeros })
    zeros[0] = 1
    assert.equal((await client.predict('a', [1])).output, [0, 0])
    assert.equal((await server.listApplications())[0]?.defaultOutput, [0, 0])
  }))

test('a policy may be bytes of either kind, a path or a file URL', () =>
  withServer(async (server) => {
    const folder = mkdtempSync(join(tmpdir(), 'gymnura-'))
    try {
      const file = join(folder, 'push.safetensors')
      const bytes = new Uint8Array(pushPolicy())
      writeFileSync(file, bytes)
      for (const policy of [file, pathToFileURL(file), bytes, bytes.buffer]) await server.publish('push', policy, { isolation: 'inline' })
      assert.is((await server.listModels()).length, 4)
      assert.is(await codeOf(server.publish('push', folder)), 'MODEL_FILE')
    } finally {
      rmSync(folder, { recursive: true })
    }
  }))

test('tokens that are no table are refused in words', async () => {
  for (const applications of [null, 'abc', []])
    await refused(serve({ port: 0, tokens: { admin: 'x'.repeat(20), applications: applications as never } }), 'tokens.applications is')
})

test('names that a URL would lose are refused, names that objects have are names', () =>
  withServer(async (server, client) => {
    for (const name of ['.', '..', '', 'a/b', 'x'.repeat(129)])
      await refused(server.registerApplication({ name, defaultOutput: 0 }), 'name is "')
    for (const name of ['__proto__', 'constructor', '...']) {
      await server.registerApplication({ name, defaultOutput: name })
      assert.is((await client.predict(name, [1])).output, name)
    }
    assert.equal(Object.keys(server.metrics().applications), ['__proto__', 'constructor', '...'])
  }))

test('the next version is one more than the highest whole number, of those that a number can say', () =>
  withServer(async (server) => {
    const publish = async (version?: string | number) =>
      (await server.publish('push', pushPolicy(), { isolation: 'inline', version })).version
    for (const version of ['1e3', '0x10', 'latest', '9'.repeat(30), Number.MAX_SAFE_INTEGER]) await publish(version)
    assert.is(await publish(), '1')
    await publish('0041')
    assert.is(await publish(), '42')
  }))

test('links are made all or none, and every refusal of the admin API has the names of its own fields', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline', application: false })
    await server.publish('narrow', linearPolicy([[0], [1]]), { isolation: 'inline', application: false })
    await server.registerApplication({ name: 'a', defaultOutput: 0 })
    const admin = async (call: string, body: object) => {
      const { status, text } = await post(`${server.url}/admin/${call}`, JSON.stringify(body))
      return `${status} ${JSON.parse(text).cause}`
    }
    assert.match(await admin('add_model_links', { app_name: 'a', model_names: ['push', 'nope'] }), '404 no model is named "nope"')
    assert.match(await admin('add_model_links', { app_name: 'a', model_names: ['push', 'narrow'] }), '409 "narrow" takes 1 numbers')
    assert.equal((await server.listApplications())[0]?.models, [])
    assert.match(await admin('add_model_links', { app_name: 'b', model_names: [] }), '404 no application is named "b"')
    const app = { name: 'b', default_output: 0 }
    assert.is(await admin('add_app', { name: 'b' }), '400 default_output is missing; expected a JSON value')
    assert.is(
      await admin('add_app', { ...app, latency_slo_micros: 0 }),
      '400 latency_slo_micros is 0; expected more than 0, up to 3600000000',
    )
    assert.match(await admin('add_app', { ...app, input_type: 'words' }), '400 input_type is "words"; expected floats, doubles')
    assert.is(await admin('publish?name=b&replicas=two', {}), '415 content-type is "application/json"; expected application/octet-stream')
    const upload = await post(`${server.url}/admin/publish?name=b&replicas=two`, 'x', 'application/octet-stream')
    assert.match(JSON.parse(upload.text).cause, 'replicas is "two"; expected a whole number')
  }))

test.run()
