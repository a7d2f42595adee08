import { getHeapStatistics } from 'node:v8'
import { type MakeVecOptions, makeVec, spaces, type VectorEnv } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const KERNELS = [
  'CartPole-v1',
  'MountainCar-v0',
  'MountainCarContinuous-v0',
  'Pendulum-v1',
  'Acrobot-v1',
  'FrozenLake-v1',
  'FrozenLake8x8-v1',
  'CliffWalking-v1',
  'CliffWalkingSlippery-v1',
  'Taxi-v4',
  'Blackjack-v1',
  'MinAtar/Breakout-v1',
  'MinAtar/Asterix-v1',
  'MinAtar/Freeway-v1',
  'MinAtar/Seaquest-v1',
  'MinAtar/SpaceInvaders-v1',
]
const NUM_ENVS = 8
/** Whole turns through the sets of actions, so that episodes end and begin. */
const STEPS = 4096
const ROUNDS = 8
/** What the measuring itself and V8's own bookkeeping take, spread over the steps; any object is more. */
const FREE_BYTES_A_STEP = 8

function started(id: string, options: MakeVecOptions): [VectorEnv, (Int32Array | Float32Array)[]] {
  const envs = makeVec(id, { numEnvs: NUM_ENVS, vectorizationMode: 'native', maxEpisodeSteps: 50, ...options }) as unknown as VectorEnv
  envs.reset({ seed: 1 })
  const space = envs.singleActionSpace
  space.seed(1)
  const Kind = space instanceof spaces.Discrete ? Int32Array : Float32Array
  const number = () => (space instanceof spaces.Discrete ? space.sample() : (space.sample() as ArrayLike<number>)[0]!)
  return [envs, Array.from({ length: 64 }, () => new Kind(NUM_ENVS).map(number))]
}

/** Bytes on V8's heap and outside of it that a step leaves, of the round that left the least: the others' also hold what V8 compiles. */
function bytesAStep(step: (t: number) => void): number {
  const used = () => {
    const { external_memory, used_heap_size } = getHeapStatistics()
    return used_heap_size + external_memory
  }
  const growth = Array.from({ length: ROUNDS }, () => {
    const before = used()
    for (let t = 0; t < STEPS; t++) step(t)
    return used() - before
  })
  // After a collection there is less than before, which says nothing.
  return Math.min(...growth.filter((bytes) => bytes >= 0)) / STEPS
}

/** Every object that a result consists of, infos of infos too. */
function objectsIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return ArrayBuffer.isView(value) ? [value, value.buffer] : [value, ...Object.values(value).flatMap(objectsIn)]
}

const WAYS: readonly [id: string, options: MakeVecOptions][] = [
  ...KERNELS.flatMap((id) =>
    (['next-step', 'same-step', 'disabled'] as const).map((autoresetMode): [string, MakeVecOptions] => [id, { autoresetMode }]),
  ),
  ['CartPole-v1', { vectorizationMode: 'vector_entry_point' }],
]

for (const [id, options] of WAYS) {
  test(`${id} ${JSON.stringify(options)}: a step allocates nothing and gives the same tuple, views and infos as the one before`, () => {
    const [envs, actions] = started(id, options)
    const ends = { options: { resetMask: new Uint8Array(NUM_ENVS) } }
    const first = envs.step(actions[0]!)
    const objects = objectsIn(first)
    assert.ok(objects.length >= 10)
    let episodes = 0
    for (let t = 0; t < 300; t++) {
      const [, , terminated, truncated] = first
      episodes += terminated.reduce((sum, flag, i) => sum + (flag | truncated[i]!), 0)
      if (options.autoresetMode === 'disabled') {
        for (let i = 0; i < NUM_ENVS; i++) ends.options.resetMask[i] = terminated[i]! | truncated[i]!
        if (ends.options.resetMask.includes(1)) envs.reset(ends)
      }
      assert.is(envs.step(actions[t % actions.length]!), first)
      const now = objectsIn(first)
      assert.is(now.length, objects.length)
      for (const [k, object] of objects.entries()) assert.is(now[k], object)
    }
    assert.ok(episodes > 0, 'no episode ended')
    if (options.autoresetMode === 'disabled') return
    const bytes = bytesAStep((t) => envs.step(actions[t % actions.length]!))
    assert.ok(bytes < FREE_BYTES_A_STEP, `${bytes} bytes a step`)
  })
}

for (const id of ['CartPole-v1', 'Taxi-v4', 'MinAtar/Seaquest-v1']) {
  test(`${id}: a step that writes its observations into given columns allocates nothing either`, () => {
    const [envs, actions] = started(id, { autoresetMode: 'same-step' })
    const [observations] = envs.step(actions[0]!)
    const size = observations.length
    const Columns = observations.constructor as Float32ArrayConstructor
    const target = { out: new Columns(16 * size), offset: 0 }
    const step = (t: number) => {
      target.offset = (t % 16) * size
      envs.step(actions[t % actions.length]!, target)
    }
    assert.is(envs.step(actions[0]!, target)[0], target.out)
    assert.ok(bytesAStep(step) < FREE_BYTES_A_STEP)
  })
}

test('the measure sees a single small object a step', () => {
  let kept: unknown
  assert.ok(
    bytesAStep((t) => {
      kept = { t }
    }) >= FREE_BYTES_A_STEP,
  )
  assert.ok(kept !== undefined)
})

test.run()
