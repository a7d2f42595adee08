import fc from 'fast-check'
import { childRandom, EnvError, npRandom, RandomGenerator, type RandomState, SeedSequence } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code } from './helpers.js'

const seeds = fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 256n }))
const draws: ((random: RandomGenerator) => unknown)[] = [
  (random) => random.random(),
  (random) => random.integers(7),
  (random) => random.integers(0, 200, 'uint8'),
  (random) => random.integers(-5, 2 ** 40),
  (random) => random.bigIntegers(0n, 2n ** 64n).toString(),
  (random) => random.standardNormal(),
  (random) => random.exponential(2),
  (random) => random.choice(3, [0.2, 0.5, 0.3]),
  (random) => random.permutation(4).join(),
  (random) => random.spawn(1)[0]!.random(),
]
const program = fc.array(fc.nat(draws.length - 1), { maxLength: 30 })
const run = (random: RandomGenerator, steps: number[]) => steps.map((step) => draws[step]!(random))

test('a generator goes on from a saved state, through JSON, exactly as it would have gone on', () => {
  fc.assert(
    fc.property(seeds, program, program, (seed, before, after) => {
      const random = new RandomGenerator(seed)
      run(random, before)
      const saved = JSON.parse(JSON.stringify(random.getState())) as RandomState
      const expected = run(random, after)
      assert.equal(run(RandomGenerator.fromState(saved), after), expected)
      random.setState(saved)
      assert.equal(run(random, after), expected)
    }),
  )
})

test('a clone and its original draw the same numbers without touching each other', () => {
  const random = new RandomGenerator(3)
  const clone = random.clone()
  const first = run(clone, [0, 1, 5])
  assert.equal(run(random, [0, 1, 5]), first)
})

test('a seed is the same as a number and as a bigint, and other seeds give other streams', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      assert.is(new RandomGenerator(seed).random(), new RandomGenerator(BigInt(seed)).random())
      assert.is.not(new RandomGenerator(seed).random(), new RandomGenerator(seed + 1).random())
    }),
  )
})

test('without a seed, 128 bits of entropy are drawn and given back, and they make the stream again', () => {
  const [random, seed] = npRandom()
  const [other] = npRandom(seed)
  assert.is(other.random(), random.random())
  assert.ok(BigInt(seed) < 2n ** 128n)
  assert.is.not(npRandom()[1], seed)
})

test('a named child has a stream of its own that depends on the name and on the seed', () => {
  const firsts = [childRandom(1, 'shuffle'), childRandom(1, 'shufflf'), childRandom(2, 'shuffle'), new RandomGenerator(1)].map((r) =>
    r.random(),
  )
  assert.is(new Set(firsts).size, 4)
  assert.is(childRandom(1, 'shuffle').random(), firsts[0])
})

test('integers stay in their range for every dtype and reach both ends', () => {
  const random = new RandomGenerator(0)
  for (const dtype of ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'] as const) {
    const seen = new Set(Array.from({ length: 200 }, () => random.integers(3, 6, dtype)))
    assert.equal([...seen].sort(), [3, 4, 5], dtype)
  }
})

test('choosing without replacement gives different indices, and a shuffle keeps all elements', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 200 }), fc.nat(199), (seed, count, size) => {
      const random = new RandomGenerator(seed)
      const chosen = random.choices(count, Math.min(size, count), { replace: false })
      assert.is(new Set(chosen).size, chosen.length)
      assert.equal(
        [...random.permutation(count)].sort((a, b) => a - b),
        Array.from({ length: count }, (_, i) => i),
      )
    }),
  )
})

test('a bad seed, range, probability or state is refused with a named error that shows what was given', () => {
  const random = new RandomGenerator(1)
  for (const seed of [-1, 1.5, Number.NaN, 2 ** 53, -5n])
    assert.is(
      code(() => npRandom(seed)),
      'ENVS_INVALID_SEED',
      String(seed),
    )
  assert.throws(() => npRandom(-1), /got -1/)
  assert.is(
    code(() => random.integers(5, 5)),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => random.integers(0, 300, 'uint8')),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => random.integers(0, 1.5)),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => random.bigIntegers(0n, 2n ** 64n + 1n)),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => random.uniform(1, 0)),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => random.uniform(-Number.MAX_VALUE, Number.MAX_VALUE)),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => random.normal(0, -1)),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => random.exponential(-1)),
    'ENVS_INVALID_BOUND',
  )
  assert.is(
    code(() => random.choices(3, 4, { replace: false })),
    'ENVS_INVALID_BOUND',
  )
  for (const p of [
    [0.5, 0.5],
    [0.5, 0.4, 0.2],
    [1.5, -0.5, 0],
    [Number.NaN, 0, 1],
  ]) {
    assert.is(
      code(() => random.choice(3, p)),
      'ENVS_INVALID_PROBABILITY',
      String(p),
    )
  }
  assert.is(
    code(() => random.choices(3, 3, { replace: false, p: [0.5, 0.5, 0] })),
    'ENVS_INVALID_PROBABILITY',
  )
  assert.is(
    code(() => random.setState({} as RandomState)),
    'ENVS_INVALID_STATE',
  )
  assert.instance(new EnvError('ENVS_INVALID_SEED', ''), Error)
})

test('a spawned child is remembered: after a restore the next child is the next one, not the same again', () => {
  const random = new RandomGenerator(new SeedSequence(9, { spawnKey: [4] }))
  random.spawn(2)
  const saved = random.getState()
  const third = random.spawn(1)[0]!.random()
  assert.is(RandomGenerator.fromState(saved).spawn(1)[0]!.random(), third)
})

test.run()
