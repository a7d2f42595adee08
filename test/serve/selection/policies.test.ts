import * as fc from 'fast-check'
import { npRandom } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Prediction } from '../../../serve/query/prediction.js'
import { lossesOfReward, lossOfLabel } from '../../../serve/selection/losses.js'
import { type SelectionOption, selectionPolicy } from '../../../serve/selection/policies.js'
import { FIELDS, type SelectionPolicy } from '../../../serve/selection/selection.js'

/** As the state does it (`taught`), in place. */
function keepGap({ widestGap = Infinity }: SelectionPolicy, standing: Float64Array): void {
  let best = -Infinity
  for (let at = 0; at < standing.length; at += FIELDS) best = Math.max(best, standing[at]!)
  for (let at = 0; at < standing.length; at += FIELDS) standing[at] = Math.max(standing[at]!, best - widestGap)
}

/** Plays queries against a policy: each arm asked has a loss by the query's number; returns what was chosen and what is known at the end. */
function play(option: SelectionOption, arms: number, queries: number, lossOf: (arm: number, query: number) => number, seed = 1) {
  const policy = selectionPolicy(option)
  const [generator] = npRandom(seed)
  const standing = new Float64Array(arms * FIELDS)
  const names = Array.from({ length: arms }, (_, arm) => `m:${arm}`)
  const chosen: number[] = []
  for (let query = 0; query < queries; query++) {
    const choice = policy.select(standing, names, () => generator.random(), '')
    chosen.push(choice.arms[0]!)
    const losses = choice.arms.map((arm) => lossOf(arm, query))
    for (const { arm, field, by } of policy.observe(standing, choice, losses)) standing[arm * FIELDS + field]! += by
    keepGap(policy, standing)
  }
  return { chosen, standing, policy, names }
}

const shareOf = (arm: number, chosen: readonly number[]) => chosen.filter((one) => one === arm).length / chosen.length

const LEARNERS: SelectionOption[] = ['exp3', 'epsilon-greedy', 'ucb1', 'thompson']
const rewardsOf = [0.2, 0.5, 0.8, 0.4]

for (const option of LEARNERS) {
  test(`${option} sends most queries to the best of four arms once it has heard enough`, () => {
    const [noise] = npRandom(9)
    const { chosen } = play(option, 4, 6000, (arm) => (noise.random() < rewardsOf[arm]! ? 0 : 1))
    const late = shareOf(2, chosen.slice(3000))
    assert.ok(late > 0.6, `${late} of the later queries went to the best arm`)
  })

  test(`${option} asks every arm before it settles`, () => {
    const { chosen } = play(option, 4, 400, (arm) => 1 - rewardsOf[arm]!)
    assert.equal([...new Set(chosen)].sort(), [0, 1, 2, 3])
  })
}

test('exp3 leaves an arm that goes bad within some hundred queries, however long that was the best, and comes back when it heals', () => {
  const bad = (query: number) => query >= 20_000 && query < 24_000
  const { chosen } = play('exp3', 5, 28_000, (arm, query) => (arm === 3 ? (bad(query) ? 0.9 : 0.1) : 0.5))
  assert.ok(shareOf(3, chosen.slice(19_000, 20_000)) > 0.8, 'it is the favourite')
  assert.ok(shareOf(3, chosen.slice(20_800, 24_000)) < 0.2, 'it is left while it is bad')
  assert.ok(shareOf(3, chosen.slice(26_000)) > 0.7, 'it is the favourite again')
})

test('exp3 explores: with one arm far ahead the others still get their share of gamma', () => {
  const { chosen } = play({ policy: 'exp3', exploration: 0.2 }, 2, 20_000, (arm) => (arm === 0 ? 0 : 1))
  const explored = shareOf(1, chosen.slice(1000))
  assert.ok(Math.abs(explored - 0.1) < 0.02, `${explored} of the queries explore`)
})

test('exp3 does not lose its numbers to underflow in a million losses', () => {
  const { standing } = play('exp3', 3, 1_000_000, () => 1)
  assert.ok([...standing].every(Number.isFinite))
  const weights = [0, 1, 2].map((arm) => standing[arm * FIELDS]!)
  assert.ok(Math.max(...weights) - Math.min(...weights) <= 6.5)
})

test('exp4 asks all arms, and gives the weight to those that were right', () => {
  const { standing, policy, names } = play('exp4', 3, 200, (arm) => (arm === 1 ? 0 : 1))
  const all = [new Prediction(0), new Prediction(1), new Prediction(0)]
  const choice = policy.select(standing, names, () => 0, '')
  assert.equal(choice, { arms: [0, 1, 2], probability: 1 })
  const combined = policy.combine(standing, choice.arms, all, 0)!
  assert.is(combined.json, '1')
  assert.ok(combined.confidence > 0.98)
})

test('members that have not answered count against the confidence', () => {
  const policy = selectionPolicy('exp4')
  const standing = new Float64Array(4 * FIELDS)
  const chosen = [0, 1, 2, 3]
  const one = new Prediction(1)
  assert.equal(policy.combine(standing, chosen, [one, one, one, one], 0), { json: '1', confidence: 1 })
  assert.equal(policy.combine(standing, chosen, [one, undefined, one, undefined], 0), { json: '1', confidence: 0.5 })
  assert.equal(policy.combine(standing, chosen, [one, one, one, new Prediction(0)], 0), { json: '1', confidence: 0.75 })
  assert.is(policy.combine(standing, chosen, [undefined, undefined, undefined, undefined], 0), undefined)
})

test('arrays of numbers are averaged by weight, and their variance lowers the confidence', () => {
  const policy = selectionPolicy('exp4')
  const standing = new Float64Array(2 * FIELDS)
  const same = policy.combine(standing, [0, 1], [new Prediction([1, 2]), new Prediction([1, 2])], 0)!
  assert.equal([JSON.parse(same.json), same.confidence], [[1, 2], 1])
  const apart = policy.combine(standing, [0, 1], [new Prediction([0, 0]), new Prediction([2, 2])], 0)!
  assert.equal([JSON.parse(apart.json), apart.confidence], [[1, 1], 0.5])
  const late = policy.combine(standing, [0, 1], [undefined, new Prediction([2, 4])], 0)!
  assert.equal([JSON.parse(late.json), late.confidence], [[2, 4], 0.5])
})

test('an A/B test splits queries by its percentages, and gives a user the same arm every time', () => {
  const policy = selectionPolicy({ policy: 'ab', percentages: { 'm:0': 80, 'm:1': 20 } })
  const [generator] = npRandom(3)
  const names = ['m:0', 'm:1']
  const draws = Array.from({ length: 10_000 }, () => policy.select(new Float64Array(0), names, () => generator.random(), '').arms[0]!)
  assert.ok(Math.abs(shareOf(1, draws) - 0.2) < 0.02)
  const byUser = Array.from({ length: 10_000 }, (_, i) => policy.select(new Float64Array(0), names, () => 0, `user-${i}`).arms[0]!)
  assert.ok(Math.abs(shareOf(1, byUser) - 0.2) < 0.02)
  for (let i = 0; i < 50; i++) assert.is(policy.select(new Float64Array(0), names, () => generator.random(), 'user-7').arms[0], byUser[7])
})

test('a canary gets its percentage and the first of the other links the rest, wherever it stands among them', () => {
  const policy = selectionPolicy({ policy: 'canary', canary: 'm:2', percent: 10 })
  for (const names of [
    ['m:1', 'm:2'],
    ['m:2', 'm:1'],
    ['m:1', 'm:0', 'm:2'],
  ]) {
    const [generator] = npRandom(5)
    const counts = new Map<string, number>()
    for (let i = 0; i < 5000; i++) {
      const name = names[policy.select(new Float64Array(0), names, () => generator.random(), '').arms[0]!]!
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    assert.ok(Math.abs(counts.get('m:2')! / 5000 - 0.1) < 0.02, names.join())
    assert.is(counts.get('m:1')! + counts.get('m:2')!, 5000)
  }
  assert.equal(policy.select(new Float64Array(0), ['m:1'], () => 0.99, '').arms, [0])
  assert.equal(policy.select(new Float64Array(0), ['m:2'], () => 0.99, '').arms, [0])
})

test('whatever it has heard, a policy chooses arms that are there with a chance that is one, and adds finite numbers', () => {
  const options: SelectionOption[] = ['fixed', 'exp3', 'exp4', 'epsilon-greedy', 'ucb1', 'thompson', { policy: 'canary', canary: 'm:1' }]
  fc.assert(
    fc.property(
      fc.constantFrom(...options),
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 60 }),
      fc.integer({ min: 0, max: 1e9 }),
      (option, arms, losses, seed) => {
        const policy = selectionPolicy(option)
        const [generator] = npRandom(seed)
        const names = Array.from({ length: arms }, (_, arm) => `m:${arm}`)
        const standing = new Float64Array(arms * FIELDS)
        for (const [i, loss] of losses.entries()) {
          const choice = policy.select(standing, names, () => generator.random(), i % 3 === 0 ? `u${i}` : '')
          assert.ok(choice.arms.length > 0 && choice.arms.every((arm) => Number.isInteger(arm) && arm >= 0 && arm < arms))
          assert.ok(choice.probability >= 0 && choice.probability <= 1)
          for (const { arm, field, by } of policy.observe(
            standing,
            choice,
            choice.arms.map(() => (i % 5 === 0 ? undefined : loss)),
          )) {
            assert.ok(Number.isFinite(by))
            standing[arm * FIELDS + field]! += by
          }
        }
      },
    ),
  )
})

test('the chance that goes with a choice is how often it is made, whatever is linked', () => {
  const options: [SelectionOption, string[]][] = [
    ['exp3', ['m:0', 'm:1', 'm:2']],
    [{ policy: 'epsilon-greedy', epsilon: 0.3 }, ['m:0', 'm:1', 'm:2']],
    [{ policy: 'ab', percentages: { 'm:0': 60, 'm:1': 40 } }, ['m:0', 'm:1']],
    [{ policy: 'ab', percentages: { 'm:0': 60, 'm:1': 40 } }, ['m:0', 'm:2']],
    [{ policy: 'ab', percentages: { 'm:0': 60, 'm:1': 40 } }, ['m:1']],
    [{ policy: 'canary', canary: 'm:1', percent: 20 }, ['m:0', 'm:1', 'm:2']],
  ]
  for (const [option, names] of options) {
    const policy = selectionPolicy(option)
    const [generator] = npRandom(7)
    const standing = Float64Array.from({ length: names.length * FIELDS }, (_, i) => (i % FIELDS === 0 ? i / 4 : 3))
    const counts = names.map(() => 0)
    const told = names.map(() => new Set<number>())
    for (let i = 0; i < 20_000; i++) {
      const { arms, probability } = policy.select(standing, names, () => generator.random(), '')
      counts[arms[0]!]!++
      told[arms[0]!]!.add(probability)
    }
    for (const [arm, count] of counts.entries()) {
      const chances = [...told[arm]!]
      assert.ok(
        chances.length <= 1 && Math.abs((chances[0] ?? 0) - count / 20_000) < 0.015,
        `${JSON.stringify(option)} ${names[arm]}: ${chances}, ${count}`,
      )
    }
  }
})

test('a label is 0 or 1 wrong for an action or a word, and the mean distance away for numbers', () => {
  assert.is(lossOfLabel(new Prediction(1), 1), 0)
  assert.is(lossOfLabel(new Prediction(1), 0), 1)
  assert.is(lossOfLabel(new Prediction('cat'), 'cat'), 0)
  assert.is(lossOfLabel(new Prediction('cat'), 'dog'), 1)
  assert.is(lossOfLabel(new Prediction('1'), 1), undefined)
  assert.is(lossOfLabel(new Prediction([1]), 'cat'), undefined)
  assert.is(lossOfLabel(new Prediction([0, 0.5]), [0, 0]), 0.25)
  assert.is(lossOfLabel(new Prediction([9]), 1), 1)
  assert.is(lossOfLabel(new Prediction(1), [1]), undefined)
  assert.is(lossOfLabel(new Prediction([1, 2]), [1]), undefined)
})

test('a reward is for the members that said what was answered', () => {
  const [yes, no] = [new Prediction(1), new Prediction(0)]
  assert.equal(lossesOfReward([yes, no, undefined, yes], '1', 0.25), [0.25, undefined, undefined, 0.25])
  assert.equal(lossesOfReward([new Prediction([1]), new Prediction([3])], '[2]', 0.5), [0.5, 0.5])
})

test.run()
