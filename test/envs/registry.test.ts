import {
  CartPoleEnv,
  DeprecatedEnv,
  make,
  makeVec,
  NameNotFound,
  NamespaceNotFound,
  register,
  registry,
  spec,
  VersionNotFound,
  wrappers,
} from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Corridor, code, warnings } from './helpers.js'

test.after.each(() => {
  for (const id of registry.keys()) if (!id.startsWith('CartPole-v')) registry.delete(id)
})

test('an id that is misspelt is answered with the one that was probably meant', () => {
  assert.throws(() => make('CartPoel-v1'), /Did you mean CartPole-v1\?/)
  assert.throws(() => make('cartpole-v1'), /Did you mean CartPole-v1\?/)
  assert.throws(() => make('Xyzzy-v0'), /Registered: .*CartPole-v0.*CartPole-v1/)
})

test("what is wrong with an id has Gymnasium's error name", () => {
  assert.instance(
    thrown(() => make('CartPoel-v1')),
    NameNotFound,
  )
  assert.instance(
    thrown(() => make('CartPole-v7')),
    VersionNotFound,
  )
  register({ id: 'lab/Corridor-v3', entryPoint: Corridor })
  assert.instance(
    thrown(() => make('lab/Corridor-v1')),
    DeprecatedEnv,
  )
  assert.throws(() => make('lab/Corridor-v1'), /use lab\/Corridor-v3/)
  assert.instance(
    thrown(() => make('labs/Corridor-v3')),
    NamespaceNotFound,
  )
  assert.throws(() => make('labs/Corridor-v3'), /Did you mean lab\?/)
  assert.is(
    code(() => make('not an id')),
    'ENVS_MALFORMED_ID',
  )
  assert.is(
    code(() => makeVec('CartPole-v9')),
    'ENVS_VERSION_NOT_FOUND',
  )
})

test('without a version the latest is made, and an outdated one is made with a warning', () => {
  let id = ''
  assert.match(warnings(() => (id = make('CartPole').spec!.id))[0]!, /CartPole-v1, is used/)
  assert.is(id, 'CartPole-v1')
  assert.match(warnings(() => make('CartPole-v0'))[0]!, /out of date/)
  assert.equal(
    warnings(() => make('CartPole-v1')),
    [],
  )
})

test('spec tells what is known of an environment', () => {
  const { id, name, namespace, version, maxEpisodeSteps, rewardThreshold } = spec('CartPole-v1')
  assert.equal([id, name, namespace, version, maxEpisodeSteps, rewardThreshold], ['CartPole-v1', 'CartPole', null, 1, 500, 475])
  assert.equal([spec('CartPole-v0').maxEpisodeSteps, spec('CartPole-v0').rewardThreshold], [200, 195])
})

test('make stacks the wrappers that Gymnasium stacks, and the options take them away', () => {
  assert.is(String(make('CartPole-v1')), '<TimeLimit<OrderEnforcing<PassiveEnvChecker<CartPoleEnv<CartPole-v1>>>>>')
  assert.is(String(make('CartPole-v1', { disableEnvChecker: true, maxEpisodeSteps: -1 })), '<OrderEnforcing<CartPoleEnv<CartPole-v1>>>')
  assert.instance(make('CartPole-v1').unwrapped, CartPoleEnv)
  assert.is(make('CartPole-v1', { maxEpisodeSteps: 7 }).spec!.maxEpisodeSteps, 7)
})

test('an environment is made again from its spec', () => {
  const env = make('CartPole-v1', { maxEpisodeSteps: 3, suttonBartoReward: true })
  const again = make(env.spec!)
  again.reset({ seed: 1 })
  assert.equal([again.step(0)[1], again.step(1)[3], again.step(0)[3]], [0, false, true])
})

test("a user's own class of ten lines is registered, made, and vectorised", () => {
  register({ id: 'Corridor-v0', entryPoint: Corridor, maxEpisodeSteps: 20 })
  const env = make<number, number>('Corridor-v0')
  env.reset({ seed: 3 })
  assert.is(env.step(1)[4].note, 'far')
  const envs = makeVec<Int32Array>('Corridor-v0', { numEnvs: 3, vectorizationMode: 'sync' })
  assert.instance(envs.reset({ seed: 3 })[0], Int32Array)
  const factory = (kwargs: { renderMode: string | null }) => Object.assign(new Corridor(), { renderMode: kwargs.renderMode })
  register({ id: 'Factory-v0', entryPoint: factory })
  register({ id: 'Wrapped-v0', entryPoint: () => new wrappers.RecordEpisodeStatistics(new Corridor()), maxEpisodeSteps: 2 })
  assert.is(String(make('Wrapped-v0')), '<TimeLimit<OrderEnforcing<PassiveEnvChecker<RecordEpisodeStatistics<Corridor<Wrapped-v0>>>>>>')
  assert.is(make('Wrapped-v0').spec!.maxEpisodeSteps, 2)
  assert.instance(make('Factory-v0').unwrapped, Corridor)
})

test('what cannot be registered is refused, and a replaced id is warned about', () => {
  assert.is(
    code(() => register({ id: 'Empty-v0' })),
    'ENVS_REGISTRATION',
  )
  assert.is(
    code(() => register({ id: 'Text-v0', entryPoint: 'no colon' })),
    'ENVS_ENTRY_POINT',
  )
  assert.is(
    code(() => register({ id: 'CartPole', entryPoint: Corridor })),
    'ENVS_REGISTRATION',
  )
  register({ id: 'Corridor-v0', entryPoint: Corridor })
  assert.match(warnings(() => register({ id: 'Corridor-v0', entryPoint: Corridor }))[0]!, /is replaced/)
  register({ id: 'Wrong-v0', entryPoint: (() => ({})) as unknown as typeof Corridor })
  assert.is(
    code(() => make('Wrong-v0')),
    'ENVS_REGISTRATION',
  )
})

test('options and modes that do not exist are refused with those that do', () => {
  assert.throws(() => make('CartPole-v1', { suttonBartoRewards: true }), /Did you mean suttonBartoReward\?/)
  assert.is(
    code(() => make('CartPole-v1', { gravity: 3 })),
    'ENVS_INVALID_KWARGS',
  )
  assert.is(
    code(() => makeVec('CartPole-v1', { gravity: 3 })),
    'ENVS_INVALID_KWARGS',
  )
  assert.is(
    code(() => makeVec('CartPole-v1', { gravity: 3, vectorizationMode: 'sync' })),
    'ENVS_INVALID_KWARGS',
  )
  assert.is(
    code(() => make('CartPole-v1', { maxEpisodeSteps: 0 })),
    'ENVS_INVALID_KWARGS',
  )
  for (const vectorizationMode of ['sync', 'native', 'vector_entry_point'] as const) {
    assert.is(
      code(() => makeVec('CartPole-v1', { maxEpisodeSteps: 0, vectorizationMode })),
      'ENVS_INVALID_KWARGS',
    )
  }
  assert.is(
    code(() => make('CartPole-v1', { renderMode: 'depth_array' })),
    'ENVS_UNSUPPORTED_MODE',
  )
  assert.is(
    code(() => makeVec('CartPole-v1', { renderMode: 'human' })),
    'ENVS_UNSUPPORTED_MODE',
  )
  assert.is(
    code(() => makeVec('CartPole-v1', { vectorizationMode: 'turbo' as 'sync' })),
    'ENVS_UNSUPPORTED_MODE',
  )
  assert.is(
    code(() => makeVec('CartPole-v1', { autoresetMode: 'NextStep' as 'next-step' })),
    'ENVS_UNSUPPORTED_MODE',
  )
  assert.is(
    code(() => makeVec('CartPole-v1', { numEnvs: 0 })),
    'ENVS_INVALID_KWARGS',
  )
  register({ id: 'Corridor-v0', entryPoint: Corridor })
  assert.is(
    code(() => makeVec('Corridor-v0', { vectorizationMode: 'native' })),
    'ENVS_UNSUPPORTED_MODE',
  )
})

function thrown(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return null
}

test.run()
