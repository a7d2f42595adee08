import { type Client, connect, readFeedback, type ServeOptions, type Server, serve } from 'gymnura/serve'
import * as assert from 'uvu/assert'
import { RedisState } from '../../../serve/state/redis/redis.js'
import { pullPolicy, pushPolicy } from '../policies.js'
import { codeOf, until } from '../tools.js'
import { type RedisServer, redisTest as test, withRedis } from './redis-server.js'

interface Frontend {
  readonly server: Server
  readonly client: Client
}

/** Two servers on one Redis. */
const withTwo = (use: (a: Frontend, b: Frontend, redis: RedisServer) => Promise<void>, options: ServeOptions = {}) =>
  withRedis(async (redis) => {
    const start = async (): Promise<Frontend> => {
      const server = await serve({ port: 0, logLevel: 'silent', state: redis.url, ...options })
      return { server, client: connect(server.url) }
    }
    const [a, b] = [await start(), await start()]
    try {
      await use(a, b, redis)
    } finally {
      for (const { server, client } of [a, b]) {
        client.close()
        await server.close()
      }
    }
  })

const UP = [0, 0, 0, 1]
const inline = { isolation: 'inline', application: false } as const
const outputOf = (client: Client, name: string) =>
  client.predict(name, UP).then(
    ({ output }) => output,
    () => undefined,
  )

/** "balance" over version 1, which pulls, and version 2, which pushes; known to both. */
async function twoVersions({ server }: Frontend, other: Frontend, selection: 'exp3' | 'exp4' | 'ucb1'): Promise<void> {
  await server.registerApplication({ name: 'balance', defaultOutput: -1, sloMs: 5000, selection })
  await server.publish('cart', pullPolicy(), inline)
  await server.publish('cart', pushPolicy(), inline)
  await server.link('balance', 'cart:1')
  await server.link('balance', 'cart:2')
  await until(() => other.server.metrics().models.length === 2)
}

test('what one server is told takes effect at the other: applications, versions, links, replicas, deletions', () =>
  withTwo(async (a, b) => {
    await a.server.registerApplication({ name: 'balance', defaultOutput: -1, sloMs: 5000 })
    await a.server.publish('cart', pullPolicy(), inline)
    await a.server.link('balance', 'cart')
    await until(async () => (await outputOf(b.client, 'balance')) === 0)
    await b.server.publish('cart', pushPolicy(), inline)
    assert.is(await outputOf(b.client, 'balance'), 1)
    await until(async () => (await outputOf(a.client, 'balance')) === 1)
    await a.client.admin.rollback('cart')
    await until(async () => (await outputOf(b.client, 'balance')) === 0)
    await b.client.admin.setReplicas('cart', 2, 1)
    await until(() => a.server.metrics().models.some(({ version, replicas }) => version === '1' && replicas.length === 2))
    await a.server.deleteVersion('cart', 2)
    await until(() => b.server.metrics().models.length === 1)
    await b.server.unlink('balance', 'cart')
    await until(async () => (await outputOf(a.client, 'balance')) === -1)
    await b.server.deleteApplication('balance')
    await until(async () => (await a.server.listApplications()).length === 0)
    assert.is(await outputOf(a.client, 'balance'), undefined)
  }))

test('a server that is started later, or again, serves what is there', () =>
  withRedis(async (redis) => {
    const options = { port: 0, logLevel: 'silent', state: redis.url } as const
    const first = await serve(options)
    await first.publish('push', pushPolicy(), { isolation: 'inline' })
    const { queryId } = await connectAnd(first, (client) => client.predict('push', UP))
    const second = await serve(options)
    await first.close()
    const answer = await connectAnd(second, (client) => client.predict('push', UP))
    assert.equal([answer.output, answer.default], [1, false])
    assert.not.equal(answer.queryId, queryId)
    assert.ok(Number.isSafeInteger(answer.queryId))
    await second.close()
  }))

async function connectAnd<T>(server: Server, use: (client: Client) => Promise<T>): Promise<T> {
  const client = connect(server.url)
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

test('changes that are made on both at once are all made, each on what the others have left', () =>
  withTwo(async (a, b) => {
    await a.server.registerApplication({ name: 'many', defaultOutput: -1 })
    const versions = await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? a : b).server.publish('cart', i < 4 ? pullPolicy() : pushPolicy(), inline)),
    )
    assert.equal(versions.map(({ version }) => Number(version)).sort(), [1, 2, 3, 4, 5, 6, 7, 8])
    await Promise.all(versions.map(({ version }, i) => (i % 2 === 0 ? b : a).server.link('many', `cart:${version}`)))
    // (The last one was made on the other server, which tells this one a little later.)
    for (const { server } of [a, b]) await until(async () => (await server.listApplications())[0]!.models.length === 8)
    const current = (await a.server.listModels()).filter((model) => model.current)
    assert.is(current.length, 1)
    const registered = await Promise.all(
      [a, b, a, b].map(({ server }) => codeOf(server.registerApplication({ name: 'one', defaultOutput: 0 }))),
    )
    assert.equal(registered.sort(), ['APPLICATION_EXISTS', 'APPLICATION_EXISTS', 'APPLICATION_EXISTS', 'no error'])
  }))

test('a model that both publish at their start is one version', () =>
  withTwo(async (a, b) => {
    const publish = ({ server }: Frontend) => server.publish('cart', pushPolicy(), { isolation: 'inline', ifChanged: true })
    assert.equal(
      (await Promise.all([publish(a), publish(b)])).map(({ version }) => version),
      ['1', '1'],
    )
    assert.is((await a.server.listModels()).length, 1)
  }))

test('what a user teaches one server the other knows, and what both are taught at once adds up', () =>
  withTwo(async (a, b, redis) => {
    await twoVersions(a, b, 'ucb1')
    let given = 0
    const teach = async ({ client }: Frontend, count: number) => {
      for (let i = 0; i < count; i++) {
        const { output, queryId } = await client.predict('balance', [0, 0, i, 1], { user: 'ann' })
        if ((await client.feedback('balance', { queryId, reward: output as number })).accepted) given++
      }
    }
    await teach(a, 60)
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => b.client.predict('balance', [1, 0, i, 1], { user: 'ann' })))
    assert.ok(answers.filter(({ output }) => output === 1).length >= 18)
    await Promise.all([teach(a, 100), teach(b, 100)])
    assert.is(given, 260)
    const state = await RedisState.open(redis.url)
    const { sums } = await state.standing('balance/ann')
    await state.close()
    const [pull, push] = [sums.get('cart:1')!, sums.get('cart:2')!]
    assert.is(pull[1]! + push[1]!, 260, 'every reward counts once')
    assert.is(push[0], push[1], 'version 2 was right every time')
    let logged = 0
    for await (const { application } of readFeedback(redis.url)) if (application === 'balance') logged++
    assert.is(logged, 260)
  }))

for (const selection of ['exp3', 'exp4'] as const) {
  test(`${selection}'s log-weights are added to by both at once, and neither sees an arm fall out of reach`, () =>
    withTwo(async (a, b, redis) => {
      await twoVersions(a, b, selection)
      await Promise.all(
        [a, b, a, b].map(async ({ client }, worker) => {
          for (let i = 0; i < 100; i++) {
            const { queryId } = await client.predict('balance', [0, worker, i, 1])
            await client.feedback('balance', { queryId, label: 1 })
          }
        }),
      )
      const state = await RedisState.open(redis.url)
      const { sums, lessons } = await state.standing('balance/')
      await state.close()
      const gap = (sums.get('cart:2')?.[0] ?? 0) - sums.get('cart:1')![0]!
      assert.ok(gap > 3 && gap <= 6 + 1e-9, `the wrong one is ${gap} behind`)
      // (Exp3 learns from what it asked, and nothing where that was right.)
      assert.ok(lessons! > 0 && lessons! <= 400)
      await until(async () => (await b.client.predict('balance', UP)).output === 1)
    }))
}

test('feedback is taken by any server, once over all of them, and joined to the answer that another gave', () =>
  withTwo(async (a, b, redis) => {
    await twoVersions(a, b, 'exp4')
    const { queryId } = await a.client.predict('balance', [7, 0, 0, 1], { user: 'ann' })
    const give = ({ client }: Frontend) => client.feedback('balance', { queryId, reward: 1 })
    const told = await Promise.all([b, a, b, a, b].map(give))
    assert.is(told.filter(({ accepted }) => accepted).length, 1)
    for (const { accepted, reason } of told) if (!accepted) assert.match(reason!, /was given before; it counts once/)
    assert.is((await give(b)).accepted, false)
    const entries = []
    for await (const entry of readFeedback(redis.url)) entries.push(entry)
    assert.equal(
      entries.map(({ input, user, arms }) => [input, user, arms]),
      [[[7, 0, 0, 1], 'ann', ['cart:1', 'cart:2']]],
    )
    assert.is(await codeOf(b.client.feedback('balance', { queryId, reward: 9 })), 'REQUEST_REFUSED')
    const stranger = await b.client.feedback('balance', { queryId: 1, reward: 1 })
    assert.match(stranger.reason!, /of a server that has ended since/)
  }))

test('a token that one server issues opens the other, until either revokes it', () =>
  withTwo(async (a, b) => {
    await a.server.publish('push', pushPolicy(), { isolation: 'inline' })
    await until(() => b.server.metrics().models.length === 1)
    const { token } = await a.server.issueToken()
    const { id, token: push } = await a.server.issueToken({ application: 'push' })
    const ask = async (with_: string | undefined) => {
      const client = connect(b.server.url, { token: with_ })
      const output = await outputOf(client, 'push')
      client.close()
      return output
    }
    await until(async () => (await ask(undefined)) === undefined)
    assert.equal([await ask(push), await ask(token)], [1, 1])
    await b.server.revokeToken(id)
    assert.is(await ask(push), undefined)
    await until(async () => (await a.server.listTokens()).length === 1)
  }))

test('with a shared cache what one server has predicted the other need not ask its container', () =>
  withTwo(
    async (a, b, redis) => {
      await a.server.publish('push', pushPolicy(), { isolation: 'inline' })
      await until(() => b.server.metrics().models.length === 1)
      const asked = ({ server }: Frontend) => Object.values(server.metrics().models[0]!.batchSizes).reduce((sum, count) => sum + count, 0)
      assert.is((await a.client.predict('push', [0, 0, 0.5, 1])).output, 1)
      // It is put there after the answer is given.
      await until(async () => !(await redis.ask('KEYS gymnura:prediction:*'))!.startsWith('*0'))
      assert.is((await b.client.predict('push', [0, 0, 0.5, 1])).output, 1)
      assert.is(asked(b), 0)
      assert.is((await b.client.predict('push', [0, 0, 0.5, -1])).output, 0, 'another input is another prediction')
      assert.is(asked(b), 1)
    },
    { sharedCache: true },
  ))

test('a version that is deleted and published anew as something else does not find what was predicted before', () =>
  withTwo(
    async ({ server, client }, _b, redis) => {
      await server.registerApplication({ name: 'any', defaultOutput: -1, sloMs: 60_000 })
      const answers = (inputs: unknown[]) => inputs.map(() => Number(process.env.ANSWER))
      for (const ANSWER of ['1', '2']) {
        await server.publish('any', answers, { version: 1, inputSize: 1, limits: { env: { ANSWER } }, application: false })
        await server.link('any', 'any')
        assert.is((await client.predict('any', [7])).output, Number(ANSWER))
        await until(async () => !(await redis.ask('KEYS gymnura:prediction:*'))!.startsWith('*0'))
        await server.unlink('any', 'any')
        await server.deleteVersion('any', 1)
      }
    },
    { sharedCache: true, cacheBytes: 0, allow: ['function'] },
  ))

test.run()
