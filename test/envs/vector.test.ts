import { getHeapStatistics } from 'node:v8'
import fc from 'fast-check'
import {
  type AutoresetMode,
  type Env,
  type Info,
  makeVec,
  register,
  type StepResult,
  SyncVectorEnv,
  type VectorEnv,
  type VectorEnvState,
  type VectorStep,
  wrappers,
} from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Corridor, code } from './helpers.js'

register({ id: 'Corridor-v0', entryPoint: Corridor, maxEpisodeSteps: 6 })

const MODES = ['vector_entry_point', 'sync', 'native'] as const
const AUTORESETS = ['next-step', 'same-step', 'disabled'] as const
const anyMode = fc.constantFrom(...MODES)
const anyAutoreset = fc.constantFrom(...AUTORESETS)
const cartPoles = (vectorizationMode: (typeof MODES)[number], autoresetMode: AutoresetMode, numEnvs = 3) =>
  makeVec('CartPole-v1', { numEnvs, vectorizationMode, autoresetMode, maxEpisodeSteps: 13 })
const copied = (result: VectorStep<Float32Array>) => structuredClone(result)

/** Steps with actions that follow from the number of the step; with 'disabled' it also resets what has ended. */
function play(envs: VectorEnv, from: number, steps: number): unknown[] {
  const seen: unknown[] = []
  for (let t = from; t < from + steps; t++) {
    const result = envs.step(Array.from({ length: envs.numEnvs }, (_, i) => ((t * 7 + i * 3) >> 2) & 1))
    seen.push(copied(result))
    const resetMask = result[2].map((flag, i) => flag | result[3][i]!)
    if (envs.autoresetMode === 'disabled' && resetMask.includes(1)) seen.push(structuredClone(envs.reset({ options: { resetMask } })[0]))
  }
  return seen
}

test('in every mode a saved state goes on exactly, in the same object and in another, through JSON', () => {
  fc.assert(
    fc.property(anyMode, anyAutoreset, fc.nat(), fc.nat(40), (mode, autoreset, seed, before) => {
      const envs = cartPoles(mode, autoreset)
      envs.reset({ seed })
      play(envs, 0, before)
      const saved = JSON.parse(JSON.stringify(envs.getState())) as VectorEnvState
      const strip = (results: unknown[]) => results.map((result) => (Array.isArray(result) ? result.slice(0, 4) : result))
      const expected = strip(play(envs, before, 30))
      const other = cartPoles(mode, autoreset)
      other.setState(saved)
      assert.equal(strip(play(other, before, 30)), expected)
      envs.setState(saved)
      assert.equal(strip(play(envs, before, 30)), expected)
    }),
  )
})

test("native gives sync's numbers for any seeds and any autoreset mode, final observations included", () => {
  fc.assert(
    fc.property(anyAutoreset, fc.array(fc.nat(), { minLength: 3, maxLength: 3 }), (autoreset, seed) => {
      const [native, sync] = [cartPoles('native', autoreset), cartPoles('sync', autoreset)]
      assert.equal(native.reset({ seed })[0], sync.reset({ seed })[0])
      const [a, b] = [play(native, 0, 40), play(sync, 0, 40)] as [unknown[][], unknown[][]]
      for (const [t, result] of a.entries()) {
        if (!Array.isArray(result)) assert.equal(result, b[t])
        else {
          assert.equal(result.slice(0, 4), b[t]!.slice(0, 4))
          const [mine, theirs] = [result[4] as Record<string, unknown>, b[t]![4] as Record<string, unknown>]
          assert.equal([mine.finalObs, mine._finalObs], [theirs.finalObs, theirs._finalObs])
        }
      }
    }),
    { numRuns: 30 },
  )
})

test('with one environment, same-step and next-step draw the same episodes from the one stream of vector_entry_point', () => {
  const trace = (autoreset: AutoresetMode) => {
    const envs = cartPoles('vector_entry_point', autoreset, 1)
    const starts = [Array.from(envs.reset({ seed: 3 })[0])]
    for (let ended = false, n = 0; n < 200; n++) {
      const [observations, , terminated, truncated] = envs.step([1])
      const done = terminated[0] === 1 || truncated[0] === 1
      if (autoreset === 'same-step' ? done : ended) starts.push(Array.from(observations))
      ended = done
    }
    return starts
  }
  const [same, next] = [trace('same-step'), trace('next-step')]
  assert.ok(next.length > 5)
  assert.equal(same.slice(0, next.length), next)
})

for (const mode of MODES) {
  test(`${mode} gives the same tuple, arrays and info object at every step, and copies when asked`, () => {
    const envs = cartPoles(mode, 'same-step')
    const [first] = envs.reset({ seed: 1 })
    const one = envs.step([0, 1, 0])
    const parts = [...one]
    const two = envs.step([1, 1, 1])
    assert.is(one, two)
    assert.ok(parts.every((part, i) => part === two[i]))
    assert.is(first, two[0])
    const copying = makeVec('CartPole-v1', { numEnvs: 3, vectorizationMode: mode, copy: true })
    const [kept] = copying.reset({ seed: 1 })
    const before = Array.from(kept)
    const [a, b] = [copying.step([0, 0, 0]), copying.step([0, 0, 0])]
    assert.equal(Array.from(kept), before)
    assert.ok(a.every((part, i) => part !== b[i]))
    assert.not.equal(Array.from(a[0]), Array.from(b[0]))
  })

  test(`${mode} writes observations straight into a rollout's column`, () => {
    const [plain, envs] = [cartPoles(mode, 'same-step'), cartPoles(mode, 'same-step')]
    const steps = 30
    const column = new Float32Array(new SharedArrayBuffer(4 * (steps + 1) * 12))
    const target = { out: column, offset: 0 }
    assert.is(envs.reset({ seed: 1, ...target })[0], column)
    const expected = Array.from(plain.reset({ seed: 1 })[0])
    for (let t = 1; t <= steps; t++) {
      target.offset = 12 * t
      const actions = [t & 1, 0, 1]
      assert.is(envs.step(actions, target)[0], column)
      expected.push(...plain.step(actions)[0])
    }
    assert.equal(Array.from(column), expected)
    for (const wrong of [
      { out: new Float32Array(11) },
      { out: column, offset: column.length - 11 },
      { out: new Float64Array(12) as unknown as Float32Array },
    ]) {
      assert.is(
        code(() => envs.step([0, 0, 0], wrong)),
        'ENVS_INVALID_KWARGS',
      )
    }
  })

  test(`${mode} refuses a step before reset, and actions of a wrong number or outside the space, before anything moves`, () => {
    const envs = cartPoles(mode, 'next-step')
    assert.is(
      code(() => envs.step([0, 0, 0])),
      'ENVS_RESET_NEEDED',
    )
    assert.is(
      code(() => envs.reset({ options: { resetMask: [1, 0, 0] } })),
      'ENVS_RESET_NEEDED',
    )
    const [observations] = envs.reset({ seed: 1 })
    const before = Array.from(observations)
    for (const actions of [
      [0, 0],
      [0, 0, 2],
      [0, 1, 0.5],
      [0, 0, Number.NaN],
    ]) {
      assert.is(
        code(() => envs.step(actions)),
        'ENVS_INVALID_ACTION',
        String(actions),
      )
    }
    const state = JSON.stringify(envs.getState())
    assert.equal(Array.from(observations), before)
    for (const good of [Int32Array.of(0, 1, 0), Uint8Array.of(0, 1, 0), [0, 1, 0]]) {
      envs.setState(JSON.parse(state) as VectorEnvState)
      assert.equal(envs.step(good)[2], new Uint8Array(3))
    }
    assert.is(
      code(() => envs.reset({ seed: [1, 2] })),
      'ENVS_INVALID_KWARGS',
    )
    assert.is(
      code(() => envs.reset({ options: { resetMask: [1] } })),
      'ENVS_INVALID_KWARGS',
    )
    assert.is(
      code(() => envs.reset({ seed: -1 })),
      'ENVS_INVALID_SEED',
    )
  })

  test(`${mode} with autoreset disabled refuses to step an ended episode until it is reset`, () => {
    const envs = cartPoles(mode, 'disabled')
    envs.reset({ seed: 1 })
    for (let t = 0; t < 13; t++) {
      const [, , terminated, truncated] = envs.step([0, t & 1, t & 1])
      if (terminated[0] || truncated[0]) break
    }
    assert.is(
      code(() => envs.step([0, 0, 0])),
      'ENVS_RESET_NEEDED',
    )
    const before = Array.from(envs.reset({ options: { resetMask: [1, 0, 0] } })[0].subarray(4))
    envs.step([0, 0, 0])
    assert.is(before.length, 8)
  })

  test(`${mode} renders every environment and knows its spec`, () => {
    const envs = makeVec('CartPole-v1', { numEnvs: 2, vectorizationMode: mode, renderMode: 'ansi' })
    envs.reset({ seed: 1 })
    const frames = envs.render()!
    assert.is(frames.length, 2)
    assert.match(frames[1] as string, /theta=/)
    assert.equal([envs.spec!.id, envs.spec!.kwargs.vectorizationMode, envs.metadata.autoresetMode], ['CartPole-v1', mode, 'next-step'])
    assert.equal([String(envs.singleActionSpace), String(envs.actionSpace)], ['Discrete(2)', 'MultiDiscrete([2 2])'])
    assert.equal(envs.observationSpace.shape, [2, 4])
    envs.close()
  })
}

test('the state of another number or kind of environments is refused', () => {
  const saved = cartPoles('native', 'next-step').getState()
  assert.is(
    code(() => cartPoles('native', 'next-step', 4).setState(saved)),
    'ENVS_INVALID_STATE',
  )
  assert.is(
    code(() => cartPoles('sync', 'next-step').setState(saved)),
    'ENVS_INVALID_STATE',
  )
})

test("native takes Gymnasium's default mode only when asked; without a mode the shared stream is used", () => {
  assert.is(makeVec('CartPole-v1', { numEnvs: 2 }).constructor.name, 'CartPoleVectorEnv')
  assert.is(makeVec('Corridor-v0', { numEnvs: 2 }).constructor.name, 'SyncVectorEnv')
})

test('vector environments are made again from their spec', () => {
  const envs = makeVec('CartPole-v1', {
    numEnvs: 2,
    vectorizationMode: 'native',
    autoresetMode: 'same-step',
    maxEpisodeSteps: 3,
    suttonBartoReward: true,
  })
  const again = makeVec(envs.spec!)
  assert.equal([again.numEnvs, again.autoresetMode, again.constructor.name], [2, 'same-step', 'CartPoleNative'])
  again.reset({ seed: 1 })
  assert.equal(
    [0, 1, 0].map((action) => again.step([action, action])[3][0]),
    [0, 0, 1],
  )
  assert.is(again.step([0, 0])[1][0], 0)
})

test("sync gathers the infos of a user's environment by key, with masks", () => {
  const envs = makeVec<Int32Array>('Corridor-v0', { numEnvs: 2, autoresetMode: 'same-step' })
  const [, first] = envs.reset({ seed: 0 })
  assert.equal([first._start, first._at], [Uint8Array.of(1, 1), undefined])
  envs.step([1, 0])
  const infos = envs.step([1, 0])[4]
  assert.equal(infos._start, Uint8Array.of(0, 0))
  assert.equal(
    [infos.at, infos._at],
    [Float64Array.from(envs.step([0, 0])[0]).map((_, i) => (infos.at as Float64Array)[i]!), Uint8Array.of(1, 1)],
  )
  assert.equal(
    (infos.more as Record<string, unknown>).twice,
    (infos.at as Float64Array).map((at) => 2 * at),
  )
  assert.ok((infos.note as string[]).every((note) => note === 'near' || note === 'far'))
})

test('same-step keeps the last observation and the last info of an episode', () => {
  const envs = makeVec<Int32Array>('Corridor-v0', { numEnvs: 2, autoresetMode: 'same-step' })
  envs.reset({ seed: 0 })
  let result = envs.step([1, 0])
  while (result[2][0] === 0) result = envs.step([1, 0])
  const [observations, rewards, , , infos] = result
  assert.is(infos.finalObs![0], 4)
  assert.equal(infos._finalObs, Uint8Array.of(1, 0))
  assert.is((infos.finalInfo as { at: Float64Array }).at[0], 4)
  assert.equal([rewards[0], observations[0]! <= 1], [1, true])
})

test('wrappers go around each environment of sync, and only there', () => {
  const options = { numEnvs: 2, wrappers: [(env: Corridor) => new wrappers.RecordEpisodeStatistics(env)] as never[] }
  const envs = makeVec<Int32Array>('Corridor-v0', options)
  envs.reset({ seed: 0 })
  let result = envs.step([1, 1])
  while (result[2][0] === 0) result = envs.step([1, 1])
  const { r, l } = result[4].episode as { r: Float64Array; l: Float64Array }
  assert.ok(r[0] === 1 && l[0]! >= 3)
  assert.is(
    code(() => makeVec('CartPole-v1', { ...options, vectorizationMode: 'native' })),
    'ENVS_UNSUPPORTED_MODE',
  )
})

/** Gives the same objects again and again, as no environment should, so that what is allocated around it can be seen. */
class Reusing extends Corridor {
  readonly #result: StepResult<number> = [0, 0, false, false, {}]
  readonly #first: [number, Info] = [0, {}]
  #steps = 0
  override reset(): [number, Info] {
    this.#steps = 0
    return this.#first
  }
  override step(action: number): StepResult<number> {
    this.#result[0] = action
    this.#result[2] = ++this.#steps % 50 === 0
    return this.#result
  }
}

test('a sync step allocates nothing around what its environments do', () => {
  for (const autoresetMode of ['next-step', 'same-step'] as const) {
    const envs = new SyncVectorEnv<Int32Array>(
      Array.from({ length: 8 }, () => () => new Reusing() as unknown as Env),
      { autoresetMode },
    )
    const actions = new Int32Array(8)
    envs.reset({ seed: 1 })
    const run = (steps: number) => {
      for (let t = 0; t < steps; t++) {
        actions[t & 7]! ^= 1
        envs.step(actions)
      }
    }
    run(30_000)
    const steps = 50_000
    const bytesPerStep = Array.from({ length: 7 }, () => {
      const before = getHeapStatistics().used_heap_size
      run(steps)
      return (getHeapStatistics().used_heap_size - before) / steps
    }).sort((a, b) => a - b)
    // An object for each environment would be 100 bytes and more. An episode's end, once in 50 steps, makes an info with 'same-step'.
    assert.ok(bytesPerStep[3]! < 24, `${autoresetMode}: ${bytesPerStep} bytes a step`)
  }
})

test('a native step allocates nothing', () => {
  const envs = makeVec('CartPole-v1', { numEnvs: 16, vectorizationMode: 'native', autoresetMode: 'same-step' })
  const column = { out: new Float32Array(64 * 8), offset: 0 }
  const actions = new Int32Array(16)
  envs.reset({ seed: 1 })
  const run = (steps: number) => {
    for (let t = 0; t < steps; t++) {
      for (let i = 0; i < 16; i++) actions[i] = (t + i) & 1
      column.offset = 64 * (t & 7)
      envs.step(actions, column)
    }
  }
  run(30_000)
  const steps = 100_000
  const bytesPerStep = Array.from({ length: 7 }, () => {
    const before = getHeapStatistics().used_heap_size
    run(steps)
    return (getHeapStatistics().used_heap_size - before) / steps
  }).sort((a, b) => a - b)
  // One boxed number in each step is 12 bytes or more. The median, because a compilation or a collection may fall into a round.
  assert.ok(bytesPerStep[3]! < 4, `${bytesPerStep} bytes a step`)
})

test.run()
