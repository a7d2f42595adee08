import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Elements } from '../../serve/containers/element-types.js'
import { predictionAt } from '../../serve/query/prediction.js'
import { pullPolicy, pushAction, pushPolicy } from './policies.js'
import { codeOf, messageOf, post, withServer } from './tools.js'

const OBSERVATIONS = [
  [0, 0, 0, 1],
  [0.5, -1, 2, -0.25],
  [1, 2, 3, 4],
]

for (const isolation of ['process', 'inline'] as const) {
  test(`a published policy answers single queries and batches, ${isolation}`, () =>
    withServer(async (server, client) => {
      await server.publish('push', pushPolicy(), { isolation })
      for (const observation of OBSERVATIONS) {
        const { output, default: isDefault } = await client.predict('push', observation)
        assert.is(output, pushAction(observation))
        assert.is(isDefault, false)
      }
      const fresh = OBSERVATIONS.map((observation) => observation.map((x) => x + 0.125))
      const answers = await client.predictBatch('push', fresh)
      assert.equal(
        answers.map(({ output }) => output),
        fresh.map(pushAction),
      )
    }))
}

test("the answer has Clipper's fields and nothing else", () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy())
    const single = await post(`${server.url}/push/predict`, '{"input":[0,0,0,1]}')
    assert.is(single.status, 200)
    assert.is(single.text, '{"query_id":1,"output":1,"default":false}')
    const batch = await post(`${server.url}/push/predict`, '{"input_batch":[[0,0,0,1],[0,0,0,-1]]}')
    assert.is(batch.text, '{"batch_predictions":[{"query_id":2,"output":1,"default":false},{"query_id":3,"output":0,"default":false}]}')
  }))

test('a batch of one is answered as a batch, an empty one with an empty list', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    const one = await post(`${server.url}/push/predict`, '{"input_batch":[[0,0,0,1]]}')
    assert.is(one.text, '{"batch_predictions":[{"query_id":1,"output":1,"default":false}]}')
    assert.is((await post(`${server.url}/push/predict`, '{"input_batch":[]}')).text, '{"batch_predictions":[]}')
  }))

test('query ids never repeat, across leases', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    const seen = new Set<number>()
    for (let round = 0; round < 10; round++) {
      const batch = Array.from({ length: 1000 }, (_, i) => [0, 0, round, i])
      for (const { queryId } of await client.predictBatch('push', batch)) seen.add(queryId)
    }
    assert.is(seen.size, 10_000)
  }))

test('the newest version answers, and an older one when it is asked for', () =>
  withServer(async (server, client) => {
    await server.publish('act', pushPolicy(), { isolation: 'inline' })
    const second = await server.publish('act', pullPolicy(), { isolation: 'inline' })
    assert.is(second.version, '2')
    assert.is((await client.predict('act', [0, 0, 0, 1])).output, 0)
    assert.is((await client.predict('act', [0, 0, 0, 1], { version: 1 })).output, 1)
    assert.equal(
      (await server.listModels()).map(({ version, current }) => [version, current]),
      [
        ['1', false],
        ['2', true],
      ],
    )
    const refused = await post(`${server.url}/act/predict`, '{"input":[0,0,0,1],"version":"9"}')
    assert.is(refused.status, 400)
    assert.is(refused.text, '{"error":"Query processing error","cause":"Requested version: 9 does not exist for model: act"}')
  }))

test('an unknown application is 404 and the name it may have meant is told', () =>
  withServer(async (server, client) => {
    await server.publish('cartpole', pushPolicy(), { isolation: 'inline' })
    const { status, text } = await post(`${server.url}/cartpol/predict`, '{"input":[0,0,0,1]}')
    assert.is(status, 404)
    assert.match(text, 'did you mean \\"cartpole\\"?')
    assert.match(await messageOf(client.predict('cartpol', [0, 0, 0, 1])), 'did you mean "cartpole"? (HTTP 404)')
  }))

test("an application without a model answers its default with Clipper's reason", () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'empty', defaultOutput: [0, 0] })
    const { output, default: isDefault, defaultExplanation } = await client.predict('empty', [1, 2, 3])
    assert.equal(output, [0, 0])
    assert.is(isDefault, true)
    assert.is(defaultExplanation, 'No connected models found for query')
  }))

test('several applications may share a model', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline', application: false })
    assert.is(await codeOf(client.predict('push', [0, 0, 0, 1])), 'REQUEST_REFUSED')
    for (const name of ['left', 'right']) {
      await server.registerApplication({ name, defaultOutput: 0, sloMs: 1000 })
      await server.link(name, 'push')
      assert.is((await client.predict(name, [0, 0, 0, 1])).output, 1)
    }
  }))

test('an action of a Discrete space is a number, of a Box an array, and one that is not finite is none', () => {
  const said = (elements: Elements, item: number, items: number, shape: number[]) => {
    const type = elements instanceof Int32Array ? 'integers' : 'floats'
    const prediction = predictionAt({ type, elements }, item, items, { name: 'action', type, shape })
    return typeof prediction === 'string' ? prediction : prediction.json
  }
  assert.is(said(Int32Array.of(3, 1), 1, 2, []), '1')
  assert.is(said(Int32Array.of(-7), 0, 1, []), '-7')
  assert.is(said(Float32Array.of(0, 0, 0.5, -2), 1, 2, [2]), '[0.5,-2]')
  assert.is(said(Float32Array.of(0.5), 0, 1, [1]), '[0.5]')
  const none = 'The model answered a number that is not finite'
  assert.is(said(Float32Array.of(1, Number.NaN), 0, 1, [2]), none)
  assert.is(said(Float32Array.of(Number.POSITIVE_INFINITY), 0, 1, []), none)
})

test.run()
