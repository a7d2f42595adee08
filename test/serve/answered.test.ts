import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { AnsweredQueries } from '../../serve/query/answered.js'
import { Exchange } from '../../serve/query/exchange.js'
import { allocateInputs } from '../../serve/query/inputs.js'
import { Prediction } from '../../serve/query/prediction.js'
import { Application } from '../../serve/registry/application.js'
import { checkApplication } from '../../serve/registry/options.js'
import { Bandit } from '../../serve/selection/bandit.js'
import { selectionPolicy } from '../../serve/selection/policies.js'
import { MemoryState } from '../../serve/state/memory.js'

const MOST = 4096

function applicationOf(selection: 'fixed' | 'exp3' | 'exp4', arms: string[]): Application {
  const bandit = new Bandit('a', selectionPolicy(selection), new MemoryState(), () => 0.5)
  bandit.setArms(arms)
  return new Application(checkApplication({ name: 'a', defaultOutput: 0, selection }), bandit)
}

/** Queries from `first` on, each answered with its own id by every member that is not late. */
function answer(
  application: Application,
  first: number,
  size: number,
  width = 1,
  late: readonly number[] = [],
): [Exchange, ReturnType<typeof allocateInputs>] {
  const { bandit } = application
  const inputs = allocateInputs(size, width)
  inputs.slab.floats.fill(first, inputs.start, inputs.start + size * width)
  const standing = bandit.standing('u') as Float64Array
  const selected = application.selects ? Array.from({ length: size }, () => bandit.select('u', standing)) : undefined
  const members = selected?.[0]?.choice.arms.length ?? 1
  const exchange = new Exchange(application, size, members, selected, first, 0, 100, () => {})
  for (let item = 0; item < size * members; item++) {
    const id = first + Math.floor(item / members)
    if (!late.includes(id)) exchange.predicted(item, new Prediction([id, 7]))
  }
  exchange.settle('late')
  return [exchange, inputs]
}

test('the newest are kept, each with its own input, output and user, whatever ids and sizes of requests come', () => {
  const requests = fc.array(fc.tuple(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 0, max: 3_000 })), { minLength: 1, maxLength: 40 })
  const applications = [applicationOf('fixed', ['m']), applicationOf('exp3', ['m', 'n'])]
  fc.assert(
    fc.property(requests, fc.integer({ min: 0, max: 1e9 }), (sizes, start) => {
      const queries = new AnsweredQueries(MOST, 1e9)
      let next = start
      const given: [id: number, isLate: boolean, application: Application, first: number][] = []
      for (const [i, [size, gap]] of sizes.entries()) {
        const first = next
        const application = applications[i % 2]!
        queries.keep(application, ...reversed(answer(application, first, size, 1, [first + 1])))
        for (let id = first; id < first + size; id++) given.push([id, id === first + 1, application, first])
        next += size + gap
      }
      const newest = new Map(given.map(([id]) => [id % MOST, id]))
      for (const [id, isLate, application, first] of given) {
        const kept = queries.get(id)
        assert.is(kept === undefined, newest.get(id % MOST) !== id)
        if (kept === undefined) continue
        assert.is(kept.application, application)
        assert.is(kept.row, id - first)
        assert.is(kept.outputJson, isLate ? undefined : `[${id},7]`)
        assert.equal(kept.inputs.values(kept.row), [Math.fround(first)])
        const isBandit = application === applications[1]
        assert.equal([kept.user, kept.names, kept.probability], isBandit ? ['u', ['n'], 0.5] : ['', undefined, 1])
      }
    }),
    { numRuns: 20 },
  )
})

const reversed = ([exchange, inputs]: ReturnType<typeof answer>): [typeof inputs, Exchange] => [inputs, exchange]

test('what each member of an ensemble said is kept, and the output that was made of it', () => {
  const queries = new AnsweredQueries(MOST, 1e9)
  const application = applicationOf('exp4', ['m', 'n'])
  queries.keep(application, ...reversed(answer(application, 10, 2, 1, [11])))
  const [told, late] = [queries.get(10)!, queries.get(11)!]
  assert.equal(
    told.predictions.map((prediction) => prediction?.output),
    [
      [10, 7],
      [10, 7],
    ],
  )
  assert.equal([told.outputJson, told.names], ['[10,7]', ['m', 'n']])
  assert.equal([late.predictions, late.outputJson], [[undefined, undefined], undefined])
})

test('feedback is taken once, and again where it could not be kept', () => {
  const queries = new AnsweredQueries(MOST, 1e9)
  const application = applicationOf('fixed', ['m'])
  queries.keep(application, ...reversed(answer(application, 5, 1)))
  assert.equal([queries.tell(5), queries.tell(5), queries.tell(6)], [true, false, false])
  queries.untell(5)
  assert.is(queries.tell(5), true)
  // Another query in the same place begins anew.
  queries.keep(application, ...reversed(answer(application, 5 + MOST, 1)))
  queries.untell(5)
  assert.equal([queries.get(5), queries.tell(5 + MOST)], [undefined, true])
})

test('where they are large the oldest go sooner, also after the places were gone through several times', () => {
  const queries = new AnsweredQueries(MOST, 1e6)
  const application = applicationOf('fixed', ['m'])
  const keep = (first: number, width: number) => queries.keep(application, ...reversed(answer(application, first, 1, width)))
  const keptOf = (last: number) => {
    let kept = 0
    while (queries.get(last - kept) !== undefined) kept++
    return kept
  }
  let id = 100
  for (const end = id + 3 * MOST; id < end; id++) keep(id, 1)
  const small = keptOf(id - 1)
  for (const end = id + 500; id < end; id++) keep(id, 1_000)
  const large = keptOf(id - 1)
  assert.ok(small > 2_000 && small <= MOST, `${small} small ones`)
  assert.ok(large > 200 && large < 250, `${large} large ones`)
  let all = 0
  for (let place = 0; place < MOST; place++) if (queries.get(id - 1 - place) !== undefined) all++
  assert.is(all, large)
})

test.run()
