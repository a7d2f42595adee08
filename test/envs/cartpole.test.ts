import fc from 'fast-check'
import { CartPoleEnv, type Env, make, type RGBFrame, type StackState } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code, warnings } from './helpers.js'

const actions = fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 60 })

/** Plays, resetting where an episode ends, and gives all that was seen. */
function play(env: Env<Float32Array, number>, moves: number[]): unknown[] {
  return moves.map((action) => {
    const result = env.step(action)
    return result[2] || result[3] ? [...result, env.reset()] : result
  })
}

test('at any point of any trajectory the whole stack can be saved, and another instance goes on exactly', () => {
  fc.assert(
    fc.property(fc.nat(), actions, actions, (seed, before, after) => {
      const env = make('CartPole-v1', { maxEpisodeSteps: 17 })
      env.reset({ seed })
      play(env, before)
      const saved = JSON.parse(JSON.stringify(env.getState())) as StackState
      const expected = play(env, after)
      const other = make('CartPole-v1', { maxEpisodeSteps: 17 })
      other.setState(saved)
      assert.equal(play(other, after), expected)
      env.setState(saved)
      assert.equal(play(env, after), expected)
    }),
  )
})

test('the state of another stack of wrappers is refused', () => {
  const env = make('CartPole-v1')
  env.reset({ seed: 1 })
  assert.is(
    code(() => make('CartPole-v1', { maxEpisodeSteps: -1 }).setState(env.getState())),
    'ENVS_INVALID_STATE',
  )
  assert.is(
    code(() => new CartPoleEnv().setState(env.getState())),
    'ENVS_INVALID_STATE',
  )
  assert.is(
    code(() => env.setState(null as unknown as StackState)),
    'ENVS_INVALID_STATE',
  )
  const broken = { random: null, seed: null, own: { state: [1], stepsBeyondTerminated: null } }
  assert.is(
    code(() => new CartPoleEnv().setState(broken)),
    'ENVS_INVALID_STATE',
  )
})

test('observations are in the observation space until the episode ends, and sampled actions are valid', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const env = make('CartPole-v1')
      env.actionSpace.seed(seed)
      env.reset({ seed })
      for (let ended = false; !ended; ) {
        const [observation, reward, terminated, truncated] = env.step(env.actionSpace.sample())
        assert.ok(env.observationSpace.contains(observation))
        assert.is(reward, 1)
        ended = terminated || truncated
      }
    }),
    { numRuns: 30 },
  )
})

test('stepping before reset and impossible actions are named errors', () => {
  assert.is(
    code(() => make('CartPole-v1').step(0)),
    'ENVS_RESET_NEEDED',
  )
  assert.is(
    code(() => new CartPoleEnv().step(0)),
    'ENVS_RESET_NEEDED',
  )
  const env = make('CartPole-v1')
  env.reset({ seed: 0 })
  for (const action of [2, -1, 0.5, Number.NaN, '1', null])
    assert.is(
      code(() => env.step(action as number)),
      'ENVS_INVALID_ACTION',
      String(action),
    )
  assert.throws(() => env.step(2), /got 2/)
})

test('stepping on after the fall warns once an episode, as in Gymnasium', () => {
  const env = new CartPoleEnv()
  env.reset({ seed: 0 })
  const given = warnings(() => {
    for (let i = 0; i < 60; i++) env.step(1)
  })
  assert.is(given.length, 1)
})

test('the interval of the reset state can be set for an episode, and must make sense', () => {
  const env = make('CartPole-v1')
  const [observation] = env.reset({ seed: 1, options: { low: 0.01, high: 0.02 } })
  assert.ok(observation.every((value) => value >= 0.01 && value <= 0.02))
  assert.is(
    code(() => env.reset({ options: { low: 1, high: 0 } })),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => env.reset({ options: { low: 'much' } })),
    'ENVS_INVALID_BOUND',
  )
})

test('the seed of the environment can be asked, and its generator replaced', () => {
  const env = make('CartPole-v1')
  env.reset({ seed: 5 })
  assert.is(env.npRandomSeed, 5)
  const first = env.npRandom.clone()
  const [expected] = env.reset()
  env.npRandom = first
  assert.is(env.npRandomSeed, -1)
  assert.equal(env.reset()[0], expected)
})

test('rgb_array is a picture with the cart where the state says, without touching the dynamics', () => {
  const env = make('CartPole-v1', { renderMode: 'rgb_array' })
  const plain = make('CartPole-v1')
  assert.is(
    code(() => env.render()),
    'ENVS_RESET_NEEDED',
  )
  env.reset({ seed: 4 })
  plain.reset({ seed: 4 })
  const { state } = env.unwrapped as unknown as CartPoleEnv
  const saved = Float64Array.from(state!)
  state!.fill(0)
  const frame = env.render() as RGBFrame
  assert.equal([frame.width, frame.height, frame.data.length], [600, 400, 600 * 400 * 3])
  const pixel = (x: number, y: number) => [...frame.data.subarray(3 * (y * 600 + x), 3 * (y * 600 + x) + 3)]
  assert.equal(pixel(5, 5), [255, 255, 255])
  assert.equal(pixel(320, 400 - 95), [0, 0, 0], 'the cart')
  assert.equal(pixel(300, 400 - 170), [202, 152, 101], 'the pole')
  state!.set(saved)
  assert.equal(env.step(1), plain.step(1))
  assert.is(plain.render(), null)
})

test('ansi is text that leans with the pole', () => {
  const env = new CartPoleEnv({ renderMode: 'ansi' })
  env.reset({ seed: 4 })
  env.state!.set([0, 0, 0.2, 0])
  assert.match(env.render() as string, /\/.*\n.*#.*\nx=0\.000 m {2}theta=11\.46 deg/s)
  env.state!.set([-1, 0, -0.2, 0])
  assert.match(env.render() as string, /\\/)
})

test.run()
