import { type CarRacingEnv, checkEnv, make, type RGBFrame, registry, spec } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code, warnings } from './helpers.js'

const IDS = ['LunarLander-v3', 'LunarLanderContinuous-v3', 'BipedalWalker-v3', 'BipedalWalkerHardcore-v3', 'CarRacing-v3'] as const

for (const id of IDS) {
  test(`${id} keeps every rule of the API: the same seed gives the same numbers, a saved state goes on exactly, frames are whole`, () => {
    // CarRacing's gas and brake go from 0 to 1, as in Gymnasium.
    const odd = checkEnv(make(id).unwrapped).filter((warning) => !/not symmetric within/.test(warning))
    assert.equal(odd, [])
  })

  test(`${id}, saved through JSON in the middle of a run with episodes before it, goes on to the bit in another environment`, () => {
    // Whether the lander has crashed by then does not matter here.
    const loose = spec(id).with({ orderEnforce: false })
    const [first, second] = [make(loose), make(loose)]
    first.reset({ seed: 5 })
    first.actionSpace.seed(1)
    const act = () => first.step(first.actionSpace.sample() as never)
    for (let i = 0; i < 20; i++) act()
    first.reset()
    for (let i = 0; i < 40; i++) act()
    second.setState(JSON.parse(JSON.stringify(first.getState())))
    for (let i = 0; i < 40; i++) {
      const action = first.actionSpace.sample() as never
      assert.equal(first.step(action), second.step(action), `step ${i}`)
    }
    assert.equal(first.reset(), second.reset())
  })
}

test('limits and thresholds are those of Gymnasium 1.4.0', () => {
  const rows = IDS.map((id) => [registry.get(id)!.maxEpisodeSteps, registry.get(id)!.rewardThreshold])
  assert.equal(rows, [
    [1000, 200],
    [1000, 200],
    [1600, 300],
    [2000, 300],
    [1000, 900],
  ])
})

test('looking at an episode does not change it', () => {
  const run = (renderMode: string | null) => {
    const env = make('LunarLander-v3', { renderMode })
    env.reset({ seed: 2 })
    return Array.from({ length: 60 }, () => {
      const { 0: observation, 1: reward } = env.step(2)
      if (renderMode) env.render()
      return [...observation, reward]
    })
  }
  assert.equal(run('rgb_array'), run(null))
})

test('the main engine shows a flame', () => {
  const env = make('LunarLander-v3', { renderMode: 'rgb_array' })
  env.reset({ seed: 2 })
  const frame = () => (env.render() as RGBFrame).data
  const reds = (data: Uint8Array) => data.filter((value, i) => i % 3 === 0 && value > 200 && data[i + 1]! < 150).length
  assert.is(reds(frame()), 0)
  // It comes out from under the hull.
  for (let i = 0; i < 4; i++) {
    env.step(2)
    frame()
  }
  assert.ok(reds(frame()) > 0)
})

test('wind blows a lander aside that nobody steers', () => {
  const drift = (enableWind: boolean) => {
    const env = make('LunarLander-v3', { enableWind, windPower: 20 })
    const [start] = env.reset({ seed: 11 })
    let [x] = start
    for (let i = 0; i < 60; i++) x = env.step(0)[0][0]
    return x!
  }
  assert.ok(Math.abs(drift(true) - drift(false)) > 0.05)
})

test('bad options, actions and orders are refused by name, and amounts beyond the recommended ones warned about', () => {
  for (const options of [{ gravity: 1 }, { gravity: -12 }, { continuous: 1 }, { windPower: 'strong' }, { wind: true }]) {
    assert.is(
      code(() => make('LunarLander-v3', options)),
      'ENVS_INVALID_KWARGS',
      JSON.stringify(options),
    )
  }
  assert.is(
    code(() => make('BipedalWalker-v3', { hardcore: 'yes' })),
    'ENVS_INVALID_KWARGS',
  )
  assert.match(warnings(() => make('LunarLander-v3', { enableWind: true, windPower: 30 })).join(), /windPower/)
  assert.is(
    code(() => make('LunarLander-v3').unwrapped.step(0)),
    'ENVS_RESET_NEEDED',
  )
  for (const [id, actions] of [
    ['LunarLander-v3', [4, -1, 0.5, null, [0, 0]]],
    ['LunarLanderContinuous-v3', [0, [0], [0, NaN], ['a', 0], null]],
    ['CarRacing-v3', [0, [0, 0], [0, 0, NaN], null]],
    ['BipedalWalker-v3', [0, [0, 0, 0], [0, 0, 0, NaN], null]],
  ] as const) {
    const env = make(id)
    env.reset({ seed: 1 })
    const before = JSON.stringify(env.getState())
    for (const action of actions) {
      assert.is(
        code(() => env.step(action as never)),
        'ENVS_INVALID_ACTION',
        `${id} ${action}`,
      )
    }
    assert.is(JSON.stringify(env.getState()), before)
  }
})

test('colours are drawn anew each episode where asked for, kept where not, and belong to the state', () => {
  const env = make('CarRacing-v3', { domainRandomize: true })
  const colors = (one = env) => JSON.stringify((one.unwrapped as unknown as CarRacingEnv).colors)
  env.reset({ seed: 1 })
  const first = colors()
  env.reset()
  assert.is.not(colors(), first)
  const kept = colors()
  env.reset({ options: { randomize: false } })
  assert.is(colors(), kept)
  const other = make('CarRacing-v3', { domainRandomize: true })
  other.setState(env.getState())
  assert.is(colors(other), kept)
})

test('a state that is none is refused, and the episode goes on', () => {
  const env = make('LunarLander-v3').unwrapped
  env.reset({ seed: 1 })
  assert.is(
    code(() => env.setState({ ...env.getState(), own: { began: null } } as never)),
    'ENVS_INVALID_STATE',
  )
  env.step(0)
})

test.run()
