import fc from 'fast-check'
import { spaces } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code } from '../helpers.js'
import { anySpace } from './any-space.js'

const { Box, Dict, Discrete, Graph, MultiBinary, OneOf, Sequence, Text, Tuple } = spaces

/** A stack of what has no batch is as many parts as there are elements, which no JSON of Gymnasium's can tell. */
const stacksOnlyArrays = (space: spaces.Space): boolean => {
  const read = (json: unknown): boolean => {
    if (typeof json !== 'object' || json === null) return true
    const { space: inner, stack, type } = json as { space?: unknown; stack?: boolean; type?: string }
    const unbatched = /"(Text|Sequence|Graph|OneOf)"/
    if (type === 'Sequence' && stack && unbatched.test(JSON.stringify(inner))) return false
    if (type === 'Graph' && unbatched.test(JSON.stringify({ ...json, type: '' }))) return false
    return Object.values(json).every(read)
  }
  return read(space.toJSON())
}

test('samples of any space survive JSON', () => {
  fc.assert(
    fc.property(anySpace.filter(stacksOnlyArrays), fc.nat(), fc.nat(3), (space, seed, count) => {
      space.seed(seed)
      const samples = Array.from({ length: count }, () => space.sample())
      const read = space.fromJsonable(JSON.parse(JSON.stringify(space.toJsonable(samples))))
      assert.equal(read, samples, `${space}`)
    }),
  )
})

test('arrays are lists of lists, infinities words, flags true and false', () => {
  const box = new Box(-Infinity, Infinity, { shape: [2, 2], dtype: 'float64' })
  const written = [
    [
      [1, 'inf'],
      ['-inf', 0.5],
    ],
  ]
  assert.equal(box.toJsonable([Float64Array.of(1, Infinity, -Infinity, 0.5)]), written)
  assert.equal(box.fromJsonable(written), [Float64Array.of(1, Infinity, -Infinity, 0.5)])
  assert.equal(new Box(0, 1, { shape: [2], dtype: 'bool' }).toJsonable([Uint8Array.of(1, 0)]), [[true, false]])
  assert.equal(new Box(0, 1, { shape: [] }).toJsonable([Float32Array.of(0.5)]), [0.5])
  const pair = new Tuple([new Discrete(3), new Text(2)])
  assert.equal(
    pair.toJsonable([
      [1, 'a'],
      [2, 'b'],
    ]),
    [
      [1, 2],
      ['a', 'b'],
    ],
  )
})

test('what is no JSON of the space is refused, naming what was expected', () => {
  const bad: readonly [spaces.Space, unknown][] = [
    [new Box(0, 1, { shape: [2] }), [[1]]],
    [new Box(0, 1, { shape: [2] }), [[1, 'x']]],
    [new Box(0, 1, { shape: [2] }), 1],
    [new Box(0, 9, { shape: [2], dtype: 'int8' }), [[1, 300]]],
    [new Discrete(3), [0.5]],
    [new MultiBinary(2), [[0, 1, 1]]],
    [new Text(3), [1]],
    [new Tuple([new Discrete(2), new Discrete(2)]), [[1], [1, 0]]],
    [new Tuple([new Discrete(2)]), [[1], [1]]],
    [new Dict({ a: new Discrete(2) }), { b: [1] }],
    [new OneOf([new Discrete(2)]), [[1, 0]]],
    [new Sequence(new Discrete(2)), [1]],
    [new Graph(new Box(0, 1, { shape: [1] }), null), [{ nodes: [[[0.5]]], edges: [[1]], edge_links: [[0, 0]] }]],
    [new Graph(new Box(0, 1, { shape: [1] }), new Discrete(2)), [{ nodes: [[[0.5]]], edges: [[1]], edge_links: [[0]] }]],
  ]
  for (const [space, json] of bad) {
    assert.is(
      code(() => space.fromJsonable(json)),
      'ENVS_INVALID_ELEMENT',
      `${space} ${JSON.stringify(json)}`,
    )
  }
  assert.is(
    code(() => new Box(0, 1, { shape: [2] }).toJsonable([Float32Array.of(1)])),
    'ENVS_INVALID_ELEMENT',
  )
})

test.run()
