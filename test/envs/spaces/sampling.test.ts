import { RandomGenerator, spaces } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code, warnings } from '../helpers.js'

const { Box, Dict, Discrete, Graph, MultiBinary, MultiDiscrete, OneOf, Sequence, Text, Tuple } = spaces

test('sampleInto writes what sample gives, in the place it is told, and nothing else', () => {
  const kinds = [
    new Box([-1, -Infinity], [Infinity, 2]),
    new Box(0, 9, { shape: [2, 2], dtype: 'int16' }),
    new Discrete(5, { start: 2 }),
    new MultiDiscrete([3, 4], { start: [1, 0] }),
    new MultiBinary(3),
  ]
  for (const space of kinds) {
    space.seed(3)
    const expected = [space.sample()].flatMap((x) => (typeof x === 'number' ? [x] : Array.from(x as Int8Array)))
    const out = spaces.createEmptyArray(space, 3) as Int8Array
    space.seed(3)
    ;(space as { sampleInto(out: Int8Array, offset: number): void }).sampleInto(out, expected.length)
    assert.equal([...out], [...expected.map(() => 0), ...expected, ...expected.map(() => 0)], `${space}`)
    assert.is(
      code(() => (space as { sampleInto(out: unknown, offset: number): void }).sampleInto(out, out.length)),
      'ENVS_INVALID_KWARGS',
    )
    assert.is(
      code(() => (space as { sampleInto(out: unknown, offset: number): void }).sampleInto([0, 0, 0, 0], 0)),
      'ENVS_INVALID_KWARGS',
    )
  }
})

test('parts have seeds of their own, drawn from the one that is given', () => {
  const space = new Tuple([new Discrete(10), new Dict({ b: new Discrete(3), a: new Box(0, 1) })])
  const used = space.seed(7)
  const random = new RandomGenerator(7)
  assert.is(used[0], random.integers(2 ** 31 - 1))
  const inner = new RandomGenerator(random.integers(2 ** 31 - 1))
  assert.equal(used[1], { a: inner.integers(2 ** 31 - 1), b: inner.integers(2 ** 31 - 1) })
  assert.is(space.spaces[0].sample(), new Discrete(10, { seed: used[0] as number }).sample())
  const fresh = [space.seed(), space.seed()]
  assert.not.equal(fresh[0], fresh[1])
})

test('the seeds that were given back seed the space to the same samples', () => {
  for (const space of [
    new Tuple([new Discrete(100), new Box(0, 1)]),
    new Dict({ a: new Discrete(100), b: new Text(5) }),
    new OneOf([new Discrete(100), new Discrete(50)]),
    new Sequence(new Discrete(100)),
    new Graph(new Discrete(100), new Box(0, 1)),
  ] as spaces.Space[]) {
    const used = space.seed(5)
    const samples = [space.sample(), space.sample()]
    space.seed(used)
    assert.equal([space.sample(), space.sample()], samples, `${space}`)
  }
})

test('seeds of another form than the space are refused', () => {
  const wrong: [spaces.Space, unknown][] = [
    [new Tuple([new Discrete(2)]), [1, 2]],
    [new Tuple([new Discrete(2)]), { a: 1 }],
    [new Tuple([new Discrete(2)]), [[1]]],
    [new Dict({ a: new Discrete(2) }), { b: 1 }],
    [new Dict({ a: new Discrete(2) }), [1]],
    [new OneOf([new Discrete(2)]), [1]],
    [new Sequence(new Discrete(2)), [1, 2, 3]],
    [new Graph(new Discrete(2), null), [1, 2, 3]],
    [new Discrete(2), -1],
    [new Discrete(2), 'x'],
  ]
  for (const [space, seed] of wrong) {
    assert.is(
      code(() => space.seed(seed as number)),
      'ENVS_INVALID_SEED',
      `${space}`,
    )
  }
})

test('a mask fixes what it fixes, within parts too', () => {
  const space = new Dict({
    keys: new MultiBinary(3),
    turn: new Tuple([new Discrete(4), new Box(-1, 1)]),
    word: new Text(4, { charset: 'ab' }),
    steps: new Sequence(new Discrete(3), { stack: true }),
  })
  space.seed(1)
  for (let i = 0; i < 20; i++) {
    const { keys, turn, word, steps } = space.sample({
      mask: {
        keys: [1, 0, 2],
        turn: [[0, 0, 1, 0], null],
        word: [3, [0, 1]],
        steps: [
          [2, 4],
          [1, 0, 0],
        ],
      },
    })
    assert.equal([...keys.subarray(0, 2)], [1, 0])
    assert.is(turn[0], 2)
    assert.is(word, 'bbb')
    assert.ok(steps.length === 2 || steps.length === 4)
    assert.ok(steps.every((step) => step === 0))
  }
})

test('a graph has as many nodes and edges as are asked for, and warns where edges have no space', () => {
  const graph = new Graph(new Box(-1, 1, { shape: [2] }), new Discrete(3, { start: 1 }), { seed: 1 })
  const { nodes, edges, edgeLinks } = graph.sample({ numNodes: 4, numEdges: 7 })
  assert.equal([nodes.length, edges?.length, edgeLinks?.length], [8, 7, 14])
  assert.ok(edgeLinks!.every((node) => node >= 0 && node < 4))
  assert.equal(graph.sample({ numNodes: 1 }).edges, null)
  const bare = new Graph(new Discrete(3), null)
  const given = warnings(() => assert.equal(bare.sample({ numEdges: 2 }).edges, null))
  assert.match(given.join(), /2 edges are asked for/)
})

test('a space of one own can be a part, and says what it needs to be batched', () => {
  class Even extends spaces.Space<number> {
    readonly shape = []
    readonly dtype = 'int64'
    override sample(): number {
      return 2 * this.npRandom.integers(10)
    }
    override contains(x: unknown): x is number {
      return typeof x === 'number' && x % 2 === 0
    }
    override equals(other: unknown): boolean {
      return other instanceof Even
    }
    override toJSON(): never {
      throw new Error('not for files')
    }
    override toString(): string {
      return 'Even()'
    }
  }
  const pair = new Tuple([new Even(), new Discrete(2)], { seed: 1 })
  const [even, bit]: [number, number] = pair.sample()
  assert.ok(even % 2 === 0 && bit < 2)
  assert.throws(() => spaces.batchSpace(new Even(), 2), /Even\(\) cannot be copied; override copy\(\)/)
})

test('the subspace of a MultiDiscrete is at its point of the stream', () => {
  const grid = new MultiDiscrete([
    [2, 9],
    [4, 1],
  ])
  grid.seed(4)
  const row = grid.at(0)
  assert.is(`${row}`, 'MultiDiscrete([2 9])')
  assert.is(`${(row as spaces.MultiDiscrete).at(1)}`, 'Discrete(9)')
  assert.equal([...(row.sample() as Int32Array)], [...grid.sample().subarray(0, 2)])
  assert.is(
    code(() => grid.at(2)),
    'ENVS_INVALID_SPACE',
  )
})

test.run()
