import { type Client, connect, readFeedback, type Server, serve } from 'gymnura/serve'
import * as assert from 'uvu/assert'
import { RedisState } from '../../../serve/state/redis/redis.js'
import { pullPolicy, pushPolicy } from '../policies.js'
import { codeOf, messageOf, until, withServer } from '../tools.js'
import { CuttingProxy } from './cutting-proxy.js'
import { publishUntilKilled } from './killed-server.js'
import { redisTest as test, withRedis } from './redis-server.js'

const UP = [0, 0, 0, 1]
const inline = { isolation: 'inline', application: false } as const

async function readiness({ url }: Server): Promise<{ status: number; body: { ready: boolean; state?: string } }> {
  const response = await fetch(`${url}/v2/health/ready`)
  return { status: response.status, body: (await response.json()) as { ready: boolean } }
}

const statusOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 200,
    (error: { status?: number }) => error.status,
  )

/** "balance", which learns, over a version that pulls and one that pushes. */
async function twoVersions(server: Server): Promise<void> {
  await server.registerApplication({ name: 'balance', defaultOutput: -1, sloMs: 1000, selection: 'ucb1' })
  await server.publish('cart', pullPolicy(), inline)
  await server.publish('cart', pushPolicy(), inline)
  await server.link('balance', 'cart:1')
  await server.link('balance', 'cart:2')
}

/** How often users of "balance" have been taught, as Redis knows it. */
async function lessonsOf(url: string, user = ''): Promise<number> {
  const state = await RedisState.open(url)
  const { sums } = await state.standing(`balance/${user}`)
  await state.close()
  return [...sums.values()].reduce((sum, [, pulls]) => sum + pulls!, 0)
}

test('while Redis is killed queries are answered, changes are refused, health says so; then everything is there again', () =>
  withRedis((redis) =>
    withServer(
      async (server, client) => {
        await twoVersions(server)
        const { queryId } = await client.predict('balance', UP)
        await redis.kill()
        await until(async () => (await readiness(server)).body.state !== undefined)
        const { status, body } = await readiness(server)
        assert.equal([status, body.ready], [200, true], 'it is sent queries as before')
        assert.match(body.state!, /^Redis at 127\.0\.0\.1:\d+: /)
        assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^gymnura_state_up 0$/m)
        for (let i = 0; i < 50; i++) {
          // Of users that it knows, and of those that it would have to read.
          const { output, default: isDefault } = await client.predict('balance', [0, 0, i, 1], { user: i % 2 === 0 ? undefined : `u${i}` })
          assert.ok(!isDefault && (output === 0 || output === 1))
        }
        for (const refused of [
          server.registerApplication({ name: 'late', defaultOutput: 0 }),
          server.publish('late', pushPolicy(), inline),
          server.rollback('cart'),
          server.deleteApplication('balance'),
          server.issueToken(),
        ]) {
          assert.match(
            await messageOf(refused),
            /^Redis at 127\.0\.0\.1:\d+ cannot be reached \(.+\); nothing has changed, try again later$/,
          )
        }
        assert.is(await statusOf(client.feedback('balance', { queryId, reward: 1 })), 503)
        assert.equal(
          (await server.listApplications()).map(({ name }) => name),
          ['balance'],
        )
        await redis.startAgain()
        await until(async () => (await codeOf(server.registerApplication({ name: 'late', defaultOutput: 0 }))) === 'no error')
        await until(async () => (await readiness(server)).body.state === undefined)
        assert.equal(await client.feedback('balance', { queryId, reward: 1 }), { accepted: true })
        assert.equal((await server.listApplications()).map(({ name }) => name).sort(), ['balance', 'late'])
      },
      { state: redis.url },
    ),
  ))

test('kill -9 of Redis at any moment loses nothing that was acknowledged, and counts nothing twice', () =>
  withRedis(async (redis) => {
    const options = { port: 0, logLevel: 'silent', state: redis.url } as const
    const servers = [await serve(options), await serve(options)] as const
    const clients = servers.map(({ url }) => connect(url))
    await twoVersions(servers[0])
    await until(() => servers[1].metrics().models.length === 2)
    const registered: string[] = []
    let accepted = 0
    let unanswered = 0
    let open = true
    async function work(client: Client, worker: number): Promise<void> {
      for (let i = 0; open; i++) {
        const name = `app-${worker}-${i}`
        const { queryId, default: isDefault } = await client.predict('balance', [0, worker, i, 1])
        assert.not.ok(isDefault, 'no query waits for Redis')
        // Given again until it is taken: what had no answer may have been done.
        for (let given = false; !given; ) {
          const status = await client.feedback('balance', { queryId, reward: 1 }).then(
            (result) => (result.accepted ? 'accepted' : 'before'),
            (error: { status?: number }) => error.status,
          )
          if (status === 'accepted') accepted++
          if (status === 'before') unanswered++
          given = status === 'accepted' || status === 'before'
          if (!given) assert.is(status, 503)
        }
        if ((await statusOf(client.admin.registerApplication({ name, defaultOutput: i }))) === 200) registered.push(name)
      }
    }
    const work_ = clients.map((client, worker) => work(client, worker))
    for (let kill = 0; kill < 4; kill++) {
      const before = registered.length
      await until(() => registered.length > before + 5)
      await redis.kill()
      await new Promise((resolve) => setTimeout(resolve, 100))
      await redis.startAgain()
    }
    open = false
    await Promise.all(work_)
    for (const client of clients) client.close()
    for (const server of servers) await server.close()
    assert.is(await lessonsOf(redis.url), accepted + unanswered, 'every query taught once')
    let logged = 0
    for await (const _ of readFeedback(redis.url)) logged++
    assert.is(logged, accepted + unanswered)
    const later = await serve(options)
    const names = new Set((await later.listApplications()).map(({ name }) => name))
    await later.close()
    assert.equal(
      registered.filter((name) => !names.has(name)),
      [],
    )
    assert.ok(registered.length > 20)
  }))

test('a connection that is cut on the way there, or before the answer, makes no change half, and none twice', () =>
  withRedis(async (redis) => {
    const proxy = await CuttingProxy.to(redis.port)
    const server = await serve({ port: 0, logLevel: 'silent', state: proxy.url })
    const client = connect(server.url)
    await twoVersions(server)
    // (What is long enough to change something, and any answer.)
    const sometimes = (what: 'cut' | 'half, then cut') => (chunk: Buffer) =>
      (what === 'cut' || chunk.length > 200) && Math.random() < 0.2 ? what : ('pass' as const)
    let taught = 0
    const names: string[] = []
    for (const [side, cut] of [
      ['replies', 'cut'],
      ['requests', 'half, then cut'],
      ['requests', 'cut'],
    ] as const) {
      const before = proxy.cuts
      for (let i = 0; i < 12; i++) {
        const { queryId } = await client.predict('balance', [0, names.length, i, 1])
        proxy[side] = sometimes(cut)
        for (let given = false; !given; ) {
          const status = await client.feedback('balance', { queryId, reward: 1 }).then(
            ({ accepted }) => accepted,
            (error: { status?: number }) => error.status,
          )
          assert.ok(status === true || status === false || status === 503, String(status))
          // (Not accepted: an earlier call that had no answer was.)
          given = status !== 503
        }
        taught++
        const name = `app-${names.length}`
        // One that is refused because it is there already was made by the call that had no answer.
        for (let status: number | undefined = 0; status !== 200 && status !== 409; ) {
          status = await statusOf(client.admin.registerApplication({ name, defaultOutput: 0 }))
          assert.ok([200, 409, 503].includes(status!), String(status))
        }
        names.push(name)
        proxy[side] = () => 'pass'
      }
      assert.ok(proxy.cuts > before, `${side} were cut`)
    }
    client.close()
    await server.close()
    await proxy.close()
    assert.is(await lessonsOf(redis.url), taught)
    const later = await serve({ port: 0, logLevel: 'silent', state: redis.url })
    assert.equal((await later.listApplications()).map(({ name }) => name).sort(), ['balance', ...names].sort())
    await later.close()
  }))

test('a query whose user is read from Redis while the links change is answered by those that are there then', () =>
  withRedis(async (redis) => {
    const proxy = await CuttingProxy.to(redis.port)
    await withServer(
      (server, client) =>
        withServer(
          async (other) => {
            await twoVersions(server)
            await until(async () => (await other.listApplications())[0]?.models.length === 2)
            for (const change of [() => other.unlink('balance', 'cart:1'), () => other.unlink('balance', 'cart:2')]) {
              let asked = 0
              proxy.hold()
              proxy.requests = (chunk) => {
                if (String(chunk).includes('HGETALL')) asked++
                return 'pass'
              }
              await change()
              // The first server reads the rows, and then the user; the answers come together.
              await until(() => asked === 1)
              const answer = client.predict('balance', UP, { user: `user-${Math.random()}` })
              await until(() => asked === 2)
              proxy.release()
              const { output, default: isDefault } = await answer
              const links = (await other.listApplications())[0]!.models
              assert.equal([output, isDefault], links.length === 1 ? [1, false] : [-1, true])
            }
          },
          { state: redis.url },
        ),
      { state: proxy.url },
    )
    await proxy.close()
  }))

test('a Redis that hangs keeps no query waiting, and a change is refused before long', () =>
  withRedis((redis) =>
    withServer(
      async (server, client) => {
        await twoVersions(server)
        redis.signal('SIGSTOP')
        const startedAt = performance.now()
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, i) => client.predict('balance', [0, 0, i, 1], { user: i % 2 === 0 ? undefined : `u${i}` })),
        )
        assert.ok(answers.every(({ default: isDefault }) => !isDefault))
        assert.ok(performance.now() - startedAt < 5_000)
        assert.is(await codeOf(server.registerApplication({ name: 'late', defaultOutput: 0 })), 'STATE_UNREACHABLE')
        redis.signal('SIGCONT')
        await until(async () =>
          ['no error', 'APPLICATION_EXISTS'].includes(await codeOf(server.registerApplication({ name: 'late', defaultOutput: 0 }))),
        )
      },
      { state: redis.url },
    ),
  ))

test('a Redis that comes back empty takes nothing away: queries are answered, changes refused, until its data is back', () =>
  withRedis(
    (redis) =>
      withServer(
        async (server, client) => {
          await server.publish('push', pushPolicy(), { isolation: 'inline' })
          await redis.kill()
          await redis.startAgain()
          await until(async () => /has lost what it knew/.test((await readiness(server)).body.state ?? ''))
          assert.match(
            await messageOf(server.registerApplication({ name: 'a', defaultOutput: 0 })),
            /has lost what it knew; give it back its data/,
          )
          assert.is((await client.predict('push', UP)).output, 1)
          assert.equal(
            (await server.listModels()).map(({ name }) => name),
            ['push'],
          )
        },
        { state: redis.url },
      ),
    '--appendonly',
    'no',
  ))

test('a Redis that takes no more is told of: changes are refused in its words, and made again once it does', () =>
  withRedis((redis) =>
    withServer(
      async (server, client) => {
        await twoVersions(server)
        const { queryId } = await client.predict('balance', UP)
        await redis.ask('CONFIG SET maxmemory 1')
        const refused = await messageOf(server.registerApplication({ name: 'late', defaultOutput: 0 }))
        assert.match(refused, /^Redis at 127\.0\.0\.1:\d+ refuses: OOM .+; nothing has changed$/)
        assert.is(await statusOf(client.feedback('balance', { queryId, reward: 1 })), 503)
        assert.is((await client.predict('balance', UP)).default, false)
        await redis.ask('CONFIG SET maxmemory 0')
        assert.is(await codeOf(server.registerApplication({ name: 'late', defaultOutput: 0 })), 'no error')
        assert.equal(await client.feedback('balance', { queryId, reward: 1 }), { accepted: true })
      },
      { state: redis.url },
    ),
  ))

test('kill -9 of a server at any moment loses nothing that it acknowledged, and leaves the others as they are', () =>
  withRedis((redis) =>
    withServer(
      async (server, other) => {
        const { published, told } = await publishUntilKilled(redis.url, [400, 550, 700])
        assert.ok(published.length > 4 && told.length > 10, `${published.length} models, ${told.length} rewards`)
        const logged: number[] = []
        for await (const { queryId } of readFeedback(redis.url)) logged.push(queryId)
        assert.equal(
          told.filter((queryId) => !logged.includes(queryId)),
          [],
        )
        assert.is(new Set(logged).size, logged.length, 'nothing counts twice')
        for (const name of published) {
          await until(() => server.metrics().models.some((model) => model.name === name))
          assert.is((await other.predict(name, UP)).output, 1)
        }
        const gone = await other.feedback(published[0]!, { queryId: told[0]!, reward: 1 })
        assert.match(gone.reason!, /of a server that has ended since/)
      },
      { state: redis.url },
    ),
  ))

test.run()
