import fc from 'fast-check'
import { type MakeVecOptions, makeVec, type VectorEnv } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code } from './helpers.js'

const TASKS: readonly [id: string, options?: MakeVecOptions, resetOptions?: Record<string, unknown>][] = [
  ['CartPole-v1', { suttonBartoReward: true }, { low: -3, high: 3 }],
  ['MountainCar-v0', { goalVelocity: 0.01 }, { low: -1.2, high: 0.49 }],
  ['MountainCarContinuous-v0', { goalVelocity: 0.01 }, { low: -1.2, high: 0.44 }],
  ['Pendulum-v1', { g: 9.81 }, { xInit: 50_000, yInit: 2 }],
  ['Pendulum-v1', {}, { xInit: 5e7, yInit: 0 }],
  ['Acrobot-v1', { bookOrNips: 'nips' }, { low: -3, high: 3 }],
  ['Acrobot-v1', { torqueNoiseMax: 0.3 }],
  ['FrozenLake-v1', { successRate: 0.8 }],
  ['FrozenLake8x8-v1'],
  ['CliffWalking-v1'],
  ['CliffWalkingSlippery-v1'],
  ['Taxi-v4', { isRainy: true, ficklePassenger: true, fickleProbability: 0.8 }],
  ['Taxi-v4'],
]
const MODES = ['next-step', 'same-step', 'disabled'] as const

const vector = (id: string, options: MakeVecOptions) =>
  makeVec(id, { maxEpisodeSteps: 13, disableEnvChecker: true, ...options }) as unknown as VectorEnv

/** What a step gave, as lists; infos of each environment by itself, so that it doesn't matter how a mode arranges them. */
function seen([observations, rewards, terminated, truncated, infos]: ReturnType<VectorEnv['step']>, numEnvs: number): unknown {
  const mask = infos._finalObs as Uint8Array | undefined
  const size = observations.length / numEnvs
  const finals = Array.from({ length: numEnvs }, (_, i) =>
    mask?.[i] ? Array.from(infos.finalObs!.subarray(i * size, (i + 1) * size)) : null,
  )
  const own = Array.from({ length: numEnvs }, (_, i) => ({ ...toldOf(infos, i, numEnvs) }))
  return [observations, rewards, terminated, truncated]
    .map((values) => Array.from(values, (value) => value + 0))
    .concat([finals as never, own as never])
}

const KEYS = ['prob', 'actionMask'] as const

/** The infos of one environment that toy text has. */
function toldOf(infos: Record<string, unknown>, i: number, numEnvs: number): Record<string, unknown> {
  const told: Record<string, unknown> = {}
  for (const key of KEYS) {
    const values = infos[key] as ArrayLike<unknown> | undefined
    if (values === undefined || (infos[`_${key}`] as Uint8Array)[i] !== 1) continue
    const size = values.length / numEnvs
    told[key] = size === 1 ? plain(values[i]) : Array.from(values).slice(i * size, (i + 1) * size)
  }
  if ((infos._finalInfo as Uint8Array | undefined)?.[i] === 1) {
    const final = toldOf(infos.finalInfo as Record<string, unknown>, i, numEnvs)
    if (Object.keys(final).length > 0) told.finalInfo = final
  }
  return told
}

const plain = (value: unknown) => (ArrayBuffer.isView(value) ? Array.from(value as Int8Array) : value)

function play(envs: VectorEnv, steps: number): unknown[] {
  return Array.from({ length: steps }, () => {
    const result = envs.step(envs.actionSpace.sample() as ArrayLike<number>)
    const told = seen(result, envs.numEnvs)
    const done = result[2].map((flag, i) => flag | result[3][i]!)
    if (envs.autoresetMode !== 'disabled' || !done.includes(1)) return told
    return [told, Array.from(envs.reset({ options: { resetMask: done } })[0])]
  })
}

for (const [id, options, resetOptions] of TASKS) {
  for (const autoresetMode of MODES) {
    test(`${id} ${JSON.stringify({ ...options, ...resetOptions })} gives the same doubles from a kernel as from single environments, with ${autoresetMode}`, () => {
      for (const numEnvs of [1, 2, 5]) {
        const [native, sync] = (['native', 'sync'] as const).map((vectorizationMode) =>
          vector(id, { ...options, numEnvs, autoresetMode, vectorizationMode }),
        ) as [VectorEnv, VectorEnv]
        for (const envs of [native, sync]) {
          envs.actionSpace.seed(numEnvs)
          envs.reset({ seed: 7, options: { ...resetOptions } })
        }
        assert.equal(play(native, 80), play(sync, 80), `${numEnvs} environments`)
      }
    })
  }
}

for (const [id, options] of [...TASKS, ['Blackjack-v1', {}] as const]) {
  test(`${id} by a kernel is saved at any point as JSON and goes on exactly, and computes the same in any memory (${JSON.stringify(options ?? {})})`, () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(30), fc.constantFrom(...MODES), (seed, before, autoresetMode) => {
        const make = (memory?: unknown) => vector(id, { ...options, numEnvs: 3, autoresetMode, vectorizationMode: 'native', memory })
        const envs = make()
        envs.actionSpace.seed(seed)
        envs.reset({ seed })
        play(envs, before)
        const saved = JSON.parse(JSON.stringify(envs.getState()))
        const space = envs.actionSpace.getState()
        const expected = play(envs, 20)
        for (const memory of [undefined, someMemory(false), someMemory(true)]) {
          const other = make(memory)
          other.setState(saved)
          other.actionSpace.setState(space)
          assert.equal(play(other, 20), expected)
        }
      }),
      { numRuns: 8 },
    )
  })
}

/** A memory as a learner would supply it: two pages for kernels, then its own. */
function someMemory(shared: boolean) {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared })
  let next = 2 * 65_536 + 64
  return {
    memory,
    allocate(bytes: number): number {
      next += bytes
      return next - bytes
    },
  }
}

test('observations lie in the memory that was supplied, and a bad memory is refused', () => {
  const supplied = someMemory(true)
  const envs = vector('CartPole-v1', { numEnvs: 4, vectorizationMode: 'native', memory: supplied })
  assert.is(envs.reset({ seed: 1 })[0].buffer, supplied.memory.buffer)
  for (const memory of [
    1,
    {},
    { memory: supplied.memory },
    { memory: supplied.memory, allocate: () => 8 },
    { ...supplied, allocate: () => 2 ** 20 },
  ])
    assert.is(
      code(() => vector('CartPole-v1', { numEnvs: 4, vectorizationMode: 'native', memory })),
      'ENVS_INVALID_KWARGS',
    )
})

test('an action that is none of the space is named with its environment, and nothing has moved', () => {
  for (const [id, wrong] of [
    ['MountainCar-v0', [3, -1, 0.5, Number.NaN, '1', 2 ** 32]],
    ['Pendulum-v1', [2.5, -3, Number.NaN, Infinity, '1']],
    ['Taxi-v4', [6, -1]],
    ['Blackjack-v1', [2]],
  ] as const) {
    const envs = vector(id, { numEnvs: 6, vectorizationMode: 'native' })
    const [observations] = envs.reset({ seed: 1 })
    const before = Array.from(observations)
    for (const value of wrong) {
      assert.throws(() => envs.step([0, 0, 0, 0, 0, value as number]), /environment 5 is not in/, `${id} ${value}`)
      assert.equal(Array.from(observations), before)
    }
    envs.step([0, 0, 0, 0, 0, 0])
  }
})

test('any kind of array of numbers is taken as actions', () => {
  for (const Kind of [Int8Array, Uint8Array, Int32Array, Float32Array, Float64Array, Array]) {
    const envs = vector('CartPole-v1', { numEnvs: 3, vectorizationMode: 'native' })
    envs.reset({ seed: 1 })
    const [observations] = envs.step((Kind as ArrayConstructor).from([0, 1, 0]))
    const other = vector('CartPole-v1', { numEnvs: 3, vectorizationMode: 'sync' })
    other.reset({ seed: 1 })
    assert.equal(Array.from(observations), Array.from(other.step([0, 1, 0])[0]))
  }
})

test('copies have their own arrays, infos too', () => {
  const envs = vector('Taxi-v4', { numEnvs: 2, vectorizationMode: 'native', copy: true, autoresetMode: 'same-step' })
  envs.reset({ seed: 1 })
  const [observations, , , , infos] = envs.step([0, 0])
  const kept = JSON.stringify([Array.from(observations), infos])
  for (let t = 0; t < 30; t++) envs.step([t % 4, (t + 1) % 4])
  assert.is(JSON.stringify([Array.from(observations), infos]), kept)
  assert.ok((infos.prob as Float64Array).buffer.byteLength === 16)
})

test('frames of a kernel are those of single environments', () => {
  for (const id of ['Pendulum-v1', 'Taxi-v4', 'Acrobot-v1']) {
    const [native, sync] = (['native', 'sync'] as const).map((vectorizationMode) => {
      const envs = vector(id, { numEnvs: 2, vectorizationMode, renderMode: 'rgb_array' })
      envs.reset({ seed: 3 })
      return envs.render()
    })
    assert.equal(native, sync)
  }
})

test.run()
