import { checkEnv, type Env, make, makeVec, type StackState, type VectorEnv } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code, warnings } from './helpers.js'

const GAMES = ['Breakout', 'Asterix', 'Freeway', 'Seaquest', 'SpaceInvaders']
const game = (name: string, version = 1, options = {}): Env<Uint8Array, number> => make(`MinAtar/${name}-v${version}`, options)

for (const name of GAMES) {
  test(`${name} keeps the rules of the API in both versions`, () => {
    // The boards look like small pictures, which is what the warnings are about.
    const odd = (version: number) => checkEnv(game(name, version).unwrapped as Env).filter((warning) => !/picture/.test(warning))
    assert.equal(odd(1), [])
    warnings(() => assert.equal(odd(0), []))
  })

  test(`${name} resumes from a saved state, alone and as a kernel, through JSON`, () => {
    const env = game(name)
    const envs = makeVec<Uint8Array>(`MinAtar/${name}-v1`, { numEnvs: 3, vectorizationMode: 'native' })
    env.reset({ seed: 5 })
    envs.reset({ seed: 5 })
    const n = (envs.singleActionSpace as unknown as { n: number }).n
    const actions = Array.from({ length: 150 }, (_, t) => (t * 7) % n)
    const play = () =>
      actions.map((action) => {
        const [observation, reward, terminated] = env.step(action)
        if (terminated) env.reset()
        const vector = envs.step([action, (action + 1) % n, 0])
        return [[...observation], reward, terminated, [...vector[0]], [...vector[1]], [...vector[2]]]
      })
    play()
    const saved = JSON.parse(JSON.stringify([env.getState(), envs.getState()])) as [StackState, ReturnType<VectorEnv['getState']>]
    const first = play()
    env.setState(saved[0])
    envs.setState(saved[1])
    assert.equal(play(), first)
  })
}

test('Breakout has six actions in v0 and the three that matter in v1', () => {
  warnings(() => assert.is(String(game('Breakout', 0).actionSpace), 'Discrete(6)'))
  assert.is(String(game('Breakout').actionSpace), 'Discrete(3)')
  assert.equal(game('Breakout').observationSpace.shape, [10, 10, 4])
})

test('an id without a version is the latest', () => {
  assert.match(warnings(() => make('MinAtar/Breakout'))[0]!, /MinAtar\/Breakout-v1, is used/)
})

test('an action outside of the set is refused, alone and in a vector, where nothing has moved then', () => {
  const env = game('Freeway')
  env.reset({ seed: 1 })
  for (const action of [-1, 3, 0.5, '1', null])
    assert.is(
      code(() => env.step(action as number)),
      'ENVS_INVALID_ACTION',
    )
  const envs = makeVec<Uint8Array>('MinAtar/Freeway-v1', { numEnvs: 2, vectorizationMode: 'native' })
  envs.reset({ seed: 1 })
  const before = JSON.stringify(envs.getState())
  assert.throws(() => envs.step([0, 3]), /0 to 2, got 3 for environment 1/)
  assert.is(JSON.stringify(envs.getState()), before)
})

test('a step before the first reset, an unknown option and a chance above 1 are refused', () => {
  assert.is(
    code(() => game('Breakout').unwrapped.step(0)),
    'ENVS_RESET_NEEDED',
  )
  assert.is(
    code(() => game('Breakout', 1, { stickyActions: 0.1 })),
    'ENVS_INVALID_KWARGS',
  )
  assert.is(
    code(() => game('Breakout', 1, { stickyActionProb: 1.1 })),
    'ENVS_INVALID_KWARGS',
  )
  assert.is(
    code(() => game('Breakout', 1, { renderMode: 'human_array' })),
    'ENVS_UNSUPPORTED_MODE',
  )
})

test("a seed that NumPy's RandomState has not is refused by name, and the game goes on as it was", () => {
  const env = game('Breakout')
  env.reset({ seed: 3 })
  const before = JSON.stringify(env.getState())
  assert.throws(() => env.reset({ seed: 2 ** 32 }), /0 to 2\^32 - 1; got 4294967296/)
  assert.is(JSON.stringify(env.getState()), before)
})

test('without sticky actions and with them always, the action is obeyed or never looked at', () => {
  const positions = (stickyActionProb: number) => {
    const env = game('SpaceInvaders', 1, { stickyActionProb })
    env.reset({ seed: 0 })
    return [1, 1, 1].map(
      (action) =>
        env
          .step(action)[0]
          .slice(90 * 6)
          .findIndex((bit, i) => i % 6 === 0 && bit === 1) / 6,
    )
  }
  assert.equal(positions(0), [4, 3, 2])
  assert.equal(positions(1), [5, 5, 5])
})

test('after the end of an episode nothing moves until the reset', () => {
  const env = game('Breakout', 1, { stickyActionProb: 0 }).unwrapped as Env<Uint8Array, number>
  env.reset({ seed: 1 })
  let result = env.step(0)
  while (!result[2]) result = env.step(0)
  const after = env.step(1)
  assert.equal([after[1], after[2], [...after[0]]], [0, true, [...result[0]]])
})

test('a board is drawn as ten lines, a mark for the highest channel of a cell', () => {
  const env = game('Breakout', 1, { renderMode: 'ansi' })
  env.reset({ seed: 1 })
  const lines = (env.render() as string).split('\n')
  assert.equal(lines.slice(0, 4), ['..........', '3333333333', '3333333333', '3333333333'])
  assert.equal(lines[9], '....0.....')
})

test('a saved state that is broken is refused and nothing has changed', () => {
  const env = game('Seaquest')
  env.reset({ seed: 1 })
  const good = JSON.stringify(env.getState())
  for (const [at, value] of [
    [3, 99],
    [95, 1000],
    [1, 0.5],
  ] as const) {
    const state = JSON.parse(good)
    const own = state.env.env.own
    own.state[at] = value
    assert.is(
      code(() => env.setState(state)),
      'ENVS_INVALID_STATE',
    )
    assert.is(JSON.stringify(env.getState()), good)
  }
})

test.run()
