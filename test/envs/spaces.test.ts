import fc from 'fast-check'
import { spaces } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code } from './helpers.js'

const { Box, Discrete, MultiDiscrete, spaceFromJSON, batchSpace, flatdim } = spaces

const bound = fc.oneof(fc.constant(null), fc.integer({ min: -100, max: 100 }))
const anyBox = fc
  .tuple(
    fc.array(fc.tuple(bound, bound), { minLength: 1, maxLength: 6 }),
    fc.constantFrom('float32', 'float64', 'int8', 'int16', 'int32', 'int64'),
  )
  .map(([sides, dtype]) => {
    const low = sides.map(([a, b]) => (a === null ? -Infinity : b === null ? a : Math.min(a, b)))
    const high = sides.map(([a, b]) => (b === null ? Infinity : a === null ? b : Math.max(a, b)))
    return new Box<spaces.Dtype>(low, high, { dtype: dtype as spaces.Dtype })
  })
const anyDiscrete = fc
  .tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: -20, max: 20 }), fc.constantFrom('int8', 'int16', 'int32', 'int64'))
  .map(([n, start, dtype]) => new Discrete(n, { start, dtype: dtype as 'int8' }))
const anyMulti = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }).map((nvec) => new MultiDiscrete(nvec))
const anySpace = fc.oneof<fc.Arbitrary<spaces.Space<unknown>>[]>(anyBox, anyDiscrete, anyMulti)

test('every sample of every space, for every seed, lies in the space', () => {
  fc.assert(
    fc.property(anySpace, fc.nat(), (space, seed) => {
      space.seed(seed)
      for (let i = 0; i < 10; i++) assert.ok(space.contains(space.sample()), `${space}`)
    }),
  )
})

test('a space read back from its JSON is equal, and samples the same elements', () => {
  fc.assert(
    fc.property(anySpace, fc.nat(), (space, seed) => {
      const text = JSON.stringify(space)
      const again = spaceFromJSON(text)
      assert.ok(space.equals(again) && again.equals(space), text)
      assert.is(JSON.stringify(again), text)
      space.seed(seed)
      again.seed(seed)
      assert.equal(again.sample(), space.sample())
    }),
  )
})

test('the sampling stream of a space can be saved and goes on exactly', () => {
  fc.assert(
    fc.property(anySpace, fc.nat(), fc.nat(20), (space, seed, before) => {
      space.seed(seed)
      for (let i = 0; i < before; i++) space.sample()
      const saved = space.getState()
      const expected = [space.sample(), space.sample()]
      space.setState(saved)
      assert.equal([space.sample(), space.sample()], expected)
    }),
  )
})

test('infinite bounds are "inf" and "-inf" in JSON, as in a policy file', () => {
  const space = new Box([-1, -Infinity], [Infinity, 2])
  assert.equal(JSON.parse(JSON.stringify(space)), { type: 'Box', low: [-1, '-inf'], high: ['inf', 2], shape: [2], dtype: 'float32' })
})

test('the type of an element follows from its space', () => {
  const floats: Float32Array = new Box(-1, 1, { shape: [3] }).sample()
  const bytes: Uint8Array = new Box(0, 255, { shape: [2, 2], dtype: 'uint8' }).sample()
  const index: number = new Discrete(4).sample()
  const indices: Int32Array = new MultiDiscrete([2, 3]).sample()
  assert.equal([floats.length, bytes.length, Number.isInteger(index), indices.length], [3, 4, true, 2])
})

test('contains wants the right type, the right length and values within the bounds', () => {
  const box = new Box([-1, 0], [1, Infinity])
  for (const inside of [Float32Array.of(0, 5), [1, 0], Int8Array.of(1, 100)]) assert.ok(box.contains(inside), String(inside))
  for (const outside of [
    Float32Array.of(2, 0),
    Float32Array.of(0),
    Float64Array.of(0, 0),
    Float32Array.of(Number.NaN, 0),
    ['0', 0],
    0,
    null,
  ]) {
    assert.not(box.contains(outside), String(outside))
  }
  const discrete = new Discrete(3, { start: -1 })
  assert.ok([-1, 0, 1].every((x) => discrete.contains(x)))
  assert.not([-2, 2, 0.5, '0', [0], Number.NaN, null].some((x) => discrete.contains(x)))
  const multi = new MultiDiscrete([2, 3], { start: [0, 5] })
  assert.ok(multi.contains([1, 7]))
  assert.not(multi.contains([1, 8]) || multi.contains([1]) || multi.contains([0.5, 5]))
})

test('spaces of other bounds, shapes or dtypes are not equal', () => {
  const box = new Box(-1, 1, { shape: [2] })
  for (const other of [
    new Box(-1, 1.1, { shape: [2] }),
    new Box(-1, 1, { shape: [2, 1] }),
    new Box(-1, 1, { shape: [2], dtype: 'float64' }),
    new Discrete(2),
  ]) {
    assert.not(box.equals(other), String(other))
  }
  assert.not(new Discrete(2).equals(new Discrete(2, { start: 1 })))
  assert.ok(new Box([0, -Infinity], [1, 1]).equals(new Box([0, -Infinity], [1, 1])))
})

test('spaces print as in Gymnasium', () => {
  const printed = [
    new Discrete(2),
    new Discrete(3, { start: 1, dtype: 'int8' }),
    new Box(-1, 1, { shape: [3] }),
    new MultiDiscrete([2, 2]),
  ].map(String)
  assert.equal(printed, ['Discrete(2)', 'Discrete(3, start=1, dtype=int8)', 'Box(-1.0, 1.0, (3,), float32)', 'MultiDiscrete([2 2])'])
})

test('a mask allows what it marks, and probabilities of zero are never drawn', () => {
  const space = new Discrete(4, { start: 10, seed: 1 })
  const masked = new Set(Array.from({ length: 50 }, () => space.sample({ mask: [0, 1, 0, 1] })))
  assert.equal([...masked].sort(), [11, 13])
  assert.is(space.sample({ mask: new Int8Array(4) }), 10)
  const weighted = new Set(Array.from({ length: 50 }, () => space.sample({ probability: [0.5, 0, 0, 0.5] })))
  assert.equal([...weighted].sort(), [10, 13])
})

test('masks and probabilities that cannot be sampled from are refused', () => {
  const space = new Discrete(3)
  for (const options of [
    { mask: [1, 0] },
    { mask: [1, 0, 2] },
    { probability: [1, 0] },
    { probability: [0.5, 0, 0] },
    { mask: [1, 1, 1], probability: [1, 0, 0] },
  ]) {
    assert.is(
      code(() => space.sample(options)),
      'ENVS_INVALID_PROBABILITY',
      JSON.stringify(options),
    )
  }
  assert.is(
    code(() => new Box(0, 1).sample({ mask: [1] as unknown as null })),
    'ENVS_INVALID_PROBABILITY',
  )
  assert.is(
    code(() => new MultiDiscrete([2, 2]).sample({ mask: [[1, 1]] })),
    'ENVS_INVALID_PROBABILITY',
  )
})

test('impossible spaces are refused with what was given', () => {
  const impossible = [
    () => new Box(1, 0),
    () => new Box(Number.NaN, 1),
    () => new Box(0, Infinity, { dtype: 'uint8' }),
    () => new Box(0, 256, { dtype: 'uint8' }),
    () => new Box(0, 0.5, { dtype: 'int8' }),
    () => new Box([0, 0], [1, 1, 1]),
    () => new Box(0, 1, { shape: [-1] }),
    () => new Box(0, 1, { shape: [2 ** 40] }),
    () => new Box(0, 1, { dtype: 'float16' as 'float32' }),
    () => new Discrete(0),
    () => new Discrete(1.5),
    () => new Discrete(300, { dtype: 'int8' }),
    () => new Discrete(3, { dtype: 'float32' as 'int8' }),
    () => new MultiDiscrete([2, 0]),
    () => new MultiDiscrete([2, 2], { start: [1] }),
  ]
  for (const make of impossible) assert.is(code(make), 'ENVS_INVALID_SPACE', String(make))
  assert.throws(() => new Box([0, 3], [1, 2]), /low=3 and high=2 at index 1/)
})

test('broken JSON of a space is refused with the field that is wrong', () => {
  const broken: [unknown, RegExp][] = [
    ['{', /not the JSON of a space/],
    [null, /has a type/],
    [{ type: 'Ditc' }, /"Ditc"/],
    [{ type: 'Box', low: 0, high: 1, dtype: 'float32' }, /shape/],
    [{ type: 'Box', low: [0, 'x'], high: 1, shape: [2], dtype: 'float32' }, /low/],
    [{ type: 'Box', low: 0, high: 1, shape: [2], dtype: 'toString' }, /dtype/],
    [{ type: 'Discrete', n: '2', start: 0, dtype: 'int64' }, /n of a Discrete/],
    [{ type: 'Discrete', n: 2, start: 0, dtype: 'float32' }, /dtype/],
    [{ type: 'MultiDiscrete', nvec: 3, start: [0], shape: [1], dtype: 'int64' }, /nvec/],
  ]
  for (const [json, expected] of broken) {
    assert.is(
      code(() => spaceFromJSON(json)),
      'ENVS_INVALID_SPACE',
      JSON.stringify(json),
    )
    assert.throws(() => spaceFromJSON(json), expected)
  }
})

test('flatdim counts coordinates and one-hot places; batching puts rows side by side', () => {
  assert.equal([new Box(0, 1, { shape: [2, 3] }), new Discrete(5), new MultiDiscrete([2, 4])].map(flatdim), [6, 5, 6])
  const rows = batchSpace(new Box([0, -Infinity], [1, 2]), 3) as spaces.Box
  assert.equal([rows.shape, rows.isBounded('below'), rows.isBounded('above')], [[3, 2], false, true])
  assert.ok(batchSpace(new Discrete(3, { start: 2 }), 2).equals(new MultiDiscrete([3, 3], { start: [2, 2] })))
  assert.ok(batchSpace(new MultiDiscrete([2, 3]), 2).equals(new Box([0, 0, 0, 0], [1, 2, 1, 2], { shape: [2, 2], dtype: 'int64' })))
})

test.run()
