import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Normalizer } from '../../../rl/policy/normalizer.js'

const close = (actual: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${what}: ${actual} instead of ${expected}`)

const value = fc.float({ min: -100, max: 100, noNaN: true })

test('moments merged batch by batch are those of all observations at once', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.tuple(value, value), { maxLength: 20 }), { minLength: 1, maxLength: 5 }), (batches) => {
      const merged = new Normalizer(2)
      for (const batch of batches) merged.update(batch.flat(), batch.length)
      const all = batches.flat()
      if (all.length === 0) return
      for (const column of [0, 1]) {
        const values = all.map((row) => row[column])
        const mean = values.reduce((sum, v) => sum + v, 0) / values.length
        const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length
        close(merged.mean[column], mean, 1e-9, 'mean')
        close(merged.variance[column], variance, 1e-9, 'variance')
      }
    }),
  )
})

test('normalised observations have mean 0 and deviation 1, and are clipped', () => {
  const normalizer = new Normalizer(1)
  normalizer.update([1, 2, 3, 4], 4)
  const out = new Float32Array(3)
  normalizer.normalize([2.5, 2.5 + Math.sqrt(1.25), 1e6], out, 3)
  close(out[0], 0, 1e-6, 'the mean')
  close(out[1], 1, 1e-6, 'one deviation above')
  assert.is(out[2], 10)
})

test('before any observation it changes nothing but outliers', () => {
  const out = new Float32Array(2)
  new Normalizer(1).normalize([0.5, 20], out, 2)
  close(out[0], 0.5, 1e-6, 'an ordinary value')
  assert.is(out[1], 10)
})

test('a description and what is made from it normalise alike', () => {
  const original = new Normalizer(2)
  original.update([1, -5, 2, 7, 9, 0.25], 3)
  const copy = Normalizer.from(JSON.parse(JSON.stringify(original.describe())))
  const [a, b] = [new Float32Array(2), new Float32Array(2)]
  original.normalize([3, 4], a, 1)
  copy.normalize([3, 4], b, 1)
  assert.equal(a, b)
})

test.run()
