import fc from 'fast-check'
import {
  AcrobotEnv,
  ContinuousMountainCarEnv,
  type Env,
  type EnvTypes,
  MountainCarEnv,
  make,
  PendulumEnv,
  type RGBFrame,
  type StackState,
} from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code } from './helpers.js'

const IDS = ['MountainCar-v0', 'MountainCarContinuous-v0', 'Pendulum-v1', 'Acrobot-v1'] as const
const made = (id: keyof EnvTypes, options = {}) => make(id, options) as Env<Float32Array, unknown>

/** Takes sampled actions, resetting where an episode ends, and gives all that was seen. */
function play(env: Env<Float32Array, unknown>, actions: unknown[]): unknown[] {
  return actions.map((action) => {
    const result = env.step(action)
    return result[2] || result[3] ? [...result, env.reset()] : result
  })
}

for (const id of IDS) {
  test(`${id} can be saved at any point as JSON, and another instance goes on exactly`, () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(40), fc.nat(40), (seed, before, after) => {
        const env = made(id, { maxEpisodeSteps: 17 })
        env.actionSpace.seed(seed)
        const draw = (count: number) => Array.from({ length: count }, () => env.actionSpace.sample())
        env.reset({ seed })
        play(env, draw(before))
        const saved = JSON.parse(JSON.stringify(env.getState())) as StackState
        const actions = draw(after)
        const expected = play(env, actions)
        const other = made(id, { maxEpisodeSteps: 17 })
        other.setState(saved)
        assert.equal(play(other, actions), expected)
      }),
      { numRuns: 30 },
    )
  })

  test(`observations of ${id} are in its space, its frames have its drawing's size, and drawing changes nothing`, () => {
    const env = made(id, { renderMode: 'rgb_array' })
    const plain = made(id)
    assert.is(plain.drawing(), null)
    env.actionSpace.seed(3)
    assert.equal(env.reset({ seed: 3 }), plain.reset({ seed: 3 }))
    for (let t = 0; t < 50; t++) {
      const action = env.actionSpace.sample()
      const result = env.step(action)
      assert.equal(result, plain.step(action))
      assert.ok(env.observationSpace.contains(result[0]))
      if (t % 25 !== 0) continue
      const frame = env.render() as RGBFrame
      const { width, height } = env.drawing()!
      assert.equal([frame.width, frame.height, frame.data.length], [width, height, 3 * width * height])
      assert.ok(new Set(frame.data).size > 2, 'more than a blank page')
    }
    assert.is(plain.render(), null)
    assert.ok(plain.drawing() !== null)
  })

  test(`${id} names what is wrong with an action, an option, or a step before reset`, () => {
    const env = made(id, { disableEnvChecker: true })
    const action = env.actionSpace.sample()
    assert.is(
      code(() => env.unwrapped.step(action)),
      'ENVS_RESET_NEEDED',
    )
    env.reset({ seed: 0 })
    for (const wrong of [3, -1, 0.5, Number.NaN, '1', null, [], [1, 2], [Number.NaN], ['1']])
      assert.is(
        code(() => env.unwrapped.step(wrong)),
        'ENVS_INVALID_ACTION',
        String(wrong),
      )
    assert.is(
      code(() => made(id, { gravity: 3 })),
      'ENVS_INVALID_KWARGS',
    )
  })
}

test('options with values that cannot be are refused', () => {
  for (const wrong of [
    () => new MountainCarEnv({ goalVelocity: Number.NaN }),
    () => new ContinuousMountainCarEnv({ goalVelocity: '1' as unknown as number }),
    () => new PendulumEnv({ g: Infinity }),
    () => new AcrobotEnv({ bookOrNips: 'paper' as 'nips' }),
    () => new AcrobotEnv({ torqueNoiseMax: null as unknown as number }),
  ])
    assert.is(code(wrong), 'ENVS_INVALID_KWARGS')
  assert.is(
    code(() => new PendulumEnv().reset({ options: { xInit: -1 } })),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => new MountainCarEnv().reset({ options: { low: 1, high: 0 } })),
    'ENVS_INVALID_BOUND',
  )
})

test('a push stronger than the engine moves the car as the strongest, and costs what was asked for', () => {
  const [strong, full] = [new ContinuousMountainCarEnv(), new ContinuousMountainCarEnv()]
  strong.reset({ seed: 5 })
  full.reset({ seed: 5 })
  assert.equal(strong.step([2])[1], -0.4)
  assert.equal(full.step([1])[1], -0.1)
  assert.ok(Math.abs(strong.state![1]! - full.state![1]!) < 1e-9)
})

test('the pendulum is drawn where its angle says, hanging down and upright', () => {
  const env = new PendulumEnv({ renderMode: 'rgb_array' })
  env.reset({ seed: 1 })
  const colourAt = (x: number, y: number) => {
    const { data, width } = env.render() as RGBFrame
    return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)]
  }
  env.state!.set([0, 0])
  assert.equal(
    [colourAt(250, 170), colourAt(250, 330)],
    [
      [204, 77, 77],
      [255, 255, 255],
    ],
  )
  env.state!.set([Math.PI, 0])
  assert.equal(
    [colourAt(250, 170), colourAt(250, 330)],
    [
      [255, 255, 255],
      [204, 77, 77],
    ],
  )
})

test.run()
