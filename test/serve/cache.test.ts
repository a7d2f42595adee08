import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Evaluation } from '../../serve/batching/evaluation.js'
import { PredictionCache } from '../../serve/query/cache.js'
import { InFlight } from '../../serve/query/in-flight.js'
import { allocateInputs, type FloatInputs } from '../../serve/query/inputs.js'
import { Prediction } from '../../serve/query/prediction.js'
import { pushPolicy } from './policies.js'
import { containerPid, until, withServer } from './tools.js'

function inputsOf(...rows: number[][]): FloatInputs {
  const inputs = allocateInputs(rows.length, rows[0]!.length)
  rows.forEach((row, at) => {
    inputs.slab.floats.set(row, inputs.start + at * inputs.width)
  })
  return inputs
}

/** A model that only collects what it is asked. */
function collector(cachePrefix = 'm:') {
  const asked: Evaluation[] = []
  return { cachePrefix, asked, enqueue: (evaluation: Evaluation) => asked.push(evaluation) }
}

function asker() {
  const heard: (Prediction | string)[] = []
  const told = {
    predicted: (_: number, prediction: Prediction) => heard.push(prediction),
    failed: (_: number, why: string) => heard.push(why),
  }
  return { deadline: 1000, heard, ...told }
}

test('an input asked again is answered from the cache', () => {
  const cache = new PredictionCache(1e6)
  const model = collector()
  const [first, second] = [asker(), asker()]
  cache.ask(model, inputsOf([1, 2]), 0, first, 0, 0)
  cache.predicted(model.asked[0]!, new Prediction(7))
  cache.ask(model, inputsOf([1, 2]), 0, second, 0, 0)
  assert.is(model.asked.length, 1)
  assert.is(second.heard[0], first.heard[0])
  assert.is(cache.hits, 1)
})

test('equal inputs in flight share one evaluation, and each asker is told once', () => {
  const cache = new PredictionCache(0)
  const model = collector()
  const askers = Array.from({ length: 5 }, asker)
  for (const one of askers) cache.ask(model, inputsOf([1, 2]), 0, one, 0, 0)
  assert.is(model.asked.length, 1)
  assert.is(cache.joins, 4)
  cache.predicted(model.asked[0]!, new Prediction(7))
  for (const { heard } of askers) assert.equal(heard, [new Prediction(7)])
})

test('an evaluation lives as long as the most patient of those who share it', () => {
  const cache = new PredictionCache(0)
  const model = collector()
  cache.ask(model, inputsOf([1]), 0, asker(), 0, 0)
  cache.ask(model, inputsOf([1]), 0, { ...asker(), deadline: 5000 }, 0, 0)
  assert.is(model.asked[0]!.deadline, 1000)
  assert.is(model.asked[0]!.expiresAt, 5000)
})

test('when the first asker is past its deadline, an equal query is evaluated anew, and a late answer still counts', () => {
  const cache = new PredictionCache(1e6)
  const model = collector()
  const later = { ...asker(), deadline: 3000 }
  cache.ask(model, inputsOf([1]), 0, asker(), 0, 0)
  cache.ask(model, inputsOf([1]), 0, asker(), 0, 999)
  assert.is(model.asked.length, 1)
  cache.ask(model, inputsOf([1]), 0, later, 0, 1000)
  assert.is(model.asked.length, 2)
  cache.ask(model, inputsOf([1]), 0, { ...asker(), deadline: 3000 }, 0, 2000)
  assert.equal([model.asked.length, cache.joins], [2, 2])
  cache.predicted(model.asked[0]!, new Prediction(7))
  assert.is(later.heard.length, 0)
  cache.ask(model, inputsOf([1]), 0, asker(), 0, 2500)
  assert.is(cache.hits, 1)
  cache.predicted(model.asked[1]!, new Prediction(7))
  assert.is(later.heard.length, 1)
})

test('an input that a silent replica holds is answered by another one once its first asker has given up', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), { replicas: 2, application: false })
    for (const [name, sloMs] of [
      ['hasty', 20],
      ['patient', 60_000],
    ] as const) {
      await server.registerApplication({ name, defaultOutput: -1, sloMs })
      await server.link(name, 'push')
    }
    process.kill(containerPid(server), 'SIGSTOP')
    assert.is((await client.predict('hasty', [0, 0, 0, 1])).output, -1)
    assert.is((await client.predict('patient', [0, 0, 0, 1])).output, 1)
    assert.is(server.metrics().models[0]?.replicas[0]?.restarts, 0)
  }))

test('a failure is told to all who share it and is not kept', () => {
  const cache = new PredictionCache(1e6)
  const model = collector()
  const [first, second, later] = [asker(), asker(), asker()]
  for (const one of [first, second]) cache.ask(model, inputsOf([1]), 0, one, 0, 0)
  cache.dropped(model.asked[0]!, 'broken')
  assert.equal([first.heard, second.heard], [['broken'], ['broken']])
  cache.ask(model, inputsOf([1]), 0, later, 0, 0)
  assert.is(model.asked.length, 2)
})

test('two inputs share an entry exactly when the model cannot tell them apart', () => {
  const floats = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(floats, floats, (a, b) => {
      const cache = new PredictionCache(1e6)
      const model = collector()
      const [first, second] = [asker(), asker()]
      cache.ask(model, inputsOf(a), 0, first, 0, 0)
      cache.predicted(model.asked[0]!, new Prediction(1))
      cache.ask(model, inputsOf(b), 0, second, 0, 0)
      const equal = a.every((value, i) => Object.is(value, b[i]))
      assert.is(second.heard.length === 1, equal)
    }),
    {
      examples: [
        [
          [0, 1, 2],
          [-0, 1, 2],
        ],
        [
          [1, 2, 3],
          [1, 2, 3],
        ],
      ],
    },
  )
})

test('inputs in flight are told apart by content, also when their hashes are equal', () => {
  const row = fc.array(fc.constantFrom(0, -0, 1), { minLength: 2, maxLength: 2 })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), row), { maxLength: 60 }), (steps) => {
      const inFlight = new InFlight()
      const model = collector()
      const expected = new Map<string, Evaluation>()
      for (const [remove, values] of steps) {
        const inputs = inputsOf(values)
        const key = inputs.key(0)
        const found = inFlight.find(model, inputs, 0, 7)
        assert.is(found, expected.get(key))
        if (found && remove) {
          inFlight.remove(found)
          expected.delete(key)
        } else if (!found) {
          const evaluation = new Evaluation(model, inputs, 0, 7, key, asker(), 0)
          inFlight.add(evaluation)
          expected.set(key, evaluation)
        }
      }
    }),
  )
})

test('a hundred thousand inputs in flight are found, and can be removed, twice too', () => {
  const inFlight = new InFlight()
  const model = collector()
  const evaluations = Array.from({ length: 100_000 }, (_, i) => {
    const inputs = inputsOf([i, 1])
    return new Evaluation(model, inputs, 0, inputs.hash(0), undefined, asker(), 0)
  })
  for (const evaluation of evaluations) inFlight.add(evaluation)
  const found = () => evaluations.filter(({ inputs, hash }) => inFlight.find(model, inputs, 0, hash) !== undefined).length
  assert.is(found(), evaluations.length)
  for (const evaluation of evaluations.slice(10)) inFlight.remove(evaluation)
  for (const evaluation of evaluations.slice(10)) inFlight.remove(evaluation)
  assert.is(found(), 10)
})

test('models and versions never answer for each other', () => {
  const cache = new PredictionCache(1e6)
  const [one, other] = [collector('a:'), collector('b:')]
  cache.ask(one, inputsOf([1]), 0, asker(), 0, 0)
  cache.predicted(one.asked[0]!, new Prediction(1))
  cache.ask(other, inputsOf([1]), 0, asker(), 0, 0)
  assert.is(other.asked.length, 1)
})

test('the cache stays within its bytes and forgets what was not used for longest', () => {
  const cache = new PredictionCache(10_000)
  const model = collector()
  for (let i = 0; i < 1000; i++) {
    cache.ask(model, inputsOf([i]), 0, asker(), 0, 0)
    cache.predicted(model.asked.at(-1)!, new Prediction([i, i]))
    cache.ask(model, inputsOf([0]), 0, asker(), 0, 0)
  }
  assert.ok(cache.bytes <= 10_000)
  assert.ok(cache.entries > 10 && cache.entries < 100)
  assert.is(cache.hits, 1000)
})

test('equal queries over HTTP reach the container once', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'patient', defaultOutput: 0, sloMs: 60_000 })
    await server.publish('push', pushPolicy(), { application: false })
    await server.link('patient', 'push')
    const pid = containerPid(server)
    process.kill(pid, 'SIGSTOP')
    const answers = Array.from({ length: 8 }, () => client.predict('patient', [0, 0, 0, 1]))
    await until(() => server.metrics().cache.joins === 7)
    process.kill(pid, 'SIGCONT')
    for (const { output } of await Promise.all(answers)) assert.is(output, 1)
    assert.equal(server.metrics().models[0]!.batchSizes, { 1: 1 })
  }))

test.run()
