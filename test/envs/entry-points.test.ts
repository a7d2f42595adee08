import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  EntryPointNotLoaded,
  type Env,
  EnvSpec,
  make,
  makeAsync,
  OnlyInPython,
  pprintRegistry,
  register,
  registerEntryPoint,
  registry,
  spec,
  Wrapper,
  wrappers,
} from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Corridor, code, temporaryFolder, warnings } from './helpers.js'

/** A module of a user's, that registers an environment and exports another and a wrapper. */
function writeModule(): string {
  const index = new URL('../../envs/index.js', import.meta.url).href
  const path = join(temporaryFolder('entry'), 'mine.mjs')
  writeFileSync(
    path,
    `import { Env, register, spaces, Wrapper } from ${JSON.stringify(index)}
export class Door extends Env {
  observationSpace = new spaces.Discrete(2)
  actionSpace = new spaces.Discrete(2)
  reset({ seed } = {}) { this.seedRandom(seed); return [0, {}] }
  step(action) { return [action, action, action === 1, false, {}] }
}
export class Twice extends Wrapper {
  constructor(env, options) { super(env, options); this.times = options.times }
  step(action) { const result = this.env.step(action); result[1] *= this.times; return result }
}
register({ id: 'mine/Door-v0', entryPoint: Door })
`,
  )
  return path
}

async function failure(promise: Promise<unknown>): Promise<Error & { code: string }> {
  return promise.then(
    () => Promise.reject(new Error('nothing thrown')),
    (error) => error,
  )
}

test('an entry point given as module:Export is imported by makeAsync, and known to make from then on', async () => {
  const path = writeModule()
  register({ id: 'Lazy-v0', entryPoint: `${path}:Door`, maxEpisodeSteps: 3 })
  assert.throws(
    () => make('Lazy-v0'),
    (error: Error) => error instanceof EntryPointNotLoaded && /await makeAsync/.test(error.message),
  )
  const env = await makeAsync<number, number>('Lazy-v0')
  env.reset({ seed: 1 })
  assert.equal(env.step(1).slice(0, 3), [1, 1, true])
  assert.is(String(make('Lazy-v0')), '<TimeLimit<OrderEnforcing<PassiveEnvChecker<Door<Lazy-v0>>>>>')
})

test('module:Env-v0 is the environment that the module registers; a URL is a module too', async () => {
  const path = writeModule()
  assert.throws(() => make(`${path}:mine/Door-v0`), /await makeAsync/)
  assert.is((await makeAsync(`${pathToFileURL(path)}:Door-v0`).catch((error) => error)).code, 'ENVS_NAME_NOT_FOUND')
  assert.is(registry.get('mine/Door-v0')!.namespace, 'mine')
  assert.is((await failure(makeAsync('./nowhere.mjs:Door-v0'))).code, 'ENVS_ENTRY_POINT')
  register({ id: 'Missing-v0', entryPoint: `${path}:Window` })
  assert.match((await failure(makeAsync('Missing-v0'))).message, /has no export Window/)
})

test("the spec of a wrapped environment makes it again, from JSON too, in Gymnasium's order", () => {
  const { ClipReward, FrameStackObservation, RecordEpisodeStatistics } = wrappers
  const inner = new FrameStackObservation(make('CartPole-v1', { maxEpisodeSteps: 9, suttonBartoReward: true }), { stackSize: 2 })
  const env = new ClipReward(new RecordEpisodeStatistics(inner), { minReward: 0 })
  const made = env.spec!
  assert.equal(
    made.additionalWrappers.map(({ name, entryPoint, kwargs }) => [name, entryPoint, kwargs]),
    [
      ['FrameStackObservation', 'gymnura/envs:FrameStackObservation', { stackSize: 2 }],
      ['RecordEpisodeStatistics', 'gymnura/envs:RecordEpisodeStatistics', {}],
      ['ClipReward', 'gymnura/envs:ClipReward', { minReward: 0 }],
    ],
  )
  const again = EnvSpec.fromJSON(JSON.stringify(made))
  assert.equal(again, made)
  for (const known of [made, again]) {
    const other = make(known)
    assert.is(String(other), String(env))
    assert.equal(other.reset({ seed: 4 }), env.reset({ seed: 4 }))
    for (let t = 0; t < 8; t++) assert.equal(other.step(t % 2).slice(0, 4), env.step(t % 2).slice(0, 4))
    assert.equal(other.spec, made)
  }
  assert.match(made.pprint(), /^id=CartPole-v1\nrewardThreshold=475\nmaxEpisodeSteps=9\n/)
})

test('wrappers that stand in the registration are put around, given as specs or as functions', () => {
  const timed = { name: 'TimeAwareObservation', entryPoint: 'gymnura/envs:TimeAwareObservation', kwargs: { flatten: false } }
  register({
    id: 'Timed-v0',
    entryPoint: Corridor,
    maxEpisodeSteps: 5,
    additionalWrappers: [timed, (env: Env) => new wrappers.Autoreset(env)],
  })
  const env = make('Timed-v0')
  assert.is(String(env), '<Autoreset<TimeAwareObservation<TimeLimit<OrderEnforcing<PassiveEnvChecker<Corridor<Timed-v0>>>>>>>')
  assert.is(String(make(env.spec!)), String(env))
  assert.equal(spec('Timed-v0').additionalWrappers, [timed])
  registry.delete('Timed-v0')
})

test('what cannot be written or made again says why', () => {
  const env = new wrappers.TransformReward(make('CartPole-v1'), { func: (reward) => 2 * reward })
  assert.throws(() => JSON.stringify(env.spec), /TransformReward cannot be written as JSON: its option func is a function/)
  assert.is(make<number, number>(env.spec!).reset({ seed: 1 }).length, 2)
  class Plain extends Wrapper {}
  class Named extends Wrapper {
    constructor(inner: Env) {
      super(inner, {})
    }
  }
  assert.throws(() => make(new Plain(make('CartPole-v1')).spec!), /Plain has no name to be found by.*registerEntryPoint/)
  registerEntryPoint('mine:Plain', Plain)
  assert.throws(() => make(new Plain(make('CartPole-v1')).spec!), /Plain cannot be made again.*super\(env, options\)/)
  registerEntryPoint('mine:Named', Named)
  assert.instance(make(new Named(make('CartPole-v1')).spec!), Named)
  for (const broken of ['{', '[]', '{"id": 3}', '{"id": "X-v0", "additionalWrappers": [{}]}']) {
    assert.is(
      code(() => EnvSpec.fromJSON(broken)),
      'ENVS_REGISTRATION',
      broken,
    )
  }
})

test('environments that only Python has, and older versions, point to PythonEnv', () => {
  for (const [id, module] of [
    ['ALE/Pong-v5', 'ale_py'],
    ['phys2d/CartPole-v1', 'gymnasium'],
    ['MiniGrid-Empty-5x5-v0', 'minigrid'],
    ['FetchReach-v4', 'gymnasium_robotics'],
  ]) {
    assert.throws(
      () => make(id!),
      (error: Error) => error instanceof OnlyInPython && error.message.includes(`new PythonEnv('${module}:${id}')`),
    )
  }
  register({ id: 'Strider-v5', entryPoint: Corridor })
  assert.throws(() => make('Strider-v4'), /no longer supported; use Strider-v5, or new PythonEnv\('gymnasium:Strider-v4'\)/)
})

test('the registry is printed by namespace, in columns', () => {
  register({ id: 'lab/A-v0', entryPoint: Corridor })
  register({ id: 'lab/B-v1', entryPoint: Corridor })
  const text = pprintRegistry({ columns: 2 })
  assert.match(text, /===== gymnura =====\n(.*\n)*.*CartPole-v1/)
  assert.match(text, /===== lab =====\nlab\/A-v0 +lab\/B-v1/)
  assert.not.match(pprintRegistry({ excludeNamespaces: ['lab'] }), /lab/)
})

test('a copy of a registered environment keeps its entry points and its wrappers', () => {
  const around = (env: Env) => new wrappers.Autoreset(env)
  register({ id: 'First-v0', entryPoint: Corridor, additionalWrappers: [around] })
  register({ ...spec('First-v0'), id: 'Second-v0' })
  assert.instance(make('Second-v0'), wrappers.Autoreset)
  assert.equal(
    warnings(() => make('Second-v0')),
    [],
  )
})

test.run()
