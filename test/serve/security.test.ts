import { createHash, createPrivateKey } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type ServeOptions, type Server, serve } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Tokens } from '../../serve/security/tokens.js'
import { certificate } from './certificate.js'
import { pushPolicy } from './policies.js'
import { codeOf, messageOf, withServer } from './tools.js'

const ADMIN = 'admin-token-0123456789'
const PUSH = 'push-token-0123456789'
const ANY = 'any-token-0123456789ab'
const tokens = { admin: ADMIN, applications: { push: PUSH, '*': ANY } }

const QUERY = '{"input":[0,0,0,1]}'
const ROW = { name: 'observation', shape: [1, 4], datatype: 'FP32', data: [0, 0, 0, 1] }

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

async function call(
  server: Server,
  path: string,
  { token, body, headers = {} }: { token?: string; body?: string; headers?: object } = {},
): Promise<Answer> {
  const given = { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  const response = await fetch(server.url + path, { method: body === undefined ? 'GET' : 'POST', headers: given as HeadersInit, body })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : { text } }
}

const withPush = (options: ServeOptions, use: (server: Server) => Promise<void>) =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    await use(server)
  }, options)

test('beyond loopback the server listens only with tokens', async () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.1', 'example.com']) {
    assert.is(await codeOf(serve({ port: 0, host, logLevel: 'silent' })), 'SERVE_HOST_REFUSED', host)
  }
  await withPush({ host: '0.0.0.0', tokens }, async (server) => {
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.is((await call(server, '/push/predict', { body: QUERY })).status, 401)
    assert.is((await call(server, '/push/predict', { body: QUERY, token: PUSH })).status, 200)
  })
})

test('an application asks with its token, every application with that for all, an admin everything, and strangers nothing', () =>
  withPush({ tokens }, async (server) => {
    const infer = JSON.stringify({ inputs: [ROW] })
    const queries = [
      ['/push/predict', QUERY],
      ['/push/update', '{"query_id":1,"reward":1}'],
      ['/v2/models/push/infer', infer],
      ['/v2/models/push/versions/1/infer', infer],
      ['/v2/models/push', undefined],
      ['/v1/models/push:predict', '{"instances":[[0,0,0,1]]}'],
      ['/v1/models/push', undefined],
      ['/metrics', undefined],
    ] as const
    for (const [path, body] of queries) {
      for (const token of [PUSH, ANY, ADMIN]) assert.is((await call(server, path, { body, token })).status, 200, `${path} ${token}`)
      for (const token of [undefined, 'guessed-0123456789', '']) {
        const { status, headers } = await call(server, path, { body, token })
        assert.equal([status, headers.get('www-authenticate')], [401, 'Bearer'], `${path} ${token}`)
      }
    }
    await server.registerApplication({ name: 'other', defaultOutput: 0 })
    assert.is((await call(server, '/other/predict', { body: QUERY, token: PUSH })).status, 403)
    assert.is((await call(server, '/other/predict', { body: QUERY, token: ANY })).status, 200)
    const admin = [
      ['/admin/get_all_models', '{}'],
      ['/admin/ping', undefined],
      ['/v2/repository/index', '{}'],
      ['/v2/repository/models/push/unload', '{}'],
      ['/admin/publish?name=x', ''],
    ] as const
    for (const [path, body] of admin) {
      for (const token of [PUSH, ANY]) assert.is((await call(server, path, { body, token })).status, 403, path)
      assert.is((await call(server, path, { body })).status, 401, path)
    }
    assert.is((await call(server, '/admin/ping', { token: ADMIN })).status, 200)
    for (const path of ['/v2/health/live', '/v2/health/ready', '/v2', '/openapi.json', '/docs'])
      assert.is((await call(server, path)).status, 200, path)
  }))

test('a token may be given as its digest, and only digests are kept', () => {
  const hashed = `sha256:${createHash('sha256').update(ADMIN).digest('hex')}`
  const kept = new Tokens({ admin: [hashed, 'another-admin-token'] })
  kept.check('admin', undefined, ADMIN)
  kept.check('admin', undefined, 'another-admin-token')
  assert.throws(() => kept.check('admin', undefined, hashed), /not one of this server/)
})

test('what is no token is refused without being repeated', async () => {
  const wrong: [object, string][] = [
    [
      { admin: 'short' },
      'tokens.admin is not one (it is not shown); expected at least 16 characters without spaces, or "sha256:" and 64 hex digits',
    ],
    [{ admin: 7 }, 'tokens.admin is 7; expected a token, or an array of tokens'],
    [{ admin: [] }, 'tokens.admin is an array of 0'],
    [{ applications: { push: PUSH } }, 'tokens has no admin'],
    [{ admin: ADMIN, applications: { push: 'short' } }, 'tokens.applications["push"] is not one (it is not shown); expected at least 16'],
    [{ amdin: ADMIN }, 'tokens has no option "amdin"; did you mean "admin"?'],
  ]
  for (const [given, message] of wrong) assert.match(await messageOf(serve({ port: 0, tokens: given, logLevel: 'silent' })), message)
})

test('without tokens, admin calls are for this machine: not for pages of other origins, nor under other names', () =>
  withPush({}, async (server) => {
    for (const path of ['/admin/get_all_models', '/v2/repository/index', '/v2/repository/models/push/unload']) {
      const { status } = await call(server, path, { body: '{}', headers: { origin: 'https://evil.example' } })
      assert.is(status, 403, path)
    }
  }))

test('more requests than the limit are 429, with when to come again; other callers are not held up', () =>
  withPush({ tokens, rateLimit: { perSecond: 0.5, burst: 3 } }, async (server) => {
    const statuses = []
    for (let i = 0; i < 5; i++) statuses.push((await call(server, '/push/predict', { body: QUERY, token: PUSH })).status)
    assert.equal(statuses, [200, 200, 200, 429, 429])
    const { headers, body } = await call(server, '/push/predict', { body: QUERY, token: PUSH })
    assert.is(headers.get('retry-after'), '2')
    assert.match(String(body.cause), 'more than 0.5 requests a second')
    assert.is((await call(server, '/push/predict', { body: QUERY, token: ANY })).status, 200)
    // Who shows no token, or wrong ones, is counted by address.
    const guesses = []
    for (let i = 0; i < 5; i++) guesses.push((await call(server, '/push/predict', { body: QUERY, token: `guess-number-${i}-0123` })).status)
    assert.equal(guesses, [401, 401, 401, 429, 429])
    assert.is((await call(server, '/v2/health/ready')).status, 200)
  }))

test('browsers are told nothing about other origins unless these are allowed', async () => {
  const origin = 'https://app.example'
  const preflight = { 'access-control-request-method': 'POST', origin }
  await withPush({}, async (server) => {
    const answer = await fetch(`${server.url}/push/predict`, { method: 'OPTIONS', headers: preflight })
    assert.equal([answer.status, answer.headers.get('access-control-allow-origin')], [404, null])
  })
  await withPush({ cors: { origins: [origin] } }, async (server) => {
    const asked = await fetch(`${server.url}/push/predict`, { method: 'OPTIONS', headers: preflight })
    assert.equal([asked.status, asked.headers.get('access-control-allow-origin')], [204, origin])
    assert.match(asked.headers.get('access-control-allow-headers') ?? '', 'authorization')
    const allowed = await call(server, '/push/predict', { body: QUERY, headers: { origin } })
    assert.equal([allowed.headers.get('access-control-allow-origin'), allowed.headers.get('vary')], [origin, 'origin'])
    const refused = await call(server, '/push/predict', { body: '{', headers: { origin } })
    assert.equal([refused.status, refused.headers.get('access-control-allow-origin')], [400, origin])
    const other = await call(server, '/push/predict', { body: QUERY, headers: { origin: 'https://evil.example' } })
    assert.is(other.headers.get('access-control-allow-origin'), null)
  })
  assert.match(await messageOf(serve({ port: 0, cors: { origins: ['app.example'] } })), 'expected one like "https://app.example"')
})

test('answers are not to be sniffed, framed or kept', () =>
  withPush({}, async (server) => {
    for (const path of ['/docs', '/metrics', '/v2', '/openapi.json']) {
      const { headers } = await call(server, path)
      const told = ['x-content-type-options', 'x-frame-options', 'cache-control'].map((name) => headers.get(name))
      assert.equal(told, ['nosniff', 'DENY', 'no-store'], path)
    }
    assert.match((await call(server, '/docs')).headers.get('content-security-policy') ?? '', "default-src 'none'")
  }))

test('models are loaded from inside the model roots only, whatever the name, the path or a link says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gymnura-roots-'))
  const roots = join(folder, 'models')
  mkdirSync(join(roots, 'versioned', '3'), { recursive: true })
  mkdirSync(join(roots, 'versioned', '12'), { recursive: true })
  const secret = join(folder, 'secret.safetensors')
  writeFileSync(secret, pushPolicy())
  writeFileSync(join(roots, 'inside.safetensors'), pushPolicy())
  for (const version of ['3', '12']) writeFileSync(join(roots, 'versioned', version, 'model.safetensors'), pushPolicy())
  symlinkSync(secret, join(roots, 'link.safetensors'))
  symlinkSync(folder, join(roots, 'up'))
  symlinkSync(join(roots, 'inside.safetensors'), join(roots, 'alias.safetensors'))
  try {
    await withServer(
      async (server) => {
        const load = (name: string) => call(server, `/v2/repository/models/${name}/load`, { body: '{}' })
        for (const name of ['inside', 'alias', 'versioned']) assert.is((await load(name)).status, 200, name)
        for (const name of [
          'link',
          'up',
          'secret',
          '..%2Fsecret',
          '%2e%2e%2Fsecret',
          'up%2Fsecret',
          encodeURIComponent(join(folder, 'secret')),
          'a%00b',
        ])
          assert.ok([400, 404].includes((await load(name)).status), name)
        assert.equal((await server.listModels()).map(({ name, version }) => `${name}:${version}`).sort(), [
          'alias:1',
          'inside:1',
          'versioned:12',
        ])
        const add = async (model_data_path: string, model_version: number) =>
          (await call(server, '/admin/add_model', { body: JSON.stringify({ model_name: 'added', model_version, model_data_path }) })).status
        const paths = [
          '../secret.safetensors',
          secret,
          'link.safetensors',
          'up/secret.safetensors',
          '/etc/passwd',
          '',
          'models',
          'a\0b',
          'x.json',
        ]
        for (const path of paths) assert.is(await add(path, 1), 400, path)
        assert.equal([await add('inside.safetensors', 1), await add(join(roots, 'inside.safetensors'), 2)], [200, 200])
        await server.deleteVersion('added', 1)
        await server.deleteVersion('added', 2)
        await load('inside')
        assert.is((await server.listModels()).length, 3, 'what is loaded already is not loaded again')
        const index = (await (await fetch(`${server.url}/v2/repository/index`, { method: 'POST', body: '{}' })).json()) as {
          name: string
        }[]
        assert.equal([...new Set(index.map(({ name }) => name))].sort(), ['alias', 'inside', 'versioned'])
      },
      { modelRoots: [roots] },
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
  assert.is(await codeOf(serve({ port: 0, modelRoots: [join(folder, 'gone')], logLevel: 'silent' })), 'SERVE_OPTION')
})

test('with TLS everything is HTTPS, and the client trusts the certificate that it is told to', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gymnura-tls-'))
  try {
    const tls = certificate(folder)
    // Where openssl is missing there is no certificate to be had.
    if (tls === undefined) return
    await withPush({ tls, tokens }, async (server) => {
      assert.match(server.url, /^https:/)
      const trusting = connect(server.url, { ca: readFileSync(tls.cert, 'utf8'), token: PUSH })
      assert.is((await trusting.predict('push', [0, 0, 0, 1])).output, 1)
      trusting.close()
      const doubting = connect(server.url, { token: PUSH, retries: 0 })
      assert.match(
        await messageOf(doubting.predict('push', [0, 0, 0, 1])),
        /self.signed certificate; trust one of your own making with ca$/,
      )
      doubting.close()
    })
    const cut = readFileSync(tls.key, 'utf8').slice(0, 60)
    assert.match(await messageOf(serve({ port: 0, tls: { ...tls, key: cut } })), 'tls: the key and the certificates cannot be used')
    const swapped = serve({ port: 0, tls: { key: tls.cert, cert: tls.key } })
    assert.match(await messageOf(swapped), 'tls.key holds no "BEGIN PRIVATE KEY"; expected a PEM file with one')
    assert.match(await messageOf(serve({ port: 0, tls: { ...tls, cert: tls.key } })), 'tls.cert holds no "BEGIN CERTIFICATE"')
    const locked = createPrivateKey(readFileSync(tls.key)).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'right',
    })
    const withWrong = serve({ port: 0, tls: { ...tls, key: String(locked), passphrase: 'wrong' } })
    assert.match(await messageOf(withWrong), 'the key is encrypted, is its passphrase right?')
    assert.match(await messageOf(serve({ port: 0, tls: { ...tls, cert: join(folder, 'gone') } })), 'tls.cert: ENOENT')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.run()
