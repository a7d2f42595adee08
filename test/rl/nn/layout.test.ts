import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Heap } from '../../../rl/nn/heap.js'
import { Mlp } from '../../../rl/nn/mlp.js'
import { fillNormal, refuses, seeded } from './reference.js'

const heap = Heap.create()
const mlp = new Mlp(heap, { sizes: [5, 7, 6, 3], activation: 'relu' }, { maxBatch: 4 })

test('tensors have the names and shapes of a torch.nn.Sequential and survive the round trip', () => {
  const params = mlp.parameters()
  const tensors = mlp.toTensors(params, 'actor')
  assert.equal(
    tensors.map(({ name, shape }) => [name, shape]),
    [
      ['actor.0.weight', [7, 5]],
      ['actor.0.bias', [7]],
      ['actor.2.weight', [6, 7]],
      ['actor.2.bias', [6]],
      ['actor.4.weight', [3, 6]],
      ['actor.4.bias', [3]],
    ],
  )
  for (const { data } of tensors) fillNormal(data, seeded(data.length))
  mlp.fromTensors(params, [{ name: 'critic.0.bias', shape: [1], data: new Float32Array(1) }, ...tensors.toReversed()], 'actor')
  assert.equal(mlp.toTensors(params, 'actor'), tensors)
})

test('missing, extra and misshapen tensors are refused by name, and nothing is written', () => {
  const params = mlp.parameters()
  const tensors = mlp.toTensors(params, 'actor')
  for (const { data } of tensors) data.fill(1)
  const [first, ...rest] = tensors
  refuses(() => mlp.fromTensors(params, rest, 'actor'), 'TENSOR_MISMATCH', /actor\.0\.weight \[7,5\] is missing; given.*actor\.0\.bias/)
  refuses(() => mlp.fromTensors(params, tensors, 'critic'), 'TENSOR_MISMATCH', /under 'critic': none/)
  refuses(
    () => mlp.fromTensors(params, [{ ...first!, shape: [5, 7] }, ...rest], 'actor'),
    'TENSOR_MISMATCH',
    /\[7,5\] and 35 values; given \[5,7\]/,
  )
  refuses(() => mlp.fromTensors(params, [{ ...first!, data: new Float32Array(3) }, ...rest], 'actor'), 'TENSOR_MISMATCH', /and 3$/)
  refuses(
    () => mlp.fromTensors(params, [...tensors, { ...first!, name: 'actor.6.weight' }], 'actor'),
    'TENSOR_MISMATCH',
    /no tensor actor\.6\.weight/,
  )
  assert.ok(params.every((value) => value === 0))
})

test('initial weights are orthogonal times their gain, biases are zero, and the same numbers come from the same seed', () => {
  const gains = [Math.SQRT2, 0.5, 0.01]
  const params = mlp.parameters()
  mlp.initialize(params, seeded(11), gains)
  const tensors = mlp.toTensors(params, 'net')
  gains.forEach((gain, l) => {
    const { shape, data } = tensors[2 * l]!
    const [rows, columns] = shape as [number, number]
    const at = (a: number, k: number) => (rows <= columns ? data[a * columns + k]! : data[k * columns + a]!)
    for (let a = 0; a < Math.min(rows, columns); a++) {
      for (let b = 0; b <= a; b++) {
        let overlap = 0
        for (let k = 0; k < Math.max(rows, columns); k++) overlap += at(a, k) * at(b, k)
        assert.ok(Math.abs(overlap - (a === b ? gain * gain : 0)) < 1e-6)
      }
    }
    assert.ok(tensors[2 * l + 1]!.data.every((value) => value === 0))
  })
  const again = mlp.parameters().fill(9)
  mlp.initialize(again, seeded(11), gains)
  assert.equal(again, params)
})

test.run()
