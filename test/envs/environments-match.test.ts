import { checkEnvironmentsMatch, dataEquivalence, type Env, make, type StepResult, Wrapper } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code } from './helpers.js'

const cartPole = (options = {}) => make<unknown, unknown>('CartPole-v1' as string, options)

/** Changes what a step gives, from the third on. */
class Changed extends Wrapper {
  #steps = 0
  constructor(
    env: Env,
    private readonly change: (result: StepResult<unknown>) => StepResult<unknown>,
  ) {
    super(env)
  }
  override step(action: unknown): StepResult<unknown> {
    const result = this.env.step(action)
    return this.#steps++ < 2 ? result : this.change(result)
  }
}

test('two environments that do the same match, over ends of episodes too', () => {
  checkEnvironmentsMatch(cartPole(), cartPole(), { numSteps: 100 })
  const pictured = () => cartPole({ renderMode: 'rgb_array' })
  checkEnvironmentsMatch(pictured(), pictured(), { numSteps: 3, seed: 4 })
})

test('the first difference is named, unless it is to be skipped', () => {
  const changes: readonly [string, RegExp, (result: StepResult<unknown>) => StepResult<unknown>][] = [
    ['skipObs', /observations in step 2/, ([obs, ...rest]) => [(obs as Float32Array).map((x) => x + 0.1), ...rest]],
    ['skipRew', /rewards in step 2/, ([obs, reward, ...rest]) => [obs, reward + 1, ...rest]],
    ['skipTerminal', /terminated in step 2/, ([obs, reward, , ...rest]) => [obs, reward, true, ...rest]],
    ['skipTruncated', /truncated in step 2/, ([obs, reward, terminated, , info]) => [obs, reward, terminated, true, info]],
  ]
  for (const [skip, expected, change] of changes) {
    const changed = () => new Changed(cartPole(), change)
    assert.throws(() => checkEnvironmentsMatch(cartPole(), changed(), { numSteps: 5 }), expected)
    checkEnvironmentsMatch(cartPole(), changed(), { numSteps: 5, [skip]: true })
  }
})

test('infos are compared wholly, as a superset, by their keys, or not at all', () => {
  const told = (info: Record<string, unknown>) => new Changed(cartPole(), ([obs, reward, end, late]) => [obs, reward, end, late, info])
  const match = (a: Record<string, unknown>, b: Record<string, unknown>, infoComparison: 'equivalence') =>
    code(() => checkEnvironmentsMatch(told(a), told(b), { numSteps: 4, infoComparison }))
  const matches = { equivalence: 'same', superset: 'more', 'keys-equivalence': 'other', 'keys-superset': 'more others', skip: 'any' }
  const ways = Object.keys(matches) as 'equivalence'[]
  const refused = (a: Record<string, unknown>, b: Record<string, unknown>) => ways.filter((way) => match(a, b, way) !== 'nothing thrown')
  assert.equal(refused({ x: 1 }, { x: 1 }), [])
  assert.equal(refused({ x: 1 }, { x: 1, y: 2 }), ['equivalence', 'keys-equivalence'])
  assert.equal(refused({ x: 1 }, { x: 2 }), ['equivalence', 'superset'])
  assert.equal(refused({ x: 1 }, { y: 1 }), ['equivalence', 'superset', 'keys-equivalence', 'keys-superset'])
})

test('environments of other spaces do not match, and bad options are refused', () => {
  assert.throws(
    () => checkEnvironmentsMatch(cartPole(), make<unknown, unknown>('MountainCar-v0' as string), { numSteps: 1 }),
    /action spaces/,
  )
  assert.is(
    code(() => checkEnvironmentsMatch(cartPole(), cartPole(), { numSteps: -1 })),
    'ENVS_INVALID_KWARGS',
  )
})

test('data is equivalent by type, keys and numbers, within a tolerance or exactly', () => {
  const a = { x: Float32Array.of(1, 2), y: [1, 'text', null] }
  assert.ok(dataEquivalence(a, { x: Float32Array.of(1, 2), y: [1, 'text', null] }, true))
  assert.ok(dataEquivalence(a, { x: Float32Array.of(1, 2.00001), y: [1, 'text', null] }))
  assert.not(dataEquivalence(a, { x: Float32Array.of(1, 2.00001), y: [1, 'text', null] }, true))
  assert.not(dataEquivalence(a, { x: Float64Array.of(1, 2), y: [1, 'text', null] }))
  assert.not(dataEquivalence(a, { x: Float32Array.of(1), y: [1, 'text', null] }))
  assert.not(dataEquivalence({ x: 1 }, { y: 1 }))
  assert.not(dataEquivalence([], {}))
})

test.run()
