import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Heap } from '../../../rl/nn/heap.js'
import { Adam } from '../../../rl/nn/optimizers.js'
import { fillNormal, refuses, seeded, worst } from './reference.js'

const heap = Heap.create()

test("Adam with clipping follows PyTorch's formula in float64, at lengths on and off the vector width", () => {
  for (const count of [1, 3, 4, 7, 64, 131]) {
    const random = seeded(count)
    const params = fillNormal(heap.float32(count), random)
    const gradients = heap.float32(count)
    const adam = new Adam(heap, count)
    const p = Float64Array.from(params)
    const m = new Float64Array(count)
    const v = new Float64Array(count)
    for (let t = 1; t <= 30; t++) {
      fillNormal(gradients, random, t % 2 ? 3 : 0.01)
      const scale = 0.5
      const g = Float64Array.from(gradients, (value) => value * scale)
      const norm = Math.sqrt(g.reduce((sum, value) => sum + value * value, 0))
      const clip = Math.min(1, 0.5 / (norm + 1e-6))
      for (let i = 0; i < count; i++) {
        m[i] = 0.8 * m[i]! + 0.2 * g[i]! * clip
        v[i] = 0.99 * v[i]! + 0.01 * (g[i]! * clip) ** 2
        p[i]! -= ((0.01 / (1 - 0.8 ** t)) * m[i]!) / (Math.sqrt(v[i]!) / Math.sqrt(1 - 0.99 ** t) + 1e-5)
      }
      const got = adam.step(params, gradients, { learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-5, maxGradNorm: 0.5, scale })
      assert.ok(Math.abs(got - norm) < 1e-6 * norm)
      assert.ok(gradients.every((value) => value === 0))
    }
    assert.ok(worst(params, p) < 2e-6, `${count}: ${worst(params, p)}`)
  }
})

test('without a limit nothing is clipped, and the first step moves each parameter by the learning rate', () => {
  const params = heap.float32(5)
  const gradients = heap.float32(5)
  gradients.set([1e3, -1e3, 1e-2, -1e-2, 0])
  const norm = new Adam(heap, 5).step(params, gradients, { learningRate: 0.25 })
  assert.ok(Math.abs(norm - Math.hypot(1e3, 1e3, 1e-2, 1e-2)) < 1e-3)
  assert.ok(worst(params, [-0.25, 0.25, -0.25, 0.25, 0]) < 1e-5)
})

test('a state that is saved and loaded continues bit for bit', () => {
  const count = 21
  const make = () => ({ params: heap.float32(count), gradients: heap.float32(count), adam: new Adam(heap, count) })
  const a = make()
  const b = make()
  const random = seeded(5)
  const advance = (who: typeof a, gradients: Float32Array) => {
    who.gradients.set(gradients)
    who.adam.step(who.params, who.gradients, { learningRate: 1e-3, maxGradNorm: 0.5 })
  }
  for (let t = 0; t < 5; t++) advance(a, fillNormal(new Float32Array(count), random))
  const state = a.adam.state()
  assert.is(state.t, 5)
  b.params.set(a.params)
  b.adam.load(state)
  for (let t = 0; t < 5; t++) {
    const gradients = fillNormal(new Float32Array(count), random)
    advance(a, gradients)
    advance(b, gradients)
  }
  assert.equal(b.params, a.params)
  assert.equal(b.adam.state(), a.adam.state())
  refuses(() => b.adam.load({ ...state, m: new Float32Array(2) }), 'TENSOR_MISMATCH', /must have 21 elements.*given 2 and 21/)
})

test('gradients that are not finite are refused and leave the parameters alone', () => {
  const params = heap.float32(6).fill(1)
  const gradients = heap.float32(6)
  const adam = new Adam(heap, 6)
  for (const bad of [Number.NaN, Infinity]) {
    gradients[5] = bad
    refuses(() => adam.step(params, gradients, { learningRate: 0.1 }), 'NOT_FINITE', /at step 1; lower the learning rate \(0\.1\)/)
  }
  assert.ok(params.every((value) => value === 1))
  assert.is(adam.state().t, 0)
})

test.run()
