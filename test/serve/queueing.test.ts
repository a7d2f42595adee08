import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { containerPid, post, until, withServer } from './tools.js'

const batchesOf = (server: { metrics(): { models: readonly { batchSizes: Readonly<Record<number, number>> }[] } }) =>
  Object.entries(server.metrics().models[0]!.batchSizes).map(([size, count]) => [Number(size), count])

test('a batch that is not full waits for more as long as it is told to, and goes at once when it is full', () =>
  withServer(async (server, client) => {
    const batching = { policy: 'fixed', size: 4, waitMs: 300 } as const
    await server.publish('push', pushPolicy(), { isolation: 'inline', batching, application: false })
    await server.registerApplication({ name: 'app', defaultOutput: -1, sloMs: 60_000 })
    await server.link('app', 'push')
    const asked = (x: number) => client.predict('app', [0, 0, x, 1])
    const started = performance.now()
    const first = asked(1)
    await until(() => server.metrics().models[0]!.queued === 1)
    await Promise.all([first, asked(2)])
    assert.ok(performance.now() - started >= 290, `${performance.now() - started} ms`)
    assert.equal(batchesOf(server), [[2, 1]])
    await Promise.all([asked(3), asked(4), asked(5), asked(6)])
    assert.equal(batchesOf(server), [
      [2, 1],
      [4, 1],
    ])
  }))

test('what finds the queue full gets the default at once, with the reason, and is counted', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), { batching: { maxQueued: 3 }, application: false })
    await server.registerApplication({ name: 'app', defaultOutput: -1, sloMs: 60_000 })
    await server.link('app', 'push')
    const pid = containerPid(server)
    process.kill(pid, 'SIGSTOP')
    const first = client.predict('app', [0, 0, 0, 1])
    await until(() => batchesOf(server).length === 1)
    const rest = client.predictBatch(
      'app',
      Array.from({ length: 5 }, (_, i) => [0, 0, i + 1, 1]),
    )
    await until(() => server.metrics().models[0]!.queued === 3)
    const other = await client.predict('app', [0, 1, 0, 1])
    assert.is(other.defaultExplanation, "The model's queue is full")
    assert.is(server.metrics().models[0]!.refused, 3)
    process.kill(pid, 'SIGCONT')
    assert.is((await first).output, 1)
    assert.equal(
      (await rest).map(({ output }) => output),
      [1, 1, 1, -1, -1],
    )
  }))

test('an application that asks its first model alone sheds by that one, however idle the others are that are linked to it', () =>
  withServer(async (server, client) => {
    await server.publish('busy', pushPolicy(), { batching: { maxQueued: 1 }, application: false })
    await server.publish('idle', pushPolicy(), { isolation: 'inline', application: false })
    await server.registerApplication({ name: 'app', defaultOutput: -1, sloMs: 60_000, overload: 'shed' })
    for (const model of ['busy', 'idle']) await server.link('app', model)
    const pid = containerPid(server)
    process.kill(pid, 'SIGSTOP')
    const first = client.predict('app', [0, 0, 1, 1])
    await until(() => batchesOf(server).length === 1)
    const second = client.predict('app', [0, 0, 2, 1])
    await until(() => server.metrics().models[0]!.queued === 1)
    const { status } = await post(`${server.url}/app/predict`, '{"input":[0,0,3,1]}')
    process.kill(pid, 'SIGCONT')
    assert.is(status, 503)
    for (const { output } of await Promise.all([first, second])) assert.is(output, 1)
  }))

test('an application that sheds refuses at once what cannot be answered in time, with 503 and when to come again', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { batching: { maxQueued: 2 }, application: false })
    await server.registerApplication({ name: 'app', defaultOutput: -1, sloMs: 60_000, overload: 'shed' })
    await server.link('app', 'push')
    const body = (x: number) => JSON.stringify({ input: [0, 0, x, 1] })
    const pid = containerPid(server)
    process.kill(pid, 'SIGSTOP')
    const held = [post(`${server.url}/app/predict`, body(0))]
    await until(() => batchesOf(server).length === 1)
    held.push(post(`${server.url}/app/predict`, body(1)), post(`${server.url}/app/predict`, body(2)))
    await until(() => server.metrics().models[0]!.queued === 2)
    const response = await fetch(`${server.url}/app/predict`, { method: 'POST', body: body(3) })
    assert.is(response.status, 503)
    assert.is(response.headers.get('retry-after'), '1')
    assert.match((await response.json()).cause, '"app" has more queries than it can answer within 60000 ms: the queue is full')
    process.kill(pid, 'SIGCONT')
    for (const { text } of await Promise.all(held)) assert.is(JSON.parse(text).output, 1)
  }))

test('a stream of answers that is shed is refused before it begins, and what is one too many in its midst is told there: it always ends', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { batching: { maxQueued: 2 }, application: false })
    await server.registerApplication({ name: 'app', defaultOutput: -1, sloMs: 60_000, overload: 'shed' })
    await server.link('app', 'push')
    const stream = (...xs: number[]) => post(`${server.url}/app/stream`, JSON.stringify({ input_batch: xs.map((x) => [0, 0, x, 1]) }))
    const pid = containerPid(server)
    process.kill(pid, 'SIGSTOP')
    const held = post(`${server.url}/app/predict`, '{"input":[0,0,0,1]}')
    await until(() => batchesOf(server).length === 1)
    const midst = stream(1, 2, 3, 4)
    await until(() => server.metrics().models[0]!.queued === 2)
    const refused = await stream(5, 6)
    assert.equal([refused.status, JSON.parse(refused.text).code], [503, 'OVERLOADED'])
    process.kill(pid, 'SIGCONT')
    await held
    const { status, text } = await midst
    assert.is(status, 200)
    const told = [...text.matchAll(/^event: (\w+)\n(?:id: .+\n)?data: (.+)$/gm)].map(([, event, data]) => [event, JSON.parse(data!)])
    const indices = (event: string) => told.filter(([name]) => name === event).map(([, { index }]) => index)
    assert.equal(
      [indices('prediction').sort(), indices('error')],
      [
        [0, 1],
        [2, 3],
      ],
    )
    assert.match(told.find(([name]) => name === 'error')![1].cause, 'the queue is full')
    assert.equal(told.at(-1), ['end', { answers: 4 }])
  }))

test('shedding goes by how long the queue would take, and ends with it', () =>
  withServer(
    async (server) => {
      const slow = async (inputs: Float32Array[]) => {
        await new Promise((resolve) => setTimeout(resolve, Math.max(40, -inputs[0]![0]!)))
        return inputs.map(() => 1)
      }
      await server.publish('slow', slow, { isolation: 'inline', batching: 'none', application: false })
      await server.registerApplication({ name: 'app', defaultOutput: -1, sloMs: 200, overload: 'shed' })
      await server.link('app', 'slow')
      const ask = (x: number) => fetch(`${server.url}/app/predict`, { method: 'POST', body: JSON.stringify({ input: [x] }) })
      for (let x = 0; x < 3; x++) assert.is((await ask(x)).status, 200)
      const burst = await Promise.all(Array.from({ length: 40 }, (_, x) => ask(100 + x)))
      const shed = burst.filter(({ status }) => status === 503).length
      assert.ok(shed >= 25 && shed < 40, `${shed} of 40 shed`)
      await until(() => server.metrics().models[0]!.queued === 0)
      assert.is((await ask(1000)).status, 200)
      // However slow the last batches were, an idle model is asked again.
      assert.is((await ask(-3000)).status, 200)
      await until(async () => JSON.parse(await (await ask(2000)).text()).output === 1)
    },
    { allow: ['function'] },
  ))

test("how a model's batches are sized is seen through the admin API", () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline', batching: 'quantile' })
    const body = JSON.stringify({ model_name: 'push', model_version: '1', replica_id: 0 })
    const { batching, max_batch } = JSON.parse((await post(`${server.url}/admin/get_container`, body)).text)
    assert.equal(batching, { policy: 'quantile', usual_ms: 0, grown: 0, cut: 0, peak: null, trough: null })
    assert.is(max_batch, 1)
  }))

test.run()
