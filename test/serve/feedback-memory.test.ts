import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Exchange } from '../../serve/query/exchange.js'
import { Bandit } from '../../serve/selection/bandit.js'
import { selectionPolicy } from '../../serve/selection/policies.js'
import { MemoryState } from '../../serve/state/memory.js'
import { isForgotten } from './garbage.js'
import { withServer } from './tools.js'

test('an answer that is kept for its feedback does not keep the request that it was given to', async () => {
  const bandit = new Bandit('a', selectionPolicy('exp3'), new MemoryState())
  const application = { bandit, confidenceThreshold: 0, defaultJson: '0' }
  const told: number[] = []
  function answerSomebody(): [Exchange, WeakRef<object>] {
    const request = { body: new Array(1000).fill(0), answer: (id: number) => told.push(id) }
    const exchange = new Exchange(application, 1, 1, undefined, 7, 0, 1000, ({ firstQueryId }) => request.answer(firstQueryId))
    exchange.settle('nobody knew')
    return [exchange, new WeakRef(request)]
  }
  const [exchange, request] = answerSomebody()
  assert.ok(await isForgotten(() => request))
  assert.equal([exchange.outputJson(0), told], ['0', [7]])
})

test('answers wait for feedback within a bound of bytes: those of large inputs are forgotten sooner, the oldest first', () =>
  withServer(
    async (server, client) => {
      const width = 100_000
      const zeros = (inputs: Float32Array[]) => inputs.map(() => 0)
      await server.publish('wide', zeros, { isolation: 'inline', application: false, inputSize: width })
      await server.registerApplication({ name: 'wide', defaultOutput: 0, sloMs: 60_000, selection: 'exp3' })
      await server.link('wide', 'wide')
      const ids: number[] = []
      for (let i = 0; i < 100; i++) ids.push((await client.predict('wide', new Array<number>(width).fill(i))).queryId)
      const accepted = await Promise.all(ids.map(async (queryId) => (await client.feedback('wide', { queryId, reward: 1 })).accepted))
      const kept = accepted.filter(Boolean).length
      // 32 MiB of 400 KB each.
      assert.ok(kept > 70 && kept < 90, `${kept} are kept`)
      assert.equal(accepted, [...new Array(100 - kept).fill(false), ...new Array(kept).fill(true)])
    },
    { allow: ['function'] },
  ))

test.run()
