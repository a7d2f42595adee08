import { CartPoleEnv, Env, type EnvMetadata, type Info, make, type StepResult, spaces, wrappers } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Corridor, code, warnings } from './helpers.js'

const { Autoreset, OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, TimeLimit } = wrappers

test('a time limit truncates and does not terminate, and counts anew after a reset', () => {
  const env = new TimeLimit(new Corridor(), 3)
  for (let episode = 0; episode < 2; episode++) {
    env.reset({ seed: 1 })
    const flags = [0, 0, 0].map((action) => env.step(action).slice(2, 4))
    assert.equal(flags, [
      [false, false],
      [false, false],
      [false, true],
    ])
  }
  for (const limit of [0, -2, 1.5])
    assert.is(
      code(() => new TimeLimit(new Corridor(), limit)),
      'ENVS_INVALID_KWARGS',
    )
})

test('order is enforced for step and for render', () => {
  const env = new OrderEnforcing(new Corridor())
  assert.is(
    code(() => env.step(0)),
    'ENVS_RESET_NEEDED',
  )
  assert.is(
    code(() => env.render()),
    'ENVS_RESET_NEEDED',
  )
  env.reset()
  assert.ok(env.hasReset)
  env.step(0)
})

test('autoreset starts the next episode in the step after the end, and ignores that action', () => {
  const env = new Autoreset(new Corridor())
  env.reset({ seed: 1 })
  let result = env.step(1)
  while (!result[2]) result = env.step(1)
  assert.is(result[0], 4)
  const [observation, reward, terminated, truncated] = env.step(1)
  assert.ok(observation <= 1)
  assert.equal([reward, terminated, truncated], [0, false, false])
})

test('episode statistics are in the last info and in the queues, which keep the latest', () => {
  const env = new RecordEpisodeStatistics(new TimeLimit(new CartPoleEnv(), 5), { bufferLength: 2 })
  for (let episode = 0; episode < 3; episode++) {
    env.reset({ seed: episode })
    for (let i = 0; i < 4; i++) assert.not('episode' in env.step(i % 2)[4])
    const { r, l, t } = env.step(0)[4].episode as { r: number; l: number; t: number }
    assert.equal([r, l], [5, 5])
    assert.ok(t >= 0)
  }
  assert.is(env.episodeCount, 3)
  assert.equal([env.returnQueue, env.lengthQueue, env.timeQueue.length], [[5, 5], [5, 5], 2])
  const twice = new RecordEpisodeStatistics(new RecordEpisodeStatistics(new TimeLimit(new Corridor(), 1)))
  twice.reset()
  assert.is(
    code(() => twice.step(0)),
    'ENVS_INVALID_KWARGS',
  )
})

test('a wrapper saves its own variables with the state of what it wraps', () => {
  const make = () => new RecordEpisodeStatistics(new Autoreset(new TimeLimit(new Corridor(), 4)))
  const env = make()
  env.reset({ seed: 2 })
  for (let i = 0; i < 6; i++) env.step(0)
  const saved = structuredClone(env.getState())
  const other = make()
  other.setState(saved)
  const go = (one: typeof env) => [0, 1, 0, 0, 1].map((action) => one.step(action).slice(0, 4))
  assert.equal(go(other), go(env))
  assert.equal([other.episodeCount, other.returnQueue, other.lengthQueue], [env.episodeCount, env.returnQueue, env.lengthQueue])
})

/** Breaks the rules as told. */
class Broken extends Env<unknown, number> {
  override readonly actionSpace = new spaces.Discrete(2)
  override readonly observationSpace = new spaces.Box(0, 1, { shape: [2] })
  override metadata: EnvMetadata = { renderModes: ['rgb_array'] }

  constructor(readonly how: { reset?: unknown; step?: unknown; frame?: unknown }) {
    super()
  }
  override reset(): [unknown, Info] {
    return ('reset' in this.how ? this.how.reset : [new Float32Array(2), {}]) as [unknown, Info]
  }
  override step(): StepResult<unknown> {
    return ('step' in this.how ? this.how.step : [new Float32Array(2), 0, false, false, {}]) as StepResult<unknown>
  }
  override render() {
    return this.how.frame as string
  }
}

test('the passive checker throws for results of the wrong form', () => {
  const observation = new Float32Array(2)
  for (const reset of [observation, [observation], [observation, null], [observation, []]]) {
    assert.is(
      code(() => new PassiveEnvChecker(new Broken({ reset })).reset()),
      'ENVS_CHECK_FAILED',
      String(reset),
    )
  }
  for (const step of [
    null,
    [observation, 0, false, {}],
    [observation, '1', false, false, {}],
    [observation, 0, 0, false, {}],
    [observation, 0, false, false, null],
  ]) {
    assert.is(
      code(() => new PassiveEnvChecker(new Broken({ step })).step(0)),
      'ENVS_CHECK_FAILED',
      String(step),
    )
  }
  const env = new Broken({ frame: 'text' })
  env.renderMode = 'rgb_array'
  assert.is(
    code(() => new PassiveEnvChecker(env).render()),
    'ENVS_CHECK_FAILED',
  )
})

test('the passive checker warns of observations outside the space, odd rewards and data given twice', () => {
  const outside = Float32Array.of(0, 5)
  assert.match(warnings(() => new PassiveEnvChecker(new Broken({ reset: [outside, {}] })).reset())[0]!, /not in Box.*\[0,5\]/)
  assert.match(
    warnings(() => new PassiveEnvChecker(new Broken({ step: [outside, Infinity, false, false, {}] })).step(0)).join(),
    /reward is Infinity.*0,5/,
  )
  const same = new Float32Array(2)
  const reusing = new PassiveEnvChecker(new Broken({ reset: [same, {}], step: [same, 0, false, false, {}] }))
  const given = warnings(() => {
    reusing.reset()
    for (let i = 0; i < 5; i++) reusing.step(0)
  })
  assert.is(given.filter((warning) => warning.includes('same object')).length, 3, given.join('\n'))
})

test('NaN from an environment is an error with its own name, at whatever step it comes', () => {
  for (const [observation, reward] of [
    [Float32Array.of(Number.NaN, 0), 0],
    [new Float32Array(2), Number.NaN],
    [{ deep: [Float64Array.of(1, Number.NaN)] }, 0],
    [Number.NaN, 0],
  ]) {
    let steps = 0
    const env = new Broken({})
    env.step = () => (++steps < 4 ? [new Float32Array(2), 0, false, false, {}] : [observation, reward as number, false, false, {}])
    const checked = new PassiveEnvChecker(env)
    for (let t = 0; t < 3; t++) checked.step(0)
    assert.is(
      code(() => checked.step(0)),
      'ENVS_NOT_A_NUMBER',
    )
  }
})

test('the passive checker is silent about a good environment', () => {
  const given = warnings(() => {
    const env = make('CartPole-v1', { renderMode: 'ansi' })
    env.reset({ seed: 1 })
    for (let i = 0; i < 5; i++) env.step(i % 2)
    env.render()
    env.close()
    env.close()
  })
  assert.equal(given, [])
})

test.run()
