import { Env, type Info, makeVec, npRandom, register, type StepResult, seedPlus, spaces, type VectorEnvState } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Corridor, code } from './helpers.js'

const MODES = ['vector_entry_point', 'sync', 'native'] as const
const cartPoles = (vectorizationMode: (typeof MODES)[number], numEnvs = 3) => makeVec('CartPole-v1', { numEnvs, vectorizationMode })
const message = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing thrown'
}

/** Two numbers an observation; the second environment made, and the third, give as many as they are told to. */
class Uneven extends Env<Float32Array, number> {
  static made = 0
  static sizes = [2, 2, 2]
  override readonly actionSpace = new spaces.Discrete(2)
  override readonly observationSpace = new spaces.Box(0, 9, { shape: [2] })
  private readonly index = Uneven.made++ % 3
  override reset(): [Float32Array, Info] {
    return [new Float32Array(2).fill(this.index), {}]
  }
  override step(): StepResult<Float32Array> {
    return [new Float32Array(Uneven.sizes[this.index]!).fill(this.index), 0, false, false, {}]
  }
}
register({ id: 'Uneven-v0', entryPoint: Uneven, disableEnvChecker: true })
register({ id: 'Corridor-v0', entryPoint: Corridor })

for (const mode of MODES) {
  test(`${mode} refuses an offset without an array to write to, and one that is no whole number`, () => {
    const envs = cartPoles(mode)
    const out = new Float32Array(20)
    for (const target of [{ offset: 3 }, { out, offset: 0.5 }, { out, offset: -1 }, { out, offset: Number.NaN }, { out, offset: '0' }]) {
      assert.is(
        code(() => envs.reset({ seed: 1, ...(target as object) })),
        'ENVS_INVALID_KWARGS',
        String(target.offset),
      )
    }
    envs.reset({ seed: 1, out, offset: 8 })
    assert.is(
      code(() => envs.step([0, 0, 0], { offset: 3 } as never)),
      'ENVS_INVALID_KWARGS',
    )
    assert.is(
      code(() => envs.step([0, 0, 0], { out: 7 as never })),
      'ENVS_INVALID_KWARGS',
    )
    assert.is(
      code(() => envs.step(null as never)),
      'ENVS_INVALID_ACTION',
    )
  })

  test(`${mode} takes true and false in a reset mask as 1 and 0, and refuses what is neither`, () => {
    const [envs, same] = [cartPoles(mode), cartPoles(mode)]
    for (const one of [envs, same]) {
      one.reset({ seed: 1 })
      one.step([1, 1, 1])
    }
    const before = Array.from(envs.step([1, 1, 1])[0])
    same.step([1, 1, 1])
    const booleans = Array.from(envs.reset({ options: { resetMask: [true, false, true] } })[0])
    assert.equal(booleans, Array.from(same.reset({ options: { resetMask: [1, 0, 1] } })[0]))
    assert.equal(booleans.slice(4, 8), before.slice(4, 8))
    assert.not.equal(booleans.slice(0, 4), before.slice(0, 4))
    for (const resetMask of [[2, 0, 0], [0, Number.NaN, 1], ['1', 0, 0], 5]) {
      assert.is(
        code(() => envs.reset({ options: { resetMask: resetMask as number[] } })),
        'ENVS_INVALID_KWARGS',
        String(resetMask),
      )
    }
    assert.match(
      message(() => envs.reset({ options: { resetMask: [1, 2, 0] } })),
      /2 .*environment 1/,
    )
  })

  test(`${mode} lets the streams go on for a seed of null, and refuses what is no object of options`, () => {
    const [envs, same] = [cartPoles(mode), cartPoles(mode)]
    for (const one of [envs, same]) one.reset({ seed: 1 })
    assert.equal(Array.from(envs.reset({ seed: null as never })[0]), Array.from(same.reset()[0]))
    for (const wrong of [null, 42, 'x']) {
      assert.is(
        code(() => envs.reset(wrong as never)),
        'ENVS_INVALID_KWARGS',
      )
    }
    assert.match(
      message(() => envs.reset(42 as never)),
      /reset\(\{ seed: 42 \}\)/,
    )
    assert.is(
      code(() => envs.reset({ options: 3 as never })),
      'ENVS_INVALID_KWARGS',
    )
  })

  test(`${mode} refuses a broken state and stays exactly as it was`, () => {
    const envs = cartPoles(mode)
    envs.reset({ seed: 1 })
    envs.step([0, 1, 0])
    const saved = JSON.stringify(envs.getState())
    const breakings: ((own: Record<string, unknown>) => void)[] = [
      (own) => (own.ended = 'no'),
      (own) => (own.ended = [0, 0]),
      (own) => (own.ended = [0, 7, 0]),
      (own) => (own.hasReset = 1),
      (own) => (own.observations = [...(own.observations as number[]), 1]),
      (own) => (own.observations = (own.observations as number[]).map(String)),
      (own) => (mode === 'sync' ? (own.envs as unknown[]).pop() : (own.states as unknown[]).pop()),
      (own) => {
        if (mode === 'sync') (own.envs as unknown[])[2] = { random: null }
        else (own.streams as unknown[])[mode === 'native' ? 2 : 0] = {}
      },
      (own) => Object.assign(own, { envs: null, steps: null }),
    ]
    for (const [i, breaking] of breakings.entries()) {
      const other = cartPoles(mode)
      other.reset({ seed: 9 })
      other.step([1, 1, 1])
      other.step([1, 0, 1])
      const state = JSON.parse(JSON.stringify(other.getState())) as VectorEnvState
      breaking(state.own)
      assert.is(
        code(() => envs.setState(state)),
        'ENVS_INVALID_STATE',
        `breaking ${i}`,
      )
      assert.is(JSON.stringify(envs.getState()), saved, `breaking ${i}`)
    }
    for (const state of [null, 3, { kind: envs.constructor.name, numEnvs: 3 }]) {
      assert.is(
        code(() => envs.setState(state as never)),
        'ENVS_INVALID_STATE',
      )
    }
  })

  test(`${mode} keeps seeds exact beyond 2^53 - 1`, () => {
    const seed = Number.MAX_SAFE_INTEGER - 1
    const envs = cartPoles(mode, 4)
    const exact = Array.from(envs.reset({ seed: BigInt(seed) })[0])
    assert.equal(Array.from(envs.reset({ seed })[0]), exact)
    for (const [wrong, shown] of [
      [2 ** 53, '9007199254740992'],
      [-2, '-2'],
      [-2n, '-2'],
      ['abc', 'abc'],
      [1.5, '1.5'],
      [Number.NaN, 'NaN'],
    ] as const) {
      assert.is(
        code(() => envs.reset({ seed: wrong as number })),
        'ENVS_INVALID_SEED',
        shown,
      )
      const said = message(() => envs.reset({ seed: wrong as number }))
      assert.ok(said.includes(`got ${shown}`) || said.includes(`got "${shown}"`), said)
    }
    assert.match(
      message(() => envs.reset({ seed: [1, 2, -7, 3] })),
      /got -7/,
    )
  })

  test(`${mode} refuses more environments than memory could hold, and shows the number as it was given`, () => {
    for (const numEnvs of [1e9, 2 ** 40, Infinity, Number.NaN, '4', 2n, null]) {
      assert.is(
        code(() => cartPoles(mode, numEnvs as number)),
        'ENVS_INVALID_KWARGS',
        String(numEnvs),
      )
    }
    assert.match(
      message(() => cartPoles(mode, Number.NaN)),
      /got NaN/,
    )
    assert.match(
      message(() => cartPoles(mode, 2n as never)),
      /got 2n/,
    )
  })
}

test('a member whose observation is too long or too short is named, and no other row is touched', () => {
  for (const [sizes, given] of [
    [[2, 3, 2], 3],
    [[2, 1, 2], 1],
  ] as const) {
    Uneven.made = 0
    Uneven.sizes = [...sizes]
    const envs = makeVec('Uneven-v0', { numEnvs: 3 })
    const [observations] = envs.reset()
    const before = Array.from(observations)
    assert.is(
      code(() => envs.step([0, 0, 0])),
      'ENVS_CHECK_FAILED',
    )
    assert.match(
      message(() => envs.step([0, 0, 0])),
      new RegExp(`environment 1 .*${given} .*2`),
    )
    assert.equal(Array.from(observations), before)
  }
  Uneven.sizes = [2, 2, 2]
})

test('a single environment refuses a broken state and keeps its seed, stream and variables', () => {
  const env = makeVec('Corridor-v0', { numEnvs: 1, vectorizationMode: 'sync' })
  env.reset({ seed: 3 })
  const saved = JSON.stringify(env.getState())
  const state = JSON.parse(saved) as { own: { envs: { env: { own: unknown } }[] } }
  state.own.envs[0]!.env.own = null
  assert.is(
    code(() => env.setState(state as unknown as VectorEnvState)),
    'ENVS_INVALID_STATE',
  )
  assert.is(JSON.stringify(env.getState()), saved)
})

test('a seed plus an index is exact, a bigint where a number cannot hold it', () => {
  assert.is(seedPlus(3, 4), 7)
  assert.is(seedPlus(3n, 4), 7n)
  assert.is(seedPlus(Number.MAX_SAFE_INTEGER, 0), Number.MAX_SAFE_INTEGER)
  assert.is(seedPlus(Number.MAX_SAFE_INTEGER, 1), 2n ** 53n)
  assert.is(seedPlus(Number.MAX_SAFE_INTEGER, 2), 2n ** 53n + 1n)
  assert.is(npRandom(seedPlus(Number.MAX_SAFE_INTEGER, 2))[0].random(), npRandom(2n ** 53n + 1n)[0].random())
  for (const wrong of [-1, 2 ** 53, 0.5, '1', null]) {
    assert.is(
      code(() => seedPlus(wrong as number, 5)),
      'ENVS_INVALID_SEED',
      String(wrong),
    )
  }
})

test.run()
