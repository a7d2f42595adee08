import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkEnv, type Env, EnvError, type MujocoEnv, make, makeVec, type RGBFrame, registry, type spaces, spec } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { HOPPER } from '../../envs/mujoco/models/hopper.js'
import { code, temporaryFolder } from './helpers.js'

/** One that may be stepped on where it lies. */
const loose = (id: string) => make(spec(id).with({ orderEnforce: false })) as Env<Float64Array, ArrayLike<number>>

const IDS = [
  'HalfCheetah-v5',
  'Hopper-v5',
  'Walker2d-v5',
  'Ant-v5',
  'Humanoid-v5',
  'HumanoidStandup-v5',
  'Swimmer-v5',
  'Reacher-v5',
  'Pusher-v5',
  'InvertedPendulum-v5',
  'InvertedDoublePendulum-v5',
] as const

for (const id of IDS) {
  test(`${id} keeps every rule of the API: the same seed gives the same numbers, a saved state goes on exactly, frames are whole`, () => {
    const env = make(id)
    const warnings = checkEnv(env.unwrapped)
    // What Gymnasium's own have too: unbounded observations, torques beyond 1.
    const odd = warnings.filter((warning) => !/infinite bounds|not symmetric within/.test(warning))
    assert.equal(odd, [])
  })
}

test('limits, thresholds and spaces are those of Gymnasium 1.4.0', () => {
  const table = IDS.map((id) => {
    const env = make(id)
    const [observation, action] = [env.observationSpace as spaces.Box<'float64'>, env.actionSpace as spaces.Box]
    const row = [
      id,
      registry.get(id)!.maxEpisodeSteps,
      registry.get(id)!.rewardThreshold,
      observation.dtype,
      observation.shape[0],
      action.dtype,
      action.shape[0],
      action.high[0],
    ]
    env.close()
    return row.join(' ')
  })
  assert.equal(table, [
    'HalfCheetah-v5 1000 4800 float64 17 float32 6 1',
    'Hopper-v5 1000 3800 float64 11 float32 3 1',
    'Walker2d-v5 1000  float64 17 float32 6 1',
    'Ant-v5 1000 6000 float64 105 float32 8 1',
    `Humanoid-v5 1000  float64 348 float32 17 ${Math.fround(0.4)}`,
    `HumanoidStandup-v5 1000  float64 348 float32 17 ${Math.fround(0.4)}`,
    'Swimmer-v5 1000 360 float64 8 float32 2 1',
    'Reacher-v5 50 -3.75 float64 10 float32 2 1',
    'Pusher-v5 100 0 float64 23 float32 7 2',
    'InvertedPendulum-v5 1000 950 float64 4 float32 1 3',
    'InvertedDoublePendulum-v5 1000 9100 float64 9 float32 1 1',
  ])
})

test('a state saved in the middle of a run, through JSON, goes on in another environment to the bit', () => {
  for (const id of ['Ant-v5', 'Humanoid-v5', 'HalfCheetah-v5'] as const) {
    const [first, second] = [loose(id), loose(id)]
    first.reset({ seed: 5 })
    first.actionSpace.seed(1)
    for (let i = 0; i < 30; i++) first.step(first.actionSpace.sample())
    second.setState(JSON.parse(JSON.stringify(first.getState())))
    for (let i = 0; i < 20; i++) {
      const action = first.actionSpace.sample()
      assert.equal(first.step(action), second.step(action), `${id}, step ${i}`)
    }
  }
})

test('environments of one thread do not disturb each other, also when the memory grows under them', () => {
  const run = (beside: boolean) => {
    const env = loose('Hopper-v5')
    env.reset({ seed: 1 })
    env.actionSpace.seed(2)
    const others: MujocoEnv[] = []
    const seen: unknown[] = []
    let grown = 0
    const bytes = () => (env.unwrapped as unknown as MujocoEnv).simulation.arrays.qpos.buffer.byteLength
    const before = bytes()
    for (let i = 0; i < 20; i++) {
      if (beside) others.push(make('Humanoid-v5').unwrapped as unknown as MujocoEnv)
      seen.push(env.step(env.actionSpace.sample()))
      if (bytes() > before) grown++
    }
    for (const other of others) other.close()
    return { seen, grown }
  }
  const alone = run(false)
  const crowded = run(true)
  assert.equal(crowded.seen, alone.seen)
  assert.ok(crowded.grown > 0, 'the memory has grown')
})

test('a vector environment steps several, with float64 observations', () => {
  const envs = makeVec<Float64Array>('Hopper-v5', { numEnvs: 3 })
  const [observations] = envs.reset({ seed: 4 })
  assert.instance(observations, Float64Array)
  const one = make('Hopper-v5')
  assert.equal(Array.from(observations.subarray(11, 22)), Array.from(one.reset({ seed: 5 })[0]))
  envs.actionSpace.seed(1)
  const actions = envs.actionSpace.sample() as Float32Array
  assert.equal(envs.step(actions)[1][1], one.step(actions.slice(3, 6))[1])
})

test('a float64 action is rewarded in double precision, a float32 one in single, as NumPy does it', () => {
  const cost = (action: Float32Array | Float64Array) => {
    const env = make('HalfCheetah-v5')
    env.reset({ seed: 1 })
    return env.step(action)[4].rewardCtrl as number
  }
  assert.is(cost(new Float64Array(6).fill(0.3)), -0.1 * (0.3 * 0.3 + 0.3 * 0.3 + 0.3 * 0.3 + 0.3 * 0.3 + 0.3 * 0.3 + 0.3 * 0.3))
  const single = cost(new Float32Array(6).fill(0.3))
  assert.is(single, Math.fround(single))
})

test('another model is taken as text or from a file', () => {
  const heavy = HOPPER.replace('name="torso_geom"', 'name="torso_geom" density="3000"')
  const file = join(temporaryFolder('mujoco'), 'hopper.xml')
  writeFileSync(file, heavy)
  const mass = (xmlFile?: string) => {
    const { simulation } = make('Hopper-v5', xmlFile ? { xmlFile } : {}).unwrapped as unknown as MujocoEnv
    return (simulation.model.body_mass as Float64Array)[1]!
  }
  assert.ok(Math.abs(mass(heavy) / mass() - 3) < 1e-12)
  assert.is(mass(file), mass(heavy))
})

test('cameras of the model, sizes and the number of shapes are options of the picture', () => {
  const frame = (options: object) => {
    const env = make('Ant-v5', { renderMode: 'rgb_array', width: 64, height: 48, ...options })
    env.reset({ seed: 1 })
    return env.render() as RGBFrame
  }
  const usual = frame({})
  assert.is(usual.data.length, 64 * 48 * 3)
  assert.equal(frame({ cameraName: 'track' }).data, frame({ cameraId: 0 }).data)
  assert.not.equal(frame({ cameraName: 'track' }).data, usual.data)
  assert.not.equal(frame({ defaultCameraConfig: { distance: 9, azimuth: 30 } }).data, usual.data)
  assert.not.equal(frame({ maxGeom: 2 }).data, usual.data)
})

test('bad options, actions and orders are refused by name', () => {
  const invalid = (options: Record<string, unknown>) => code(() => make('Hopper-v5', options))
  for (const options of [
    { frameSkip: 0 },
    { healthyZRange: [2, 1] },
    { healthyZRange: 3 },
    { terminateWhenUnhealthy: 'no' },
    { ctrlCostWeight: '1' },
    { noSuch: 1 },
    { xmlFile: '<mujoco><nonsense/></mujoco>' },
    { xmlFile: '/nowhere.xml' },
    { visualOptions: { 0: true } },
    { cameraId: 0, cameraName: 'track' },
  ]) {
    assert.is(invalid(options), 'ENVS_INVALID_KWARGS', JSON.stringify(options))
  }
  assert.is(
    code(() => make('Ant-v5', { mainBody: 'tail' })),
    'ENVS_INVALID_KWARGS',
  )
  const env = make('Hopper-v5')
  assert.is(
    code(() => env.unwrapped.step(new Float32Array(3))),
    'ENVS_RESET_NEEDED',
  )
  env.reset({ seed: 1 })
  for (const action of [new Float32Array(2), Float32Array.of(0, NaN, 0), [0, Infinity, 0], null, 1]) {
    assert.is(
      code(() => env.step(action as Float32Array)),
      'ENVS_INVALID_ACTION',
      String(action),
    )
  }
  assert.is(
    code(() => env.unwrapped.setState({ ...env.unwrapped.getState(), own: {} } as never)),
    'ENVS_INVALID_STATE',
  )
})

test('older versions are refused with the latest one, and with the way to the Python one', () => {
  for (const [old, latest] of [
    ['HalfCheetah-v4', 'HalfCheetah-v5'],
    ['Ant-v2', 'Ant-v5'],
    ['LunarLander-v2', 'LunarLander-v3'],
    ['BipedalWalker-v2', 'BipedalWalker-v3'],
  ] as const) {
    try {
      make(old as string)
      assert.unreachable()
    } catch (error) {
      assert.is((error as EnvError).code, 'ENVS_DEPRECATED')
      assert.match((error as Error).message, new RegExp(`${latest}.*PythonEnv`))
    }
  }
})

test('after close the environment says what to do, and closing again is nothing', () => {
  const env = make('Hopper-v5').unwrapped
  env.reset({ seed: 1 })
  env.close()
  env.close()
  for (const action of [() => env.step(new Float32Array(3)), () => env.reset(), () => env.getState()]) {
    try {
      action()
      assert.unreachable()
    } catch (error) {
      assert.instance(error, EnvError)
      assert.match((error as Error).message, /closed/)
    }
  }
})

test.run()
