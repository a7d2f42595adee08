import fc from 'fast-check'
import { CliffWalkingEnv, type Env, FrozenLakeEnv, generateRandomMap, make, type RGBFrame, type StackState, TaxiEnv } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code } from './helpers.js'

const IDS = ['FrozenLake-v1', 'FrozenLake8x8-v1', 'CliffWalking-v1', 'CliffWalkingSlippery-v1', 'Taxi-v4'] as const

/** Takes actions, resetting where an episode ends, and gives all that was seen. */
function play(env: Env<number, number>, actions: number[]): unknown[] {
  return actions.map((action) => {
    const result = env.step(action)
    return result[2] || result[3] ? [...result, env.reset()] : result
  })
}

for (const id of IDS) {
  test(`${id} can be saved at any point as JSON, and another instance goes on exactly`, () => {
    const actions = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 60 })
    fc.assert(
      fc.property(fc.nat(), actions, actions, (seed, before, after) => {
        const env = make(id, { maxEpisodeSteps: 17 })
        env.reset({ seed })
        play(env, before)
        const saved = JSON.parse(JSON.stringify(env.getState())) as StackState
        const expected = play(env, after)
        const other = make(id, { maxEpisodeSteps: 17 })
        other.setState(saved)
        assert.equal(play(other, after), expected)
      }),
      { numRuns: 30 },
    )
  })

  test(`${id} is drawn at each state, and names what is wrong with an action, an option, or a step before reset`, () => {
    const env = make(id, { renderMode: 'rgb_array' })
    assert.is(
      code(() => env.unwrapped.step(0)),
      'ENVS_RESET_NEEDED',
    )
    env.reset({ seed: 1 })
    const seen = new Set<string>()
    for (const s of [0, 1, 20]) {
      ;(env.unwrapped as unknown as { s: number }).s = s % (env.observationSpace as unknown as { n: number }).n
      const { data, height, width } = env.render() as RGBFrame
      assert.is(data.length, 3 * width * height)
      seen.add(data.join())
    }
    assert.is(seen.size, 3, 'each state looks different')
    for (const wrong of [6, -1, 0.5, Number.NaN, '1', null])
      assert.is(
        code(() => env.unwrapped.step(wrong)),
        'ENVS_INVALID_ACTION',
        String(wrong),
      )
    assert.is(
      code(() => make(id, { isSliperry: true })),
      'ENVS_INVALID_KWARGS',
    )
  })
}

test("a table's transitions can be read, and value iteration over them finds the way over dry ice", () => {
  const { P } = new FrozenLakeEnv({ isSlippery: false })
  const values = new Array<number>(16).fill(0)
  for (let sweep = 0; sweep < 50; sweep++) {
    for (let s = 0; s < 16; s++) {
      values[s] = Math.max(
        ...P[s]!.map((outcomes) =>
          outcomes.reduce((sum, [p, next, reward, ends]) => sum + p * (reward + (ends ? 0 : 0.9 * values[next]!)), 0),
        ),
      )
    }
  }
  assert.ok(Math.abs(values[0]! - 0.9 ** 5) < 1e-12, `the goal is six steps away, got ${values[0]}`)
  for (const outcomes of new TaxiEnv({ isRainy: true }).P.flat()) {
    assert.ok(Math.abs(outcomes.reduce((sum, [p]) => sum + p, 0) - 1) < 1e-12)
  }
})

test("Taxi's mask allows exactly the actions that change the state", () => {
  const env = new TaxiEnv()
  const { P } = env
  env.reset({ seed: 0 })
  for (let s = 0; s < 500; s++) {
    for (let action = 0; action < 6; action++) {
      assert.is(P[s]![action]![0]![1] !== s, allowed(s)[action] === 1, `state ${s}, action ${action}`)
    }
  }
  function allowed(s: number): Int8Array {
    // The mask of a state is told on arrival: bump into it from itself by an action that fails.
    const still = P[s]!.findIndex(([outcome]) => outcome![1] === s)
    env.s = s
    return env.step(still)[4].actionMask as Int8Array
  }
})

test('a slip off the cliff leads back to the start and costs 100', () => {
  const env = new CliffWalkingEnv()
  const [start] = env.reset({ seed: 0 })
  assert.equal(env.step(1).slice(0, 4), [start, -100, false, false])
})

test('options and maps that cannot be are refused', () => {
  for (const wrong of [
    () => new FrozenLakeEnv({ desc: ['SF', 'F'] }),
    () => new FrozenLakeEnv({ desc: ['FF', 'FG'] }),
    () => new FrozenLakeEnv({ desc: ['SX'] }),
    () => new FrozenLakeEnv({ desc: [] }),
    () => new FrozenLakeEnv({ mapName: '5x5' as '4x4' }),
    () => new FrozenLakeEnv({ successRate: 2 }),
    () => new FrozenLakeEnv({ rewardSchedule: [1, 2] as unknown as [number, number, number] }),
    () => new TaxiEnv({ rainyProbability: -1 }),
    () => new TaxiEnv({ fickleProbability: Number.NaN }),
    () => generateRandomMap({ size: 0 }),
    () => generateRandomMap({ p: 0 }),
  ])
    assert.is(code(wrong), 'ENVS_INVALID_KWARGS')
  assert.is(new FrozenLakeEnv({ mapName: null }).desc.length, 8)
})

test('the state of another map is refused', () => {
  const env = new FrozenLakeEnv({ desc: ['SG'] })
  env.reset({ seed: 0 })
  assert.is(
    code(() => new FrozenLakeEnv({ desc: ['SF'] }).setState(env.getState())),
    'ENVS_INVALID_STATE',
  )
})

test.run()
