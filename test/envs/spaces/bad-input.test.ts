import { spaces } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code } from '../helpers.js'

const { Box, Dict, Discrete, Graph, MultiBinary, MultiDiscrete, OneOf, Sequence, Text, Tuple } = spaces

type Cases = [make: () => unknown, code: string, message: RegExp][]

function refused(cases: Cases): void {
  for (const [make, expected, message] of cases) {
    assert.is(code(make), expected, String(make))
    assert.throws(make, message)
  }
}

const loose = (value: unknown) => value as never

test('impossible spaces are refused with what was given and what is possible', () => {
  refused([
    [() => new MultiDiscrete([[1, 2], [3]]), 'ENVS_INVALID_SPACE', /rows of nvec must have one shape, got \[2\] and, in row 1, \[1\]/],
    [() => new MultiDiscrete([300], { dtype: 'int8' }), 'ENVS_INVALID_SPACE', /does not fit int8/],
    [() => new MultiDiscrete([2, 2], { start: [[1, 1]] }), 'ENVS_INVALID_SPACE', /got \[2\] and \[1,2\]/],
    [() => new Box([[0, 0]], 1, { shape: [2, 1] }), 'ENVS_INVALID_SPACE', /low of a Box of shape \[2,1\] has the shape \[1,2\]/],
    [() => new Discrete(200, { start: -100, dtype: 'int8' }), 'ENVS_INVALID_SPACE', /does not fit int8/],
    [() => new MultiBinary(0), 'ENVS_INVALID_SPACE', /positive integers, got \[0\]/],
    [() => new MultiBinary([2, -1]), 'ENVS_INVALID_SPACE', /got \[2, -1\]/],
    [() => new MultiBinary(loose('3')), 'ENVS_INVALID_SPACE', /got "3"/],
    [() => new MultiBinary([2 ** 20, 2 ** 20]), 'ENVS_INVALID_SPACE', /more than/],
    [() => new Text(2, { minLength: 3 }), 'ENVS_INVALID_SPACE', /minLength=3, maxLength=2/],
    [() => new Text(1.5), 'ENVS_INVALID_SPACE', /maxLength=1.5/],
    [() => new Text(3, { charset: new Set(['ab']) }), 'ENVS_INVALID_SPACE', /single characters, got "ab"/],
    [() => new Text(3, { charset: loose(7) }), 'ENVS_INVALID_SPACE', /got 7/],
    [() => new Tuple(loose([1])), 'ENVS_INVALID_KWARGS', /got 1 as part 0/],
    [() => new Tuple(loose(new Discrete(2))), 'ENVS_INVALID_KWARGS', /takes a list of spaces/],
    [() => new OneOf([]), 'ENVS_INVALID_KWARGS', /at least one/],
    [() => new Dict(loose({ a: 1 })), 'ENVS_INVALID_KWARGS', /got 1 as "a"/],
    [() => new Dict(loose(null)), 'ENVS_INVALID_KWARGS', /got null/],
    [() => new Dict([loose(['a'])]), 'ENVS_INVALID_KWARGS', /at index 0/],
    [
      () =>
        new Dict([
          ['a', new Discrete(2)],
          ['a', new Discrete(3)],
        ]),
      'ENVS_INVALID_KWARGS',
      /"a" twice/,
    ],
    [() => new Dict([['__proto__', new Discrete(2)]]), 'ENVS_INVALID_KWARGS', /__proto__/],
    [() => new Sequence(loose([])), 'ENVS_INVALID_KWARGS', /Sequence is made of spaces/],
    [() => new Graph(loose(undefined), null), 'ENVS_INVALID_KWARGS', /space of its nodes/],
    [() => new Graph(new Discrete(2), loose(5)), 'ENVS_INVALID_KWARGS', /space of its edges/],
  ])
})

test('masks and probabilities of a wrong length, dtype or form are refused', () => {
  const [discrete, multi, binary, text] = [new Discrete(3), new MultiDiscrete([2, 2]), new MultiBinary(2), new Text(3, { charset: 'ab' })]
  const [tuple, dict] = [new Tuple([discrete, binary]), new Dict({ a: discrete })]
  const [one, sequence, graph] = [new OneOf([discrete]), new Sequence(discrete), new Graph(discrete, discrete)]
  const wrong: [spaces.Space, unknown, RegExp][] = [
    [discrete, { mask: Float64Array.of(1, 0, 1) }, /a mask is a list or an Int8Array/],
    [discrete, { mask: 'abc' }, /got "abc"/],
    [discrete, { mask: [1, 1] }, /for 3 choices has 3 values, got 2/],
    [discrete, { mask: [1, 1, true] }, /got true at index 2/],
    [discrete, { probability: Int8Array.of(1, 0, 0) }, /a list or a Float64Array/],
    [discrete, { probability: [1.5, -0.5, 0] }, /lie in \[0, 1\], got 1.5/],
    [discrete, { probability: [Number.NaN, 0.5, 0.5] }, /got NaN/],
    [discrete, { probability: [0.5, 0.5, 0.5] }, /sum of 1.5/],
    [discrete, { mask: [1, 1, 1], probability: [1, 0, 0] }, /not both/],
    [discrete, 5, /\{ mask \} or \{ probability \}, got 5/],
    [multi, { mask: [[1, 1]] }, /nested lists of shape \[2\]/],
    [multi, { mask: [[1, 1], 1] }, /got 1/],
    [
      multi,
      {
        probability: [
          [0.5, 0.4],
          [1, 0],
        ],
      },
      /sum to 1, got a sum of 0.9/,
    ],
    [binary, { mask: [0, 3] }, /0, 1 and 2 only, got 3/],
    [binary, { mask: [0] }, /got 1/],
    [binary, { probability: [0.5, 2] }, /got 2 at index 1/],
    [text, { mask: [5, null] }, /from 1 to 3, got 5/],
    [text, { mask: [null, [1]] }, /2 choices has 2/],
    [text, { mask: [null, [0, 0]] }, /no character may be drawn/],
    [text, { mask: [1] }, /\[length or null, weights or null\]/],
    [text, { probability: [null, [0.5, 0.4]] }, /sum to 1/],
    [tuple, { mask: [[1, 1, 1]] }, /a list of 2 masks/],
    [tuple, { mask: { a: 1 } }, /a list of 2 masks/],
    [tuple, { mask: [[1, 1, 2], null] }, /got 2 at index 2/],
    [dict, { mask: { b: null } }, /its keys a, got the keys b/],
    [dict, { probability: [1] }, /its keys a/],
    [one, { mask: [] }, /a list of 1 masks/],
    [sequence, { mask: [-1, null] }, /non-negative integer or a list of such, got -1/],
    [sequence, { mask: [[], null] }, /got \[\]/],
    [sequence, { probability: [1] }, /\[length or null, weights or null\]/],
    [graph, { mask: [null] }, /weights of nodes or null/],
    [graph, { numNodes: 2, mask: [[1, 1, 1], null] }, /nested lists of shape \[2\]/],
  ]
  for (const [space, options, message] of wrong) {
    assert.is(
      code(() => space.sample(options as object)),
      'ENVS_INVALID_PROBABILITY',
      `${space} ${JSON.stringify(options)}`,
    )
    assert.throws(() => space.sample(options as object), message)
  }
  for (const numbers of [{ numNodes: 0 }, { numNodes: 1.5 }, { numEdges: -1 }]) {
    assert.is(
      code(() => graph.sample(numbers)),
      'ENVS_INVALID_KWARGS',
    )
  }
})

test('what is no element is refused where elements are flattened, put side by side or iterated', () => {
  const [box, pair] = [new Box(0, 1, { shape: [2] }), new Tuple([new Discrete(2), new Box(0, 1)])]
  const dict = new Dict({ a: new Discrete(2) })
  const { batchSpace, concatenate, createEmptyArray, flatten, iterate, unflatten } = spaces
  refused([
    [() => flatten(box, [1]), 'ENVS_INVALID_ELEMENT', /is no element of Box/],
    [() => flatten(new Discrete(3), 3), 'ENVS_INVALID_ELEMENT', /3 is no element of Discrete\(3\)/],
    [() => flatten(pair, [1]), 'ENVS_INVALID_ELEMENT', /is no element of Tuple/],
    [() => flatten(dict, { b: 1 }), 'ENVS_INVALID_ELEMENT', /undefined is no element of Discrete/],
    [() => flatten(new Text(2), 'ß'), 'ENVS_INVALID_ELEMENT', /"ß"/],
    [() => flatten(new OneOf([new Sequence(box)]), [0, []]), 'ENVS_INVALID_SPACE', /parts of no fixed size/],
    [() => flatten(new OneOf([box]), [1, 0]), 'ENVS_INVALID_ELEMENT', /no element of OneOf/],
    [() => unflatten(new Discrete(3), [0, 0, 0]), 'ENVS_INVALID_ELEMENT', /all are zero/],
    [() => unflatten(new MultiDiscrete([2, 2]), [1, 1, 0, 1]), 'ENVS_INVALID_ELEMENT', /numbers 0 to 1 .* several are not zero/],
    [() => unflatten(new OneOf([box]), [1, 0, 0]), 'ENVS_INVALID_ELEMENT', /has no part 1/],
    [() => unflatten(box, [1, 2, 3]), 'ENVS_INVALID_ELEMENT', /no element of Box/],
    [() => concatenate(box, [[1, 2], [1]], createEmptyArray(box, 2)), 'ENVS_INVALID_ELEMENT', /no element of Box/],
    [() => concatenate(box, [[1, 2]], createEmptyArray(box, 2)), 'ENVS_INVALID_ELEMENT', /createEmptyArray\(space, 1\)/],
    [() => [...iterate(box, 'ab')], 'ENVS_INVALID_ELEMENT', /"ab"/],
    [() => [...iterate(batchSpace(box, 2), [1, 2, 3])], 'ENVS_INVALID_ELEMENT', /3 numbers are no rows of \[2\]/],
    [() => [...iterate(new Discrete(2), [1])], 'ENVS_INVALID_ELEMENT', /has no rows/],
    [() => [...iterate(batchSpace(pair, 2), [[0, 1], [0.5]])], 'ENVS_INVALID_ELEMENT', /different numbers of rows/],
    [() => batchSpace(box, -1), 'ENVS_INVALID_SPACE', /-1 of Box/],
    [() => spaces.flatdim(new Sequence(box)), 'ENVS_INVALID_SPACE', /differ in size/],
    [() => spaces.batchDifferingSpaces([]), 'ENVS_INVALID_SPACE', /at least one/],
    [() => spaces.batchDifferingSpaces([box, new Discrete(2)]), 'ENVS_INVALID_SPACE', /of one kind/],
    [() => spaces.batchDifferingSpaces([box, new Box(0, 1)]), 'ENVS_INVALID_SPACE', /one shape/],
    [() => spaces.batchDifferingSpaces([dict, new Dict({ b: new Discrete(2) })]), 'ENVS_INVALID_SPACE', /one set of keys/],
  ])
})

test('broken JSON of a space of others is refused with the field that is wrong', () => {
  const discrete = { type: 'Discrete', n: 2, start: 0, dtype: 'int64' }
  let deep: unknown = discrete
  for (let i = 0; i < 100; i++) deep = { type: 'Tuple', spaces: [deep] }
  const broken: [unknown, RegExp][] = [
    [{ type: 'MultiBinary', n: 'x' }, /n of a MultiBinary/],
    [{ type: 'Text', maxLength: 3, minLength: 1, charset: 5 }, /charset of a Text/],
    [{ type: 'Tuple', spaces: discrete }, /spaces of a Tuple/],
    [{ type: 'Tuple', spaces: [discrete, null] }, /has a type/],
    [{ type: 'Dict', spaces: { a: discrete }, sortKeys: true }, /spaces of a Dict/],
    [{ type: 'Dict', spaces: [['a', discrete]] }, /sortKeys of a Dict/],
    [{ type: 'Dict', spaces: [[1, discrete]], sortKeys: true }, /pairs of key and space/],
    [{ type: 'Sequence', space: discrete, stack: 1 }, /stack of a Sequence/],
    [{ type: 'Graph', nodeSpace: discrete }, /has a type/],
    [deep, /at most 64 deep/],
  ]
  refused(broken.map(([json, message]) => [() => spaces.spaceFromJSON(json), 'ENVS_INVALID_SPACE', message]))
})

test('a saved state of another space is refused, and changes nothing', () => {
  const space = new Tuple([new Discrete(5), new Box(0, 1)], { seed: 1 })
  const before = JSON.stringify(space.getState())
  const part = new Discrete(2, { seed: 1 }).getState()
  for (const state of [
    part,
    { random: null, parts: [part] },
    { random: null, parts: [part, { random: null, parts: [] }] },
    'x',
    [part, part],
  ]) {
    assert.is(
      code(() => space.setState(loose(state))),
      'ENVS_INVALID_STATE',
      JSON.stringify(state),
    )
    assert.is(JSON.stringify(space.getState()), before)
  }
})

test.run()
