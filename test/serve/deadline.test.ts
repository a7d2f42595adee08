import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { containerPid, post, until, withServer } from './tools.js'

const LATE = 'Failed to retrieve a prediction response within the specified latency SLO'

test('a query that the model is late for gets the default and the reason; the late answer is cached', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'hasty', defaultOutput: -1, sloMs: 50 })
    await server.publish('push', pushPolicy(), { application: false })
    await server.link('hasty', 'push')
    const pid = containerPid(server)
    process.kill(pid, 'SIGSTOP')
    const late = await client.predict('hasty', [0, 0, 0, 1])
    assert.equal(
      { ...late, queryId: 0 },
      { output: -1, queryId: 0, default: true, defaultExplanation: LATE, confidence: 0, confident: false },
    )
    process.kill(pid, 'SIGCONT')
    await until(() => server.metrics().cache.entries === 1)
    process.kill(pid, 'SIGSTOP')
    const known = await client.predict('hasty', [0, 0, 0, 1])
    process.kill(pid, 'SIGCONT')
    assert.is(known.output, 1)
    assert.is(known.default, false)
    assert.equal(server.metrics().applications.hasty?.defaults, { noModels: 0, late: 1, failed: 0, unsure: 0 })
  }))

test('an application without models answers what it was registered for with its default, and refuses what is something else', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'words', defaultOutput: 'none', inputType: 'strings' })
    const { output, defaultExplanation } = await client.predict('words', 'hello')
    assert.equal([output, defaultExplanation], ['none', 'No connected models found for query'])
    const refused = await post(`${server.url}/words/predict`, '{"input":[1]}')
    assert.equal([refused.status, JSON.parse(refused.text).cause], [400, 'input: expected a string, got an array of 1'])
  }))

test('a batch is answered with the predictions that are there and defaults for the rest', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'hasty', defaultOutput: -1, sloMs: 200 })
    await server.publish('push', pushPolicy(), { application: false })
    await server.link('hasty', 'push')
    await until(async () => !(await client.predict('hasty', [0, 0, 0, 1])).default)
    const pid = containerPid(server)
    process.kill(pid, 'SIGSTOP')
    const [known, unknown] = await client.predictBatch('hasty', [
      [0, 0, 0, 1],
      [0, 0, 0, 2],
    ])
    process.kill(pid, 'SIGCONT')
    assert.is(known?.output, 1)
    assert.is(known?.default, false)
    assert.is(unknown?.output, -1)
    assert.is(unknown?.defaultExplanation, LATE)
  }))

test('queries of applications with different patience are each answered by their own deadline', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), { application: false })
    for (const [name, sloMs] of [
      ['hasty', 30],
      ['patient', 60_000],
    ] as const) {
      await server.registerApplication({ name, defaultOutput: -1, sloMs })
      await server.link(name, 'push')
    }
    const pid = containerPid(server)
    process.kill(pid, 'SIGSTOP')
    const patient = client.predict('patient', [0, 0, 0, 3])
    await until(() => server.metrics().cache.misses === 1)
    const hasty = await client.predict('hasty', [0, 0, 0, 3])
    assert.is(hasty.output, -1)
    process.kill(pid, 'SIGCONT')
    assert.is((await patient).output, 1)
  }))

test('while no container answers, the queue holds no more than what can still be answered', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'hasty', defaultOutput: -1, sloMs: 20 })
    await server.publish('push', pushPolicy(), { application: false })
    await server.link('hasty', 'push')
    const pid = containerPid(server)
    process.kill(pid, 'SIGSTOP')
    for (let i = 0; i < 20; i++)
      await client.predictBatch('hasty', [
        [0, 0, i, 1],
        [0, 1, i, 1],
      ])
    assert.ok(server.metrics().models[0]!.queued <= 4, String(server.metrics().models[0]!.queued))
    process.kill(pid, 'SIGCONT')
  }))

test.run()
