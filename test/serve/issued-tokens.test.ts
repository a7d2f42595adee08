import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Server, serve } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { pushPolicy } from './policies.js'
import { codeOf, messageOf, until, withServer } from './tools.js'

const UP = [0, 0, 0, 1]
const statusOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 200,
    (error: { status?: number }) => error.status,
  )

const withPush = (use: (server: Server) => Promise<void>) =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    await server.publish('pull', pushPolicy(), { isolation: 'inline' })
    await use(server)
  })

/** Calls with a token, through a client that is closed after it. */
async function as<T>({ url }: Server, token: string | undefined, use: (client: ReturnType<typeof connect>) => Promise<T>): Promise<T> {
  const client = connect(url, { token })
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

test("the first token that is issued, an admin's, closes the server to callers without", () =>
  withPush(async (server) => {
    const query = (token?: string) => statusOf(as(server, token, (client) => client.predict('push', UP)))
    assert.is(await query(), 200)
    assert.match(await messageOf(server.issueToken({ application: 'push' })), /issue one for an admin first/)
    const { token } = await as(server, undefined, (client) => client.admin.issueToken({ label: 'ann' }))
    assert.equal([await query(), await query(token), await query(`${token.slice(0, -1)}!`)], [401, 200, 401])
    assert.is(await statusOf(as(server, undefined, (client) => client.admin.models())), 401)
    assert.is(await statusOf(as(server, token, (client) => client.admin.models())), 200)
  }))

test('a token is for one application, for all or for an admin, is listed without its secret, and ends when it is revoked', () =>
  withPush(async (server) => {
    const admin = await server.issueToken({ label: 'ann' })
    await as(server, admin.token, async ({ admin: calls }) => {
      const push = await calls.issueToken({ application: 'push', label: 'the robot' })
      const all = await calls.issueToken({ application: '*' })
      const ask = (token: string, name: string) => statusOf(as(server, token, (client) => client.predict(name, UP)))
      assert.equal([await ask(push.token, 'push'), await ask(push.token, 'pull')], [200, 403])
      assert.equal([await ask(all.token, 'push'), await ask(all.token, 'pull')], [200, 200])
      assert.is(await statusOf(as(server, all.token, (client) => client.admin.tokens())), 403)
      const listed = await calls.tokens()
      assert.equal(
        listed.map(({ id, label, application }) => [id, label, application]),
        [
          [admin.id, 'ann', undefined],
          [push.id, 'the robot', 'push'],
          [all.id, '', '*'],
        ],
      )
      assert.not.ok(JSON.stringify(listed).includes(push.token.slice(20)))
      await calls.revokeToken(push.id)
      assert.equal([await ask(push.token, 'push'), await ask(all.token, 'push')], [401, 200])
      assert.is(await statusOf(calls.revokeToken(push.id)), 404)
    })
  }))

test('the only admin token cannot be revoked, unless the server was started with one', async () => {
  await withPush(async (server) => {
    const first = await server.issueToken()
    assert.is(await codeOf(server.revokeToken(first.id)), 'TOKEN_LAST')
    const second = await server.issueToken()
    await server.revokeToken(first.id)
    assert.is(await codeOf(server.revokeToken(second.id)), 'TOKEN_LAST')
  })
  await withServer(
    async (server) => {
      const { id, token } = await server.issueToken()
      assert.is(await statusOf(as(server, token, (client) => client.admin.models())), 200)
      await server.revokeToken(id)
      assert.is(await statusOf(as(server, token, (client) => client.admin.models())), 401)
    },
    { tokens: { admin: 'configured-0123456789' } },
  )
})

test('tokens outlive the server with its folder, where no file holds a secret; such a server may listen beyond loopback', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gymnura-tokens-'))
  const state = `file:${folder}` as const
  const issued: string[] = []
  await withServer(
    async (server) => {
      await server.publish('push', pushPolicy(), { isolation: 'inline' })
      issued.push((await server.issueToken()).token)
      const push = await server.issueToken({ application: 'push' })
      issued.push(push.token, (await server.issueToken({ application: 'push' })).token)
      await server.revokeToken(push.id)
    },
    { state },
  )
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!statSync(join(folder, file)).isFile()) continue
    const content = readFileSync(join(folder, file), 'latin1')
    for (const token of issued) assert.not.ok(content.includes(token.slice('gym_123456789abc_'.length)), file)
  }
  await withServer(
    async (server) => {
      const ask = (token: string | undefined) => statusOf(as(server, token, (client) => client.predict('push', UP)))
      assert.equal(await Promise.all([undefined, ...issued].map(ask)), [401, 200, 401, 200])
    },
    { state, host: '0.0.0.0' },
  )
  rmSync(folder, { recursive: true })
  assert.is(await codeOf(serve({ port: 0, host: '0.0.0.0', logLevel: 'silent' })), 'SERVE_HOST_REFUSED')
})

test('what was opened with a token that is revoked is closed: a control loop, a stream of answers', () =>
  withPush(async (server) => {
    await server.issueToken()
    const { id, token } = await server.issueToken({ application: 'push' })
    const kept = await server.issueToken({ application: '*' })
    const open = (token: string) => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/push/control`, { headers: { authorization: `Bearer ${token}` } })
      const closed = new Promise<number>((resolve) => socket.once('close', resolve))
      return { closed, socket, opened: new Promise((resolve) => socket.once('open', resolve)) }
    }
    const [revoked, other] = [open(token), open(kept.token)]
    await Promise.all([revoked.opened, other.opened])
    const stream = await fetch(`${server.url}/push/stream`, { headers: { authorization: `Bearer ${token}` } })
    await server.revokeToken(id)
    assert.is(await revoked.closed, 1008)
    assert.is(await stream.text(), '')
    other.socket.send(JSON.stringify({ input: UP }))
    const answer = await new Promise<string>((resolve) => other.socket.once('message', (data) => resolve(String(data))))
    assert.is(JSON.parse(answer).output, 1)
    other.socket.close()
  }))

test("a control loop whose token is revoked is told so, however late it asks, and one that isn't let in that it may be the token", () =>
  withPush(async (server) => {
    await server.issueToken()
    const { id, token } = await server.issueToken({ application: 'push' })
    const client = connect(server.url, { token })
    const loop = await client.control('push')
    assert.is((await loop.act(UP)).output, 1)
    await server.revokeToken(id)
    await until(async () => (await messageOf(loop.act(UP))) !== 'no error')
    await until(async () => (await messageOf(loop.act(UP))) === 'the token opens this no more')
    assert.match(await messageOf(client.control('push')), 'is the application there, and the token its own?')
    client.close()
  }))

test('what is wrong with a token to issue is said before anything is issued', () =>
  withPush(async (server) => {
    await server.issueToken()
    for (const [options, told] of [
      [{ application: 'a b' }, /application is "a b"/],
      [{ label: 7 }, /label is 7; expected a string/],
      [{ scope: 'admin' }, /issueToken has no option "scope"/],
    ] as const) {
      assert.match(await messageOf(server.issueToken(options as object)), told)
    }
    assert.is((await server.listTokens()).length, 1)
  }))

test.run()
