import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Heap } from '../../../rl/nn/heap.js'
import { PPO_STATS, ppoCategorical, valueLoss } from '../../../rl/nn/losses.js'
import { centralDifference, fillNormal, logSoftmax, refuses, rowsOf, seeded, worst } from './reference.js'

const heap = Heap.create()

function ppoBatch(n: number, k: number, seed: number) {
  const random = seeded(seed)
  const logits = fillNormal(heap.float32(n * k), random)
  const actions = heap.int32(n)
  const oldLogProbs = heap.float32(n)
  rowsOf(logits, k).forEach((row, i) => {
    actions[i] = random.integer(k)
    // Ratios from about 0.5 to 2, so that both sides of the clip are met.
    oldLogProbs[i] = logSoftmax(row)[actions[i]!]! + random.standardNormal() * 0.3
  })
  const advantages = fillNormal(heap.float32(n), random)
  return { logits, actions, oldLogProbs, advantages, n, k, clipRange: 0.2, entropyCoef: 0.05, total: n }
}

type Batch = ReturnType<typeof ppoBatch>

/** The sums over rows, by the definition, and how near a ratio comes to where clipping begins. */
function exactSums({ actions, oldLogProbs, advantages, k, clipRange }: Batch, logits: ArrayLike<number>) {
  const sums = { policyLoss: 0, entropy: 0, approxKl: 0, clipped: 0, nearest: Infinity }
  rowsOf(logits, k).forEach((row, i) => {
    const logP = logSoftmax(row)
    const logRatio = logP[actions[i]!]! - oldLogProbs[i]!
    const ratio = Math.exp(logRatio)
    const bounded = Math.min(Math.max(ratio, 1 - clipRange), 1 + clipRange)
    sums.nearest = Math.min(sums.nearest, Math.abs(Math.abs(ratio - 1) - clipRange))
    sums.policyLoss -= Math.min(ratio * advantages[i]!, bounded * advantages[i]!)
    sums.entropy -= logP.reduce((sum, l) => sum + Math.exp(l) * l, 0)
    sums.approxKl += ratio - 1 - logRatio
    sums.clipped += Math.abs(ratio - 1) > clipRange ? 1 : 0
  })
  return sums
}

test("PPO's loss, its statistics and its gradient agree with float64 and central differences", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 21 }), fc.integer({ min: 2, max: 9 }), fc.integer(), (n, k, seed) => {
      const batch = ppoBatch(n, k, seed)
      const dLogits = heap.float32(n * k)
      const stats = heap.float64(4)
      ppoCategorical(batch, dLogits, stats)
      const exact = exactSums(batch, batch.logits)
      // Where clipping begins the loss has no derivative.
      fc.pre(exact.nearest > 1e-5)
      for (const [name, index] of Object.entries(PPO_STATS)) {
        assert.ok(Math.abs(stats[index]! - exact[name as keyof typeof exact]) < 2e-5, name)
      }
      const logits = Float64Array.from(batch.logits)
      const loss = () => {
        const { policyLoss, entropy } = exactSums(batch, logits)
        return (policyLoss - batch.entropyCoef * entropy) / batch.total
      }
      const expected = logits.map((_, i) => centralDifference(loss, logits, i))
      assert.ok(worst(dLogits, expected) < 2e-6, `${worst(dLogits, expected)}`)
    }),
  )
})

test('parts of a minibatch, with its total, add up to the whole, into statistics of either width', () => {
  const batch = ppoBatch(37, 3, 4)
  const whole = heap.float32(111)
  const wholeStats = heap.float64(4)
  ppoCategorical(batch, whole, wholeStats)
  const parts = heap.float32(111)
  const partStats = heap.float32(4)
  for (const [from, to] of [
    [0, 10],
    [10, 37],
  ] as const) {
    ppoCategorical(
      {
        ...batch,
        logits: batch.logits.subarray(from * 3, to * 3),
        actions: batch.actions.subarray(from, to),
        oldLogProbs: batch.oldLogProbs.subarray(from, to),
        advantages: batch.advantages.subarray(from, to),
        n: to - from,
      },
      parts.subarray(from * 3, to * 3),
      partStats,
    )
  }
  assert.equal(parts, whole)
  assert.ok(worst(partStats, wholeStats) < 1e-6)
})

test('dLogits may take the place of the logits', () => {
  const batch = ppoBatch(9, 4, 8)
  const apart = heap.float32(36)
  ppoCategorical(batch, apart, heap.float64(4))
  ppoCategorical(batch, batch.logits, heap.float64(4))
  assert.equal(batch.logits, apart)
})

test('the value loss and its gradient agree with float64, with clipping and without', () => {
  const n = 101
  const random = seeded(2)
  const values = fillNormal(heap.float32(n), random)
  const returns = fillNormal(heap.float32(n), random)
  const oldValues = fillNormal(heap.float32(n), random, 0.5)
  const dValues = heap.float32(n)
  const v = Float64Array.from(values)
  for (const range of [undefined, 0.3]) {
    const sum = () =>
      v.reduce((total, value, i) => {
        const plain = (value - returns[i]!) ** 2
        if (range === undefined) return total + plain
        const held = oldValues[i]! + Math.min(Math.max(value - oldValues[i]!, -range), range)
        return total + Math.max(plain, (held - returns[i]!) ** 2)
      }, 0)
    const clipping = range === undefined ? {} : { oldValues, clipRangeValue: range }
    const got = valueLoss({ values, returns, n, coef: 0.5, total: 2 * n, ...clipping }, dValues)
    assert.ok(Math.abs(got - sum()) < 1e-4)
    const expected = v.map((_, i) => centralDifference(() => (0.5 * sum()) / (2 * n), v, i))
    assert.ok(worst(dValues, expected) < 1e-6)
  }
})

test('actions that do not exist, a total below n and half-given clipping are refused', () => {
  const batch = ppoBatch(6, 2, 1)
  const dLogits = heap.float32(12)
  const stats = heap.float64(4)
  refuses(() => ppoCategorical({ ...batch, total: 5 }, dLogits, stats), 'BAD_INDEX', /at least n = 6; given 5/)
  batch.actions[5] = 2
  refuses(() => ppoCategorical(batch, dLogits, stats), 'BAD_INDEX', /0 … 1; given 2 in row 5/)
  const values = heap.float32(6)
  refuses(() => valueLoss({ values, returns: values, n: 6, coef: 1, total: 6, clipRangeValue: 1 }, values), 'BAD_NETWORK', /go together/)
})

test.run()
