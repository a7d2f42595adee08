/** Spaces of every kind for fast-check, nested up to three deep. */
import fc from 'fast-check'
import { spaces } from 'gymnura/envs'

type Space = spaces.Space

const bound = fc.oneof(fc.constant(null), fc.integer({ min: -100, max: 100 }))
const smallInt = (min: number, max: number) => fc.integer({ min, max })

const anyBox = fc
  .tuple(
    fc.array(fc.tuple(bound, bound), { minLength: 1, maxLength: 6 }),
    fc.constantFrom<spaces.Dtype>('float32', 'float64', 'int8', 'int16', 'int32', 'int64'),
    fc.boolean(),
  )
  .map(([sides, dtype, column]) => {
    const low = sides.map(([a, b]) => (a === null ? -Infinity : b === null ? a : Math.min(a, b)))
    const high = sides.map(([a, b]) => (b === null ? Infinity : a === null ? b : Math.max(a, b)))
    return new spaces.Box<spaces.Dtype>(low, high, { dtype, shape: column ? [sides.length, 1] : [sides.length] })
  })
const anyDiscrete = fc
  .tuple(smallInt(1, 100), smallInt(-20, 20), fc.constantFrom<spaces.IntegerDtype>('int8', 'int16', 'int32', 'int64'))
  .map(([n, start, dtype]) => new spaces.Discrete<spaces.IntegerDtype>(n, { start, dtype }))
const anyMultiDiscrete = fc
  .tuple(fc.array(fc.tuple(smallInt(1, 50), smallInt(-9, 9)), { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([choices, row]) => {
    const [nvec, start] = [choices.map(([n]) => n), choices.map(([, first]) => first)]
    return new spaces.MultiDiscrete(nvec, { start, shape: row ? [1, nvec.length] : [nvec.length] })
  })
const anyMultiBinary = fc
  .oneof(smallInt(1, 6), fc.array(smallInt(1, 3), { minLength: 1, maxLength: 3 }))
  .map((n) => new spaces.MultiBinary(n))
const anyText = fc
  .tuple(smallInt(0, 3), smallInt(0, 5), fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }))
  .map(([minLength, more, charset]) => new spaces.Text(minLength + more, { minLength, charset }))

const leaves: fc.Arbitrary<Space>[] = [anyBox, anyDiscrete, anyMultiDiscrete, anyMultiBinary, anyText]
const key = fc.string({ maxLength: 4 }).filter((name) => name !== '__proto__')

function madeOf(part: fc.Arbitrary<Space>): fc.Arbitrary<Space>[] {
  return [
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => new spaces.Tuple(parts)),
    fc
      .tuple(fc.uniqueArray(fc.tuple(key, part), { minLength: 1, maxLength: 3, selector: ([name]) => name }), fc.boolean())
      .map(([pairs, sortKeys]) => new spaces.Dict(pairs, { sortKeys })),
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => new spaces.OneOf(parts)),
    // Of elements or nodes without numbers a flat stack or graph could not tell how many there are.
    fc.tuple(part, fc.boolean()).map(([space, stack]) => new spaces.Sequence<Space, boolean>(space, { stack: stack && hasNumbers(space) })),
    fc.tuple(part.filter(hasNumbers), fc.option(part.filter(hasNumbers))).map(([nodes, edges]) => new spaces.Graph(nodes, edges)),
  ]
}

const leaf = fc.oneof(...leaves)
const nested = fc.oneof(...leaves, ...madeOf(leaf))

export const anySpace: fc.Arbitrary<Space> = fc.oneof(...leaves, ...madeOf(nested))

/** The same but for choices among parts that are of no fixed size: those cannot be flattened, in Gymnasium neither. */
export const flattening = anySpace.filter((space) => space.isNpFlattenable || !JSON.stringify(space).includes('"OneOf"'))

/** The same without an end to sizes: every element becomes one array of numbers. */
export const flattenable = anySpace.filter((space) => space.isNpFlattenable)

function hasNumbers(space: Space): boolean {
  return !space.isNpFlattenable || spaces.flatdim(space) > 0
}
