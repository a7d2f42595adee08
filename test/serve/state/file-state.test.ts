import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readFeedback, serve } from 'gymnura/serve'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pullPolicy, pushPolicy } from '../policies.js'
import { codeOf, messageOf, withServer } from '../tools.js'
import { publishUntilKilled } from './killed-server.js'

const test = suite<{ folder: string; state: `file:${string}` }>('file state')
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'gymnura-state-'))
  context.state = `file:${context.folder}`
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }))

const UP = [0, 0, 0, 1]

async function entries(folder: string) {
  const all = []
  for await (const entry of readFeedback(folder)) all.push(entry)
  return all
}

test('a server that is started again on its folder serves what it served', async ({ state }) => {
  await withServer(
    async (server) => {
      await server.registerApplication({ name: 'balance', defaultOutput: -1, sloMs: 2000, selection: { policy: 'exp3', exploration: 0.2 } })
      await server.publish('cart', pullPolicy(), { isolation: 'inline', application: false })
      await server.publish('cart', pushPolicy(), { replicas: 2, application: false })
      await server.publish('lone', pushPolicy(), { isolation: 'inline' })
      await server.link('balance', 'cart:1')
      await server.link('balance', 'cart')
      await server.rollback('cart')
    },
    { state },
  )
  await withServer(
    async (server, client) => {
      assert.equal((await server.listApplications()).map(({ name, models }) => [name, models]).sort(), [
        ['balance', ['cart:1', 'cart']],
        ['lone', ['lone']],
      ])
      assert.is((await client.predict('lone', UP)).output, 1)
      assert.is((await client.predict('balance', UP)).output, 0, 'the rollback is remembered')
      assert.is((await client.predict('balance', UP, { version: 2 })).output, 1)
      const cart2 = server.metrics().models.find(({ name, version }) => name === 'cart' && version === '2')
      assert.is(cart2?.replicas.length, 2)
      assert.is((await server.publish('cart', pushPolicy(), { isolation: 'inline', application: false })).version, '3')
    },
    { state },
  )
})

test('any two names that models and versions may have are kept apart, the longest too', async ({ state }) => {
  const longest = ['m'.repeat(128), 'v'.repeat(128)] as const
  const names = [['m', '1.part'], ['m', '1'], ['m', '2'], ['m.part', '2'], longest] as const
  await withServer(
    async (server) => {
      for (const [i, [name, version]] of names.entries())
        await server.publish(name, i % 2 === 0 ? pushPolicy() : pullPolicy(), { version, isolation: 'inline' })
    },
    { state },
  )
  await withServer(
    async (_server, client) => {
      for (const [i, [name, version]] of names.entries())
        assert.is((await client.predict(name, UP, { version })).output, i % 2 === 0 ? 1 : 0, `${name}:${version}`)
    },
    { state },
  )
})

test('a model that is published at every start is a new version only where its content has changed', async ({ folder, state }) => {
  const file = join(folder, 'policy.safetensors')
  const start = (content: Uint8Array, isolation: 'inline' | 'thread' = 'inline') =>
    withServer(
      async (server) => {
        writeFileSync(file, content)
        const { version } = await server.publish('cart', file, { isolation, ifChanged: true })
        published.push(version)
        if (published.length === 2) {
          await server.registerApplication({ name: 'pinned', defaultOutput: -1, selection: 'ucb1' })
          await server.link('pinned', 'cart:1')
        }
        if (published.length === 3) await server.rollback('cart')
        current.push((await server.listModels()).find((model) => model.current)!.version)
      },
      { state },
    )
  const published: string[] = []
  const current: string[] = []
  await start(pullPolicy())
  await start(pullPolicy())
  await start(pushPolicy())
  await start(pushPolicy())
  await start(pullPolicy())
  await start(pullPolicy(), 'thread')
  assert.equal(published, ['1', '1', '2', '2', '3', '4'])
  assert.equal(current, ['1', '1', '1', '1', '3', '4'], 'the rollback to version 1 outlives the start with the same content')
  await withServer(
    async (server) => {
      const links = (await server.listApplications()).map(({ name, models }) => [name, models]).sort()
      assert.equal(links, [
        ['cart', ['cart']],
        ['pinned', ['cart:1']],
      ])
    },
    { state },
  )
})

test('what was deleted is gone after a restart too', async ({ folder, state }) => {
  await withServer(
    async (server) => {
      await server.publish('a', pushPolicy(), { isolation: 'inline' })
      await server.publish('b', pushPolicy(), { isolation: 'inline' })
      await server.deleteApplication('a')
      await server.deleteVersion('a', 1)
    },
    { state },
  )
  assert.equal(readdirSync(join(folder, 'models')), ['b@1'])
  await withServer(
    async (server) =>
      assert.equal(
        (await server.listModels()).map(({ name }) => name),
        ['b'],
      ),
    { state },
  )
})

test('what a bandit learned, and the ids of queries, go on after a restart', async ({ state }) => {
  let last = 0
  await withServer(
    async (server, client) => {
      await server.registerApplication({ name: 'balance', defaultOutput: -1, sloMs: 2000, selection: 'ucb1' })
      await server.publish('cart', pullPolicy(), { isolation: 'inline', application: false })
      await server.publish('cart', pushPolicy(), { isolation: 'inline', application: false })
      await server.link('balance', 'cart:1')
      await server.link('balance', 'cart:2')
      for (let i = 0; i < 60; i++) {
        const { output, queryId } = await client.predict('balance', [0, 0, i, 1], { user: 'ann' })
        await client.feedback('balance', { queryId, reward: output as number })
        last = queryId
      }
    },
    { state },
  )
  await withServer(
    async (_server, client) => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => client.predict('balance', [0, 1, i, 1], { user: 'ann' })))
      assert.ok(answers.filter(({ output }) => output === 1).length >= 18)
      assert.ok(answers.every(({ queryId }) => queryId > last))
      const stranger = await Promise.all([0, 1].map((i) => client.predict('balance', [0, 2, i, 1], { user: 'bob' })))
      assert.ok(
        stranger.some(({ output }) => output === 0),
        'another user begins anew',
      )
    },
    { state },
  )
})

test('feedback lies in the log, in order, with what it was about', async ({ folder, state }) => {
  await withServer(
    async (server, client) => {
      await server.publish('push', pushPolicy(), { isolation: 'inline' })
      for (let i = 0; i < 5; i++) {
        const { queryId } = await client.predict('push', [0, 0, i, 1], { user: `u${i}` })
        assert.equal(await client.feedback('push', { queryId, reward: i / 10 }), { accepted: true })
      }
      const [late] = await entries(folder)
      assert.equal(
        [late!.application, late!.input, late!.output, late!.reward, late!.arms, late!.default],
        ['push', [0, 0, 0, 1], 1, 0, ['push'], false],
      )
    },
    { state },
  )
  assert.equal(
    (await entries(folder)).map(({ reward }) => reward),
    [0, 0.1, 0.2, 0.3, 0.4],
  )
})

test('half a line that a crash left in the log is cut off, and what follows is whole', async ({ folder, state }) => {
  const give = () =>
    withServer(
      async (server, client) => {
        if ((await server.listModels()).length === 0) await server.publish('push', pushPolicy(), { isolation: 'inline' })
        const { queryId } = await client.predict('push', UP)
        await client.feedback('push', { queryId, reward: 1 })
      },
      { state },
    )
  await give()
  const log = join(folder, 'feedback', 'feedback-000001.jsonl')
  appendFileSync(log, '{"time":"2026-01-01T00')
  assert.is((await entries(folder)).length, 1)
  await give()
  assert.is((await entries(folder)).length, 2)
  // One of an input of megabytes.
  appendFileSync(log, `{"time":"2026-01-01T00:00:00Z","input":"${'x'.repeat(3 * 2 ** 20)}`)
  await give()
  assert.is((await entries(folder)).length, 3)
})

test('a second server on the same folder is refused with the process that has it', async ({ folder, state }) => {
  await withServer(
    async () => {
      assert.is(await codeOf(serve({ port: 0, state })), 'STATE_IN_USE')
      assert.ok((await messageOf(serve({ port: 0, state }))).startsWith(`process ${process.pid} serves from`))
    },
    { state },
  )
  assert.not(existsSync(join(folder, 'server.pid')))
  writeFileSync(join(folder, 'server.pid'), '999999999 1\n')
  await withServer(async () => {}, { state })
})

test('a lock that names nobody, as a full disk or a power failure leaves it, locks nobody out', async ({ folder, state }) => {
  for (const left of ['', 'nobody', '-1', '0']) {
    writeFileSync(join(folder, 'server.pid'), left)
    await withServer(async () => {}, { state })
  }
})

test('a state that is none, or a folder that cannot be made, is refused', async ({ folder }) => {
  assert.match(await messageOf(serve({ port: 0, state: 'fil:x' as 'memory' })), /state is "fil:x"; expected "memory", "file:FOLDER"/)
  writeFileSync(join(folder, 'taken'), '')
  assert.is(await codeOf(serve({ port: 0, state: `file:${join(folder, 'taken')}` })), 'STATE_FOLDER')
})

test('a model whose file is gone does not keep the others from being served', async ({ folder, state }) => {
  await withServer(
    async (server) => {
      await server.publish('a', pushPolicy(), { isolation: 'inline' })
      await server.publish('b', pushPolicy(), { isolation: 'inline' })
    },
    { state },
  )
  rmSync(join(folder, 'models', 'a@1'))
  await withServer(
    async (server, client) => {
      assert.is((await client.predict('b', UP)).output, 1)
      assert.is((await client.predict('a', UP)).defaultExplanation, 'No connected models found for query')
      await server.publish('a', pushPolicy(), { version: 2, isolation: 'inline' })
      assert.is((await client.predict('a', UP)).output, 1, 'its link finds the next version')
    },
    { state },
  )
})

test('kill -9 at any moment loses nothing that was acknowledged', async ({ folder, state }) => {
  const { published, told } = await publishUntilKilled(state, [300, 450, 600, 750])
  assert.ok(published.length > 4 && told.length > 10, `${published.length} models, ${told.length} rewards`)
  const logged = new Set((await entries(folder)).map(({ queryId }) => queryId))
  assert.equal(
    told.filter((queryId) => !logged.has(queryId)),
    [],
  )
  assert.is(new Set(told).size, told.length, 'no query id was given twice')
  await withServer(
    async (server, client) => {
      const models = new Set((await server.listModels()).map(({ name }) => name))
      assert.equal(
        published.filter((name) => !models.has(name)),
        [],
      )
      for (const name of published) assert.is((await client.predict(name, UP)).output, 1)
    },
    { state },
  )
})

test.run()
