import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Heap } from '../../../rl/nn/heap.js'
import { Mlp, type MlpDescription } from '../../../rl/nn/mlp.js'
import { centralDifference, fillNormal, forward, refuses, rowsOf, seeded, widen, worst } from './reference.js'

const heap = Heap.create()

/** Inputs and outputs of 1 … 9, hidden layers on and off the sizes of the tiles, both activations. */
const descriptions: fc.Arbitrary<MlpDescription> = fc.record({
  sizes: fc
    .tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(32, 33, 48, 64, 100)), { maxLength: 3 }),
      fc.integer({ min: 1, max: 9 }),
    )
    .map(([first, hidden, last]) => [first, ...hidden, last]),
  activation: fc.constantFrom('tanh' as const, 'relu' as const),
})

function network(description: MlpDescription, maxBatch: number, seed: number) {
  const random = seeded(seed)
  const mlp = new Mlp(heap, description, { maxBatch })
  const params = mlp.parameters()
  mlp.initialize(
    params,
    random,
    description.sizes.slice(1).map(() => 1),
  )
  const tensors = mlp.toTensors(params, 'net')
  for (const { shape, data } of tensors) if (shape.length === 1) fillNormal(data, random, 0.3)
  mlp.fromTensors(params, tensors, 'net')
  return { mlp, params, random }
}

test('forward agrees with float64 for all small sizes, both activations and any number of rows', () => {
  fc.assert(
    fc.property(descriptions, fc.integer({ min: 1, max: 70 }), fc.integer(), (description, n, seed) => {
      const { mlp, params, random } = network(description, n, seed)
      const x = fillNormal(heap.float32(n * description.sizes[0]!), random)
      const expected = forward(description, widen(mlp.toTensors(params, 'net')), rowsOf(x, description.sizes[0]!)).flat()
      const got = mlp.forward(params, x, n)
      assert.is(got.length, expected.length)
      assert.ok(worst(got, expected) < 2e-5, `${JSON.stringify(description)} n=${n}: ${worst(got, expected)}`)
    }),
    { numRuns: 150 },
  )
})

test('gradients agree with central differences of float64, and are added to what is there', () => {
  fc.assert(
    fc.property(descriptions, fc.integer({ min: 1, max: 40 }), fc.integer(), (description, n, seed) => {
      const { mlp, params, random } = network(description, n, seed)
      const width = description.sizes[0]!
      const outputs = description.sizes.at(-1)!
      const x = fillNormal(heap.float32(n * width), random)
      const dOutput = fillNormal(heap.float32(n * outputs), random)
      const weights = widen(mlp.toTensors(params, 'net'))
      const rows = rowsOf(x, width)
      // At its corner ReLU has no derivative, and float32 and float64 may stand on different sides of it.
      let nearest = Infinity
      forward(description, weights, rows, (value) => {
        nearest = Math.min(nearest, Math.abs(value))
      })
      fc.pre(description.activation === 'tanh' || nearest > 1e-5)
      const loss = () =>
        forward(description, weights, rows).reduce((sum, y, r) => sum + y.reduce((s, v, o) => s + v * dOutput[r * outputs + o]!, 0), 0)
      const gradients = mlp.parameters()
      mlp.forward(params, x, n)
      mlp.backward(params, gradients, x, dOutput, n)
      const got = mlp.toTensors(gradients, 'net')
      got.forEach(({ name, data }, t) => {
        for (let probe = 0; probe < 6; probe++) {
          const index = random.integer(data.length)
          const expected = centralDifference(loss, weights[t]!.data, index)
          const error = Math.abs(data[index]! - expected) / Math.max(1, Math.abs(expected))
          assert.ok(error < 1e-4, `${name}[${index}] of ${JSON.stringify(description)}, n=${n}: ${data[index]} for ${expected}`)
        }
      })
      mlp.backward(params, gradients, x, dOutput, n)
      mlp.toTensors(gradients, 'net').forEach(({ data }, t) => {
        assert.ok(
          worst(
            data,
            got[t]!.data.map((value) => 2 * value),
          ) < 1e-4,
        )
      })
    }),
    { numRuns: 80 },
  )
})

test('what pads the parameters stays zero in gradients, so norms and optimisers do not see it', () => {
  const { mlp, params, random } = network({ sizes: [5, 7, 9, 3], activation: 'tanh' }, 50, 3)
  const x = fillNormal(heap.float32(250), random)
  const gradients = mlp.parameters()
  mlp.forward(params, x, 50)
  mlp.backward(params, gradients, x, fillNormal(heap.float32(150), random), 50)
  const real = mlp.toTensors(gradients, 'net').reduce((sum, { data }) => sum + data.filter((value) => value !== 0).length, 0)
  assert.is(gradients.filter((value) => value !== 0).length, real)
})

test('a row gives the same bits alone and at any place in a batch of any size', () => {
  fc.assert(
    fc.property(descriptions, fc.integer({ min: 1, max: 90 }), fc.integer(), (description, n, seed) => {
      const { mlp, params, random } = network(description, n, seed)
      const width = description.sizes[0]!
      const outputs = description.sizes.at(-1)!
      const x = fillNormal(heap.float32(n * width), random)
      const whole = new Int32Array(mlp.forward(params, x, n).slice().buffer)
      for (let probe = 0; probe < 6; probe++) {
        const first = random.integer(n)
        const rows = 1 + random.integer(probe < 3 ? 1 : n - first)
        const part = mlp.forward(params, x.subarray(first * width, (first + rows) * width), rows).slice()
        assert.equal(new Int32Array(part.buffer), whole.slice(first * outputs, (first + rows) * outputs))
      }
    }),
    { numRuns: 150 },
  )
})

test('several networks lie one after another in one array', () => {
  const actor = new Mlp(heap, { sizes: [4, 64, 64, 2], activation: 'tanh' }, { maxBatch: 3 })
  const critic = new Mlp(heap, { sizes: [4, 64, 64, 1], activation: 'tanh' }, { maxBatch: 3 })
  const all = heap.float32(actor.parameterCount + critic.parameterCount)
  const random = seeded(1)
  const second = all.subarray(actor.parameterCount)
  critic.initialize(second, random, [1, 1, 1])
  const alone = critic.parameters()
  alone.set(second)
  const x = fillNormal(heap.float32(12), random)
  assert.equal(critic.forward(second, x, 3).slice(), critic.forward(alone, x, 3).slice())
  assert.ok(all.subarray(0, actor.parameterCount).every((value) => value === 0))
})

test('networks that cannot be, batches that do not fit and a backward without its forward are refused', () => {
  refuses(() => new Mlp(heap, { sizes: [4], activation: 'tanh' }, { maxBatch: 1 }), 'BAD_NETWORK', /given \[4\]/)
  refuses(() => new Mlp(heap, { sizes: [4, 0, 2], activation: 'tanh' }, { maxBatch: 1 }), 'BAD_NETWORK', /given \[4, 0, 2\]/)
  refuses(() => new Mlp(heap, { sizes: [4, 2], activation: 'gelu' as 'tanh' }, { maxBatch: 1 }), 'BAD_NETWORK', /given 'gelu'/)
  refuses(() => new Mlp(heap, { sizes: [4, 2], activation: 'tanh' }, { maxBatch: 0 }), 'BAD_NETWORK', /given 0/)
  const mlp = new Mlp(heap, { sizes: [4, 8, 2], activation: 'tanh' }, { maxBatch: 8 })
  const params = mlp.parameters()
  const x = heap.float32(64)
  refuses(() => mlp.backward(params, mlp.parameters(), x, heap.float32(16), 8), 'BACKWARD_FIRST', /there was none/)
  refuses(() => mlp.forward(params, x, 9), 'BATCH_TOO_LARGE', /maxBatch = 8; given 9/)
  refuses(() => mlp.forward(params, x.subarray(0, 8), 3), 'VIEW_TOO_SHORT', /x has 8 elements.*need 12/)
  refuses(() => mlp.forward(params.subarray(1), x, 3), 'VIEW_TOO_SHORT', /params/)
  mlp.forward(params, x, 4)
  refuses(() => mlp.backward(params, mlp.parameters(), x, heap.float32(16), 8), 'BACKWARD_FIRST', /the last one had 4/)
  refuses(() => mlp.initialize(params, seeded(1), [1]), 'BAD_NETWORK', /one gain a layer is needed \(2\); given 1/)
})

test.run()
