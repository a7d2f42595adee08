import {
  CartPoleEnv,
  checkEnv,
  Env,
  type Info,
  make,
  makeVec,
  type ResetOptions,
  register,
  registry,
  type StepResult,
  setWarningHandler,
  spaces,
} from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code } from './helpers.js'

setWarningHandler(() => {})

function refuses(expected: string, action: () => unknown, says: RegExp): void {
  assert.is(code(action), expected, String(says))
  assert.throws(action, says)
}

/** Plays until the task has ended. */
function ended(id: string): Env {
  const env = make<unknown, unknown>(id, { maxEpisodeSteps: -1 })
  env.reset({ seed: 1 })
  env.actionSpace.seed(1)
  while (!env.step(env.actionSpace.sample())[2]);
  return env as Env
}

for (const id of ['CartPole-v1', 'FrozenLake-v1', 'LunarLander-v3', 'Hopper-v5', 'MinAtar/Breakout-v1', 'TMaze-v0']) {
  test(`a step of ${id} after it has terminated is refused until it is reset, also where its state was saved at the end`, () => {
    const env = ended(id)
    const saved = env.getState()
    refuses('ENVS_RESET_NEEDED', () => env.step(env.actionSpace.sample()), /has terminated; call env\.reset\(\)/)
    env.reset()
    assert.is(env.step(env.actionSpace.sample()).length, 5)
    env.setState(saved)
    refuses('ENVS_RESET_NEEDED', () => env.step(env.actionSpace.sample()), /has terminated/)
  })
}

test('after a truncation, which is no end of the task, steps go on', () => {
  const env = make('Pendulum-v1', { maxEpisodeSteps: 2 })
  env.reset({ seed: 1 })
  const flags = [0, 1, 2].map(() => env.step([0]).slice(2, 4))
  assert.equal(flags, [
    [false, false],
    [false, true],
    [false, true],
  ])
})

test('where the order is not enforced, a step after the end is what the environment makes of it', () => {
  register({ id: 'Loose-v0', entryPoint: CartPoleEnv, orderEnforce: false })
  const env = ended('Loose-v0')
  assert.equal(env.step(1).slice(1, 4), [0, true, false])
  registry.delete('Loose-v0')
})

test('a misspelt option of reset is named, which would have left the environment unseeded', () => {
  const wrong = { sede: 3 } as ResetOptions
  refuses(
    'ENVS_INVALID_KWARGS',
    () => make('CartPole-v1').reset(wrong),
    /reset has no option sede; it has seed, options\. Did you mean seed\?/,
  )
  refuses('ENVS_INVALID_KWARGS', () => new CartPoleEnv().reset(wrong), /sede/)
  refuses('ENVS_INVALID_KWARGS', () => makeVec('CartPole-v1').reset(wrong), /sede; it has seed, options, out, offset/)
  refuses('ENVS_INVALID_KWARGS', () => make('CartPole-v1').reset({ options: 7 as never }), /options of reset must be an object, got 7/)
})

/** Gives NaN where it is told to. */
class Undefined extends Env<Float32Array, number> {
  override readonly actionSpace = new spaces.Discrete(1)
  override readonly observationSpace = new spaces.Box(-1, 1, { shape: [2] })
  private steps = 0
  constructor(readonly options: { inReset?: boolean; afterSteps?: number; reward?: boolean } = {}) {
    super()
  }
  override reset({ seed }: ResetOptions = {}): [Float32Array, Info] {
    this.seedRandom(seed)
    this.steps = 0
    return [Float32Array.of(0, this.options.inReset ? NaN : 0), {}]
  }
  override step(): StepResult<Float32Array> {
    const bad = ++this.steps > (this.options.afterSteps ?? Infinity)
    return [Float32Array.of(0, bad && !this.options.reward ? NaN : 0), bad && this.options.reward ? NaN : 0, false, false, {}]
  }
}
register({ id: 'Undefined-v0', entryPoint: Undefined })

test('NaN in the observation of a reset is an error as it is in a step', () => {
  refuses('ENVS_NOT_A_NUMBER', () => make('Undefined-v0', { inReset: true }).reset(), /reset\(\) of <Undefined.*NaN/)
  refuses('ENVS_NOT_A_NUMBER', () => makeVec('Undefined-v0', { numEnvs: 2, inReset: true }).reset(), /NaN/)
})

test('checkEnv finds NaN that comes only after some steps, in observations and in rewards', () => {
  for (const options of [{ afterSteps: 5 }, { afterSteps: 5, reward: true }, { inReset: true }]) {
    assert.is(
      code(() => checkEnv(new Undefined(options))),
      'ENVS_NOT_A_NUMBER',
    )
  }
  assert.equal(checkEnv(new Undefined()), [])
})

test('checkEnv of a class or of nothing says what it needs, in one line', () => {
  refuses('ENVS_CHECK_FAILED', () => checkEnv(Undefined as never), /an environment that extends Env, got the function Undefined$/)
  refuses('ENVS_CHECK_FAILED', () => checkEnv(undefined as never), /got undefined$/)
})

const FLAGS: [id: string, option: string][] = [
  ['CartPole-v1', 'suttonBartoReward'],
  ['FrozenLake-v1', 'isSlippery'],
  ['CliffWalking-v1', 'isSlippery'],
  ['Taxi-v4', 'isRainy'],
  ['Taxi-v4', 'ficklePassenger'],
  ['Blackjack-v1', 'natural'],
  ['Blackjack-v1', 'sab'],
  ['LunarLander-v3', 'enableWind'],
  ['BipedalWalker-v3', 'hardcore'],
  ['CarRacing-v3', 'domainRandomize'],
  ['MinAtar/Breakout-v1', 'difficultyRamping'],
]

test('an option that is true or false is nothing else, in the kernel as in the single environment', () => {
  for (const [id, option] of FLAGS) {
    const native = registry.get(id)!.nativeEntryPoint !== null
    for (const value of ['no', 1, null]) {
      const says = new RegExp(`${option} of \\w+ is true or false, got ${value === 'no' ? '"no"' : value}`)
      refuses('ENVS_INVALID_KWARGS', () => make<unknown, unknown>(id, { [option]: value }), says)
      if (native) refuses('ENVS_INVALID_KWARGS', () => makeVec(id, { vectorizationMode: 'native', [option]: value }), says)
    }
  }
})

test('a camera that is none is refused when the environment is made, and not at the first picture', () => {
  for (const [wrong, says] of [
    [{ cameraId: 'track' }, /cameraId of Hopper is .*, got "track"/],
    [{ cameraName: 3 }, /cameraName of Hopper is .*, got 3/],
    [{ defaultCameraConfig: 5 }, /defaultCameraConfig of Hopper must be an object, got 5/],
    [{ defaultCameraConfig: { distanze: 3 } }, /distanze.*Did you mean distance\?/],
    [{ defaultCameraConfig: { distance: 'far' } }, /distance of the camera is a number, got "far"/],
    [{ defaultCameraConfig: { lookat: [1, 2] } }, /lookat of the camera is three numbers/],
    [{ visualOptions: { 3: true } }, /visualOptions of Hopper is null/],
  ] as const) {
    refuses('ENVS_INVALID_KWARGS', () => make('Hopper-v5', wrong), says)
  }
  make('Hopper-v5', {
    cameraId: -1,
    cameraName: null,
    defaultCameraConfig: { distance: 2, lookat: [0, 0, 1] },
    visualOptions: null,
  }).close()
})

test.run()
