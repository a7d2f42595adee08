import {
  CartPoleEnv,
  type Env,
  type EnvSpec,
  make,
  makeVec,
  RandomGenerator,
  type RandomState,
  type Registration,
  register,
  registry,
  type StackState,
  spaces,
} from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Corridor, code, warnings } from './helpers.js'

const bad = <T>(value: unknown) => value as T

function refuses(expected: string, action: () => unknown, says: RegExp): void {
  assert.is(code(action), expected, String(says))
  assert.throws(action, says)
}

test.after.each(() => {
  for (const id of registry.keys()) if (!id.startsWith('CartPole-v')) registry.delete(id)
})

test('options that are no object, and ids that are no text, are named', () => {
  for (const options of [null, 7, 'rgb_array', []]) {
    refuses('ENVS_INVALID_KWARGS', () => make('CartPole-v1', bad(options)), /options of make must be an object, got/)
    refuses('ENVS_INVALID_KWARGS', () => makeVec('CartPole-v1', bad(options)), /options of makeVec must be an object, got/)
  }
  for (const id of [null, undefined, 5, 5n, {}]) {
    refuses('ENVS_MALFORMED_ID', () => make(bad<EnvSpec>(id)), /such as CartPole-v1/)
    refuses('ENVS_MALFORMED_ID', () => makeVec(bad<string>(id)), /such as CartPole-v1/)
  }
  refuses('ENVS_UNSUPPORTED_MODE', () => make('CartPole-v1', { renderMode: bad(5) }), /5/)
  refuses('ENVS_INVALID_KWARGS', () => make('CartPole-v1', { maxEpisodeSteps: bad(20n) }), /got 20n/)
  refuses('ENVS_INVALID_KWARGS', () => new CartPoleEnv(bad(null)), /must be an object, got null/)
})

test('spaces made of the wrong things say what they need', () => {
  const make = bad<new (...args: unknown[]) => unknown>(spaces.Box)
  refuses('ENVS_INVALID_SPACE', () => new make(), /low must be a number or an array of numbers, got undefined/)
  refuses('ENVS_INVALID_SPACE', () => new make(0), /high must be .*, got undefined/)
  refuses('ENVS_INVALID_SPACE', () => new make(0n, 1n), /got 0n/)
  refuses('ENVS_INVALID_SPACE', () => new make(Number.NaN, 1), /NaN/)
  refuses('ENVS_INVALID_SPACE', () => new make(0, 1, { shape: 3 }), /shape.*\[3\].*got 3/)
  refuses('ENVS_INVALID_SPACE', () => new make(0, 1, null), /got null/)
  refuses('ENVS_INVALID_SPACE', () => new make([0, '1'], [1, 2]), /got "1"/)
  refuses('ENVS_INVALID_SPACE', () => new (bad<new () => unknown>(spaces.MultiDiscrete))(), /got undefined/)
  refuses('ENVS_INVALID_SPACE', () => new (bad<new () => unknown>(spaces.Discrete))(), /n=undefined/)
  refuses('ENVS_INVALID_SPACE', () => new spaces.Discrete(bad<number>(3n)), /n=3n/)
  refuses('ENVS_INVALID_SPACE', () => spaces.spaceFromJSON({ type: 'Discrete', n: Number.NaN, start: 0, dtype: 'int64' }), /got NaN/)
  refuses('ENVS_INVALID_SPACE', () => spaces.spaceFromJSON({ type: 'Discrete', n: 5n, start: 0, dtype: 'int64' }), /got 5n/)
  refuses('ENVS_INVALID_SPACE', () => spaces.batchSpace(new spaces.Box(0, 1, { shape: [4] }), 1e9), /1000000000/)
})

test('a registration with a misspelt field, without an id, or of a class that is no environment is refused', () => {
  refuses('ENVS_REGISTRATION', () => register(bad<Registration>(undefined)), /got undefined/)
  refuses('ENVS_MALFORMED_ID', () => register(bad<Registration>({ entryPoint: Corridor })), /undefined/)
  const misspelt = { id: 'Corridor-v0', entryPoint: Corridor, maxEpisodeStep: 10 }
  refuses('ENVS_REGISTRATION', () => register(misspelt), /maxEpisodeStep;.*Did you mean maxEpisodeSteps\?/)
  refuses('ENVS_REGISTRATION', () => register({ id: 'C-v0', entryPoint: Corridor, maxEpisodeSteps: bad(12n) }), /got 12n/)
  class Plain {}
  refuses('ENVS_REGISTRATION', () => register({ id: 'Plain-v0', entryPoint: bad(Plain) }), /Plain.*does not extend Env/)
  refuses('ENVS_REGISTRATION', () => register({ id: 'Plain-v0', entryPoint: bad(class {}) }), /does not extend Env/)
  const vector = { id: 'Plain-v0', entryPoint: Corridor, vectorEntryPoint: bad<null>(Plain) }
  refuses('ENVS_REGISTRATION', () => register(vector), /Plain.*does not extend VectorEnv/)
  register({ id: 'Odd-v0', entryPoint: Corridor, vectorEntryPoint: bad<null>(() => ({})) })
  refuses('ENVS_REGISTRATION', () => makeVec('Odd-v0'), /VectorEnv/)
  assert.is(registry.has('Plain-v0'), false)
  register({ ...registry.get('CartPole-v1')!, id: 'Copied-v3' })
  assert.equal([registry.get('Copied-v3')!.name, registry.get('Copied-v3')!.version], ['Copied', 3])
})

test('an outdated version is warned about once, however many environments of it are made', () => {
  const given = warnings(() => {
    make('CartPole-v0')
    makeVec('CartPole-v0', { numEnvs: 3, vectorizationMode: 'sync' })
    make('CartPole-v0')
  })
  assert.is(given.filter((text) => text.includes('out of date')).length, 1, given.join('\n'))
})

for (const [name, create] of [
  ['an environment', () => new CartPoleEnv()],
  ['a stack of wrappers', () => make('CartPole-v1')],
] as const) {
  test(`${name} takes a seed of null as none, and refuses a reset with what is no object`, () => {
    const [env, same] = [create(), create()] as Env<Float32Array, number>[]
    assert.equal(env!.reset({ seed: 4 }), same!.reset({ seed: 4 }))
    assert.equal(env!.reset({ seed: bad(null) }), same!.reset())
    refuses('ENVS_INVALID_KWARGS', () => env!.reset(bad(null)), /reset takes \{ seed, options \}, got null/)
    refuses('ENVS_INVALID_KWARGS', () => env!.reset(bad(42)), /write reset\(\{ seed: 42 \}\)/)
  })
}

test('a reset that failed does not count as one', () => {
  const env = make('CartPole-v1')
  refuses('ENVS_INVALID_SEED', () => env.reset({ seed: -1 }), /got -1/)
  refuses('ENVS_RESET_NEEDED', () => env.step(0), /reset/)
})

test('a refused state leaves the seed, the stream and every variable of a stack as they were', () => {
  const other = make('CartPole-v1')
  other.reset({ seed: 77 })
  other.step(1)
  other.step(1)
  const env = make('CartPole-v1')
  env.reset({ seed: 5 })
  env.step(0)
  const saved = JSON.stringify(env.getState())
  type Nested = { own: Record<string, unknown>; env?: Nested; seed?: unknown; random?: Record<string, unknown> }
  const innermost = (state: Nested): Nested => (state.env ? innermost(state.env) : state)
  const breakings: ((state: Nested) => void)[] = [
    (state) => (innermost(state).seed = 'abc'),
    (state) => (innermost(state).seed = {}),
    (state) => (innermost(state).own = bad(null)),
    (state) => (innermost(state).own.state = [1, 2]),
    (state) => (innermost(state).own.state = [1, 2, 3, 'x']),
    (state) => (innermost(state).own.stepsBeyondTerminated = 'x'),
    (state) => (innermost(state).random!.state = 'zzz'),
    (state) => (innermost(state).random!.inc = 5),
    (state) => (innermost(state).random!.seedSequence = { entropy: 'q', spawnKey: [] }),
    (state) => (innermost(state).random!.seedSequence = { entropy: '0x1', spawnKey: [-4] }),
    (state) => (innermost(state).random!.hasUint32 = 9),
    (state) => (state.own = bad(null)),
    (state) => (state.own.elapsedSteps = 'many'),
    (state) => (state.own.env = {}),
    (state) => (state.env!.own.hasReset = 4),
  ]
  for (const [i, breaking] of breakings.entries()) {
    const state = JSON.parse(JSON.stringify(other.getState())) as Nested
    breaking(state)
    assert.is(
      code(() => env.setState(bad<StackState>(state))),
      'ENVS_INVALID_STATE',
      `breaking ${i}`,
    )
    assert.is(JSON.stringify(env.getState()), saved, `breaking ${i}`)
  }
})

test('a generator refuses a broken state and goes on with its own', () => {
  const random = new RandomGenerator(1)
  const expected = random.clone().random()
  const broken = { ...new RandomGenerator(2).getState(), seedSequence: bad<RandomState['seedSequence']>({ entropy: 4 }) }
  refuses('ENVS_INVALID_STATE', () => random.setState(broken), /seedSequence/)
  assert.is(random.random(), expected)
})

test.run()
