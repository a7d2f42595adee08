import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  benchmarkInit,
  benchmarkRender,
  benchmarkStep,
  benchmarkVectorStep,
  type Env,
  make,
  makeVec,
  register,
  spaces,
  type VectorEnv,
  wrappers,
} from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Corridor, code, temporaryFolder, warnings } from './helpers.js'

const { vector } = wrappers
register({ id: 'Corridor-v0', entryPoint: Corridor, maxEpisodeSteps: 6 })
const cartPoles = (options: object = {}) =>
  makeVec('CartPole-v1', { numEnvs: 3, vectorizationMode: 'sync', maxEpisodeSteps: 5, ...options })

test('DictInfoToList gives each environment what it has, final observation and info included', () => {
  const envs = new vector.DictInfoToList(makeVec<Int32Array>('Corridor-v0', { numEnvs: 2, autoresetMode: 'same-step' }))
  assert.equal(
    (envs.reset({ seed: 0 })[1] as unknown as { start: number }[]).map(({ start }) => typeof start),
    ['number', 'number'],
  )
  let result = envs.step([1, 0])
  while (result[2][0] === 0) result = envs.step([1, 0])
  const [first, second] = result[4] as unknown as Record<string, unknown>[]
  assert.is(first!.finalObs, 4)
  assert.is((first!.finalInfo as { at: number }).at, 4)
  assert.not('finalObs' in second!)
  assert.equal((second!.more as { twice: number }).twice, 2 * (second!.at as number))
})

test('a wrapper for single environments changes each row, and the final observations of same-step', () => {
  const envs = new vector.VectorizeTransformObservation(cartPoles({ autoresetMode: 'same-step' }), wrappers.DtypeObservation as never, {
    dtype: 'float64',
  })
  const plain = cartPoles({ autoresetMode: 'same-step' })
  assert.equal(Array.from(envs.reset({ seed: 1 })[0] as Float64Array), Array.from(plain.reset({ seed: 1 })[0]))
  for (let t = 0; t < 5; t++) {
    const [mine, theirs] = [envs.step([0, 1, 0]), plain.step([0, 1, 0])]
    assert.instance(mine[0], Float64Array)
    assert.equal(Array.from(mine[0] as Float64Array), Array.from(theirs[0]))
    if (t < 4) continue
    assert.equal(mine[4]._finalObs, Uint8Array.of(1, 1, 1))
    assert.instance(mine[4].finalObs, Float64Array)
    assert.equal(Array.from(mine[4].finalObs as Float64Array), Array.from(theirs[4].finalObs!))
  }
  assert.throws(
    () => new vector.VectorizeTransformObservation(cartPoles(), wrappers.AddRenderObservation as never, {}),
    /renderMode 'rgb_array'/,
  )
})

test('functions change batches of observations, actions and rewards', () => {
  const [plain, inner] = [cartPoles(), cartPoles()]
  const doubled = new vector.TransformObservation<Float32Array, Float32Array>(inner, {
    func: (observations: Float32Array) => observations.map((x) => 2 * x),
    singleObservationSpace: new spaces.Box(-Infinity, Infinity, { shape: [4] }),
  })
  const flipped = new vector.TransformAction(doubled, { func: (actions: number[]) => actions.map((action) => 1 - action) })
  const halved = new vector.VectorizeTransformReward(
    new vector.TransformReward(flipped, { func: (rewards) => rewards.map((r) => r - 3) }),
    wrappers.ClipReward as never,
    { minReward: -1 },
  )
  assert.is(
    String(halved),
    '<VectorizeTransformReward, <TransformReward, <TransformAction, <TransformObservation, SyncVectorEnv(CartPole-v1, numEnvs=3)>>>>',
  )
  assert.equal(
    halved.reset({ seed: 1 })[0],
    plain.reset({ seed: 1 })[0].map((x) => 2 * x),
  )
  const [a, b] = [halved.step([0, 1, 0]), plain.step([1, 0, 1])]
  assert.equal([a[0], Array.from(a[1])], [b[0].map((x) => 2 * x), [-1, -1, -1]])
  assert.is(halved.unwrapped, inner)
  const column = new Float32Array(24)
  assert.is(halved.step([0, 0, 0], { out: column, offset: 12 })[0], column)
  assert.equal(
    column.subarray(12),
    plain.step([1, 1, 1])[0].map((x) => 2 * x),
  )
})

test('a wrapped vector environment gives the same objects at each step, and goes on exactly from a saved state', () => {
  const make = () => new vector.NormalizeReward(new vector.NormalizeObservation(new vector.RecordEpisodeStatistics(cartPoles())))
  const envs = make()
  envs.reset({ seed: 3 })
  const one = envs.step([0, 1, 1])
  const parts = [...one]
  const two = envs.step([0, 1, 1])
  assert.is(one, two)
  assert.ok(parts.every((part, i) => part === two[i]))
  const saved = JSON.parse(JSON.stringify(envs.getState()))
  const play = (played: VectorEnv) => Array.from({ length: 9 }, (_, t) => structuredClone(played.step([t & 1, 1, 0]).slice(0, 4)))
  const expected = play(envs)
  const other = make()
  other.setState(saved)
  assert.equal(play(other), expected)
  assert.is(
    code(() => cartPoles().setState(saved)),
    'ENVS_INVALID_STATE',
  )
})

test('frozen figures stay as they are', () => {
  const envs = new vector.NormalizeObservation(cartPoles())
  envs.reset({ seed: 1 })
  envs.updateRunningMean = false
  const before = [...envs.obsRms.mean]
  envs.step([0, 1, 0])
  assert.equal([...envs.obsRms.mean], before)
  assert.is(
    code(() => envs.reset({ options: { resetMask: [1, 0, 0] } })),
    'ENVS_UNSUPPORTED_MODE',
  )
})

test('episodes around a kernel are counted with their returns and lengths', () => {
  const envs = new vector.RecordEpisodeStatistics(makeVec('CartPole-v1', { numEnvs: 2, vectorizationMode: 'native', maxEpisodeSteps: 4 }), {
    bufferLength: 3,
  })
  envs.reset({ seed: 1 })
  for (let t = 0; t < 10; t++) envs.step([t & 1, t & 1])
  assert.equal([envs.episodeCount, envs.returnQueue, envs.lengthQueue], [4, [4, 4, 4], [4, 4, 4]])
  const twice = new vector.RecordEpisodeStatistics(new vector.RecordEpisodeStatistics(cartPoles()))
  twice.reset()
  assert.is(
    code(() => twice.step([0, 0, 0])),
    'ENVS_INVALID_KWARGS',
  )
})

test('what a mode or a space does not allow is refused', () => {
  const same = () => cartPoles({ autoresetMode: 'same-step' })
  for (const bad of [
    () => new vector.NormalizeObservation(same()),
    () => new vector.TransformObservation(same(), { func: (o: Float32Array) => o }),
    () => new vector.RecordVideo(cartPoles(), { videoFolder: tmpdir() }),
    () => new vector.HumanRendering(cartPoles()),
  ]) {
    assert.is(code(bad), 'ENVS_UNSUPPORTED_MODE', String(bad))
  }
  assert.is(
    code(() => new vector.ClipAction(cartPoles())),
    'ENVS_INVALID_SPACE',
  )
  assert.is(
    code(() => new vector.ClipReward(cartPoles(), {})),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => new vector.NormalizeReward(cartPoles(), { gamma: 2 })),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => makeVec('CartPole-v1', { vectorizationMode: 'native' }).call('render')),
    'ENVS_UNSUPPORTED_MODE',
  )
})

test('a video of several environments shows them side by side', () => {
  const folder = join(temporaryFolder('videos'), 'videos')
  const envs = new vector.RecordVideo(cartPoles({ numEnvs: 4, renderMode: 'rgb_array' }), {
    videoFolder: folder,
    formats: ['gif'],
    videoAspectRatio: [3, 2],
  })
  envs.reset({ seed: 1 })
  for (let t = 0; t < 7; t++) envs.step([0, 1, 0, 1])
  envs.close()
  assert.equal(
    envs.videoFiles.map((path) => path.slice(folder.length + 1)),
    ['rl-video-episode-0.gif', 'rl-video-episode-1.gif'],
  )
})

test('a page shows several environments side by side', async () => {
  const envs = new vector.HumanRendering(cartPoles({ numEnvs: 2, renderMode: 'rgb_array' }))
  envs.reset({ seed: 1 })
  const response = await fetch(new URL('events', envs.url))
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('\n\n')) text += (await reader.read()).value
  await reader.cancel()
  const { rgb } = JSON.parse(text.slice('data: '.length)) as { rgb: { width: number; height: number; base64: string } }
  assert.equal([rgb.width, rgb.height, atob(rgb.base64).length], [1200, 400, 3 * 1200 * 400])
  envs.close()
})

test('the benchmarks count steps, resets and frames of a second', () => {
  const targetDuration = 0.05
  const env = make('CartPole-v1', { renderMode: 'ansi' })
  assert.ok(benchmarkStep(env, { targetDuration, seed: 1 }) > 100)
  assert.ok(benchmarkRender(env, { targetDuration }) > 100)
  assert.ok(benchmarkInit(() => make('CartPole-v1') as unknown as Env, { targetDuration }) > 10)
  for (const autoresetMode of ['next-step', 'same-step', 'disabled'] as const) {
    assert.ok(benchmarkVectorStep(cartPoles({ autoresetMode }) as VectorEnv<unknown>, { targetDuration, seed: 1 }) > 100)
  }
  assert.equal(
    warnings(() => benchmarkStep(env, { targetDuration })),
    [],
  )
})

test.run()
