import { spaces } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const { Box, Dict, Discrete, Graph, MultiBinary, MultiDiscrete, OneOf, Sequence, Text, Tuple } = spaces

/** Compiles only where the two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const type = <A, B>(same: Same<A, B>) => assert.ok(same)

test('the type of an element follows from its space, through every nesting', () => {
  const space = new Dict({
    position: new Box(-1, 1, { shape: [3] }),
    pixels: new Box(0, 255, { dtype: 'uint8' }),
    tool: new Discrete(4),
    keys: new MultiBinary(3),
    pair: new Tuple([new Discrete(2), new Text(4)]),
    either: new OneOf([new Discrete(2), new MultiDiscrete([2, 2], { dtype: 'int8' })]),
    list: new Sequence(new Text(2)),
    rows: new Sequence(new Box(0, 1, { dtype: 'float64' }), { stack: true }),
    graph: new Graph(new Box(0, 1), new Discrete(3)),
    cloud: new Graph(new Discrete(3), null),
  })
  const element = space.sample()
  type<
    typeof element,
    {
      position: Float32Array
      pixels: Uint8Array
      tool: number
      keys: Int8Array
      pair: [number, string]
      either: [index: number, element: number | Int8Array]
      list: string[]
      rows: Float64Array
      graph: spaces.GraphInstance<Float32Array, Int32Array>
      cloud: spaces.GraphInstance<Int32Array, null>
    }
  >(true)
  assert.is(element.pair.length, 2)
  assert.instance(element.graph.nodes, Float32Array)
  assert.is(element.cloud.edges, null)
})

test('contains tells the compiler what it has found', () => {
  const space = new Tuple([new Discrete(2), new Box(0, 1)])
  const x: unknown = space.sample()
  assert.ok(space.contains(x))
  if (space.contains(x)) type<typeof x, [number, Float32Array]>(true)
})

test('the types of masks, batches and elements follow from the space', () => {
  const space = new Dict({ a: new Discrete(2), b: new Tuple([new Box(0, 1), new MultiBinary(2)]) })
  type<spaces.ElementOf<typeof space.spaces.b>, [Float32Array, Int8Array]>(true)
  type<spaces.MaskOf<typeof space>, { readonly a: ArrayLike<number> | null; readonly b: readonly [null, ArrayLike<number> | null] | null }>(
    true,
  )
  const batch = spaces.batchSpace(space, 2)
  const { a, b } = batch.sample()
  type<typeof a, Int32Array>(true)
  type<(typeof b)[1], Int8Array>(true)
  assert.equal([a.length, b[0].length, b[1].length], [2, 2, 4])
})

test('a space whose kind is known at run time only is a space of unknown elements', () => {
  const read: spaces.Space = spaces.spaceFromJSON(new Discrete(2).toJSON())
  const element = read.sample()
  type<typeof element, unknown>(true)
  const several: spaces.Space[] = [new Box(0, 1), new Dict({ a: new Text(2) }), new Graph(new Discrete(2), null), read]
  assert.ok(several.every((space) => space.contains(space.sample())))
})

test.run()
