import { connect, type LogLine } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LogBook } from '../../serve/log/log-book.js'
import { pushPolicy } from './policies.js'
import { containerPid, messageOf, post, publishPatiently, until, withServer } from './tools.js'

const talkative = `
  console.log('loading')
  console.error('careful')
  export default (batch) => batch.map(([x]) => (console.log('asked about', x), x))`

for (const isolation of ['process', 'thread'] as const) {
  test(`what a container prints is in the log, with its model and stream, isolation ${isolation}`, () =>
    withServer(
      async (server, client) => {
        const model = new TextEncoder().encode(talkative)
        await publishPatiently(server, 'm', model, { kind: 'function', isolation })
        await client.predict('m', [7])
        const printed = async () => (await client.admin.logs({ model: 'm' })).filter(({ stream }) => stream !== undefined)
        await until(async () => (await printed()).length === 3)
        assert.equal((await printed()).map(({ msg, stream, model }) => [msg, stream, model]).sort(), [
          ['asked about 7', 'stdout', 'm:1'],
          ['careful', 'stderr', 'm:1'],
          ['loading', 'stdout', 'm:1'],
        ])
        if (isolation === 'process') assert.is((await printed())[0]?.containerPid, containerPid(server))
      },
      { allow: ['function'] },
    ))
}

test('a container that floods its output fills neither the log nor the memory, and still answers', () =>
  withServer(
    async (server, client) => {
      const flood = "export default (batch) => { for (let i = 0; i < 20_000; i++) console.log('x'.repeat(200)); return batch.map(() => 1) }"
      await publishPatiently(server, 'm', new TextEncoder().encode(flood), { kind: 'function' })
      assert.is((await client.predict('m', [1])).output, 1)
      await client.predict('m', [2])
      const lines = await client.admin.logs({ limit: 10_000 })
      assert.ok(lines.length < 2_000, `${lines.length} lines`)
    },
    { allow: ['function'] },
  ))

test('the log tells what becomes of models and containers, and which admin call did it', () =>
  withServer(async (server, client) => {
    await client.publish('push', pushPolicy())
    const pid = containerPid(server)
    process.kill(pid, 'SIGKILL')
    await until(() => server.metrics().models[0]!.replicas[0]!.restarts === 1 && server.metrics().models[0]!.replicas[0]!.ready)
    const lines = await client.admin.logs()
    assert.equal(
      lines.map(({ msg }) => msg),
      [
        'serving',
        'a container is ready',
        'a model is live',
        'an admin call',
        'a container was lost and is started again',
        'a container is ready',
      ],
    )
    const [, ready, , call, lost] = lines
    assert.equal([ready?.containerPid, lost?.containerPid, lost?.level], [pid, pid, 50])
    assert.is(lost?.reason, 'the container of push:1 exited with SIGKILL')
    assert.equal([call?.method, call?.path, call?.status], ['POST', '/admin/publish', 200])
    assert.equal(
      (await client.admin.logs({ level: 'error' })).map(({ msg }) => msg),
      ['a container was lost and is started again'],
    )
    assert.is((await client.admin.logs({ limit: 1 }))[0]?.msg, 'a container is ready')
    assert.equal(await client.admin.logs({ model: 'other' }), [])
  }))

test('the log tells how a process ended and what it said last, also where its connection was closed first', () =>
  withServer(
    async (server, client) => {
      const ends = { quits: 'process.exit(3)', breaks: "setTimeout(() => { throw new Error('broken inside') })" }
      for (const [name, end] of Object.entries(ends)) {
        const model = `export default ([[x]]) => { if (x > 0) { ${end}; return new Promise(() => {}) } return [0] }`
        await publishPatiently(server, name, new TextEncoder().encode(model), { kind: 'function', batching: 'none' })
        assert.match((await client.predict(name, [1])).defaultExplanation!, "The model's container")
      }
      const reasonOf = async (model: string) => String((await client.admin.logs({ model, level: 'error' }))[0]?.reason)
      assert.is(await reasonOf('quits'), 'the container of quits:1 exited with code 3')
      const broken = await reasonOf('breaks')
      assert.match(broken, /^the container of breaks:1 exited with code 1; it last said: /)
      assert.match(broken, 'broken inside')
    },
    { allow: ['function'] },
  ))

test('whoever follows at debug sees each request by its id, for as long as that takes, and nobody else pays for it', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    const ask = (id: string, body = '{"input":[0,0,0,1]}') =>
      fetch(`${server.url}/push/predict`, { method: 'POST', body, headers: { 'x-request-id': id } })
    await ask('before')
    const stop = new AbortController()
    const seen: LogLine[] = []
    const reading = (async () => {
      for await (const line of client.admin.followLogs({ level: 'debug', request: 'mine', limit: 0 }, stop.signal)) seen.push(line)
    })()
    await until(async () => {
      await ask('mine')
      return seen.length > 0
    })
    await ask('other')
    await ask('mine', '{')
    await until(() => seen.some(({ status }) => status === 400))
    assert.ok(seen.every(({ reqId }) => reqId === 'mine'))
    assert.equal([seen[0]?.path, seen[0]?.status, typeof seen[0]?.ms], ['/push/predict', 200, 'number'])
    stop.abort()
    await reading
    await ask('after')
    assert.equal(await client.admin.logs({ level: 'trace', request: 'after' }), [])
  }))

test('where the server logs at debug, a request is found by its id afterwards', () =>
  withServer(
    async (server, client) => {
      await post(`${server.url}/nothing/predict`, '{"input":[1]}')
      const response = await fetch(`${server.url}/nothing/predict`, { method: 'POST', body: '{', headers: { 'x-request-id': 'r1' } })
      assert.is(response.status, 404)
      const lines = await client.admin.logs({ level: 'debug', request: 'r1' })
      assert.equal(
        lines.map(({ msg, status }) => [msg, status]),
        [['answered', 404]],
      )
    },
    { logLevel: 'debug' },
  ))

test('following ends when the server closes, and the log is for admins only', async () => {
  const tokens = { admin: 'admin-token-0123456789', applications: { '*': 'other-token-0123456789' } }
  let reading: Promise<unknown> | undefined
  await withServer(
    async (server) => {
      const admin = connect(server.url, { token: tokens.admin })
      const lines: LogLine[] = []
      reading = (async () => {
        for await (const line of admin.admin.followLogs()) lines.push(line)
      })()
      await until(() => lines.length > 0)
      const other = connect(server.url, { token: tokens.applications['*'] })
      assert.match(await messageOf(other.admin.logs()), /the token is not for admin calls \(HTTP 403\)/)
      assert.match(await messageOf(other.admin.followLogs().next()), /the token is not for admin calls \(HTTP 403\)/)
      assert.is((await fetch(`${server.url}/admin/logs`)).status, 401)
      other.close()
      void reading.then(() => admin.close())
    },
    { tokens },
  )
  await reading
})

test('what is wrong with a query for the log is told by the field', () =>
  withServer(async (server) => {
    for (const [query, cause] of [
      ['level=loud', 'level is "loud"; expected trace, debug, info, warn, error, fatal'],
      ['limit=-1', 'limit is "-1"; expected a whole number from 0 to 10000'],
      ['limit=99999', 'limit is "99999"'],
      ['follow=true', 'logs has no option "follow"'],
      ['request=a&request=b', 'request is an array of 2; expected one value'],
      ['modle=a', 'logs has no option "modle"; did you mean "model"?'],
    ] as const) {
      const response = await fetch(`${server.url}/admin/logs?${query}`)
      const { cause: told } = (await response.json()) as { cause: string }
      assert.is(response.status, 400)
      assert.ok(told.startsWith(cause), told)
    }
  }))

test('lines go where they are wanted, from the level on that was asked for; a writer that fails ends nothing', async () => {
  const lines: string[] = []
  const writeLog = (line: string) => {
    lines.push(line)
    throw new Error('full')
  }
  await withServer(
    async (server) => {
      await server.publish('push', pushPolicy(), { isolation: 'inline' })
    },
    { logLevel: 'info', writeLog },
  )
  assert.equal(
    lines.map((line) => JSON.parse(line).msg),
    ['serving', 'a model is live', 'closed'],
  )
})

test('the book keeps the newest lines within its bounds, oldest first', () => {
  const levels: number[] = []
  const book = new LogBook(30, (level) => levels.push(level))
  for (let i = 0; i < 25_000; i++) book.write(`${i}`, 30, {})
  const all = book.lines({}, 100_000)
  assert.equal([all.length, all[0], all.at(-1)], [10_000, '15000', '24999'])
  for (let i = 0; i < 100; i++) book.write('x'.repeat(100_000), 30, { reqId: `r${i}` })
  assert.ok(book.lines({}, 100_000).length <= 42)
  assert.is(book.lines({ request: 'r99' }, 10).length, 1)
  assert.is(book.lines({ request: 'r1' }, 10).length, 0)
  const leave = book.follow({ level: 'trace' }, () => {})
  leave()
  assert.equal(levels, [10, 30])
})

test.run()
