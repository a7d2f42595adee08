import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { entropy, greedy, logProb, probabilities, sample } from '../../../rl/nn/categorical.js'
import { Heap } from '../../../rl/nn/heap.js'
import { fillNormal, logSoftmax, refuses, rowsOf, seeded, worst } from './reference.js'

const heap = Heap.create()

function draw(n: number, k: number, seed: number, scale = 2) {
  const random = seeded(seed)
  const uniforms = heap.float64(n)
  for (let i = 0; i < n; i++) uniforms[i] = random.uniform()
  return { logits: fillNormal(heap.float32(n * k), random, scale), uniforms, actions: heap.int32(n), logProbs: heap.float32(n), random }
}

test('probabilities, log-probabilities and entropy agree with float64 for any number of rows and classes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 1, max: 18 }), fc.integer(), (n, k, seed) => {
      const { logits, actions, logProbs, random } = draw(n, k, seed, 5)
      for (let i = 0; i < n; i++) actions[i] = random.integer(k)
      const exact = rowsOf(logits, k).map(logSoftmax)
      const out = heap.float32(n * k)
      probabilities(logits, out, n, k)
      assert.ok(worst(out, exact.flat().map(Math.exp)) < 1e-6)
      logProb(logits, actions, logProbs, n, k)
      assert.ok(
        worst(
          logProbs,
          exact.map((row, i) => row[actions[i]!]!),
        ) < 2e-6,
      )
      entropy(logits, out, n, k)
      assert.ok(
        worst(
          out.subarray(0, n),
          exact.map((row) => -row.reduce((sum, l) => sum + Math.exp(l) * l, 0)),
        ) < 2e-6,
      )
    }),
  )
})

test('an action is the first class whose cumulative probability exceeds the uniform, with its log-probability', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9 }), fc.integer(), (n, k, seed) => {
      const { logits, uniforms, actions, logProbs } = draw(n, k, seed)
      sample(logits, uniforms, actions, logProbs, n, k)
      rowsOf(logits, k).forEach((row, i) => {
        const exact = logSoftmax(row)
        const cumulative = exact.map((_, j) => exact.slice(0, j + 1).reduce((sum, l) => sum + Math.exp(l), 0))
        const action = actions[i]!
        assert.ok(cumulative[action]! > uniforms[i]! - 1e-6 && (action === 0 || cumulative[action - 1]! <= uniforms[i]! + 1e-6))
        assert.ok(Math.abs(logProbs[i]! - exact[action]!) < 2e-6)
      })
    }),
  )
})

test('sampled frequencies are the probabilities (χ² of 200,000 draws, below its 0.1 % point)', () => {
  const n = 200_000
  const { uniforms, actions, logProbs } = draw(n, 1, 9)
  const row = [0.5, -1, 2, 0, -3]
  const logits = heap.float32(n * 5)
  for (let i = 0; i < n; i++) logits.set(row, i * 5)
  sample(logits, uniforms, actions, logProbs, n, 5)
  const counts = [0, 0, 0, 0, 0]
  for (const action of actions) counts[action]!++
  const chiSquare = logSoftmax(row).reduce((sum, l, j) => sum + (counts[j]! - n * Math.exp(l)) ** 2 / (n * Math.exp(l)), 0)
  assert.ok(chiSquare < 18.5, `χ² = ${chiSquare}`)
})

test('uniforms of 0, next to 1 and on a border, in either width, fall into the right class', () => {
  const logits = heap.float32(6)
  logits.set([0, 0, 0, 0, 0, 0])
  const actions = heap.int32(2)
  const logProbs = heap.float32(2)
  const wide = heap.float64(2)
  wide.set([0, 1 - 2 ** -53])
  sample(logits, wide, actions, logProbs, 2, 3)
  assert.equal([...actions], [0, 2])
  // Of [½, ½] the cumulative probability of class 0 does not exceed ½.
  wide.set([0.5, 0.4999])
  sample(logits, wide, actions, logProbs, 2, 2)
  assert.equal([...actions], [1, 0])
  const narrow = heap.float32(2)
  narrow.set([1 - 2 ** -24, 0])
  sample(logits, narrow, actions, logProbs, 2, 3)
  assert.equal([...actions], [2, 0])
})

test('greedy takes the largest logit and the lowest index of equals', () => {
  const logits = heap.float32(15)
  logits.set([1, 3, 3, 2, 2, 2, -5, -4, -3, 0, -0, 0, 7, -7, 7])
  const actions = heap.int32(5)
  greedy(logits, actions, 5, 3)
  assert.equal([...actions], [1, 0, 2, 0, 0])
})

test('a row answers the same bits alone and in a batch', () => {
  const n = 23
  const k = 5
  const { logits, uniforms, actions, logProbs } = draw(n, k, 77)
  sample(logits, uniforms, actions, logProbs, n, k)
  const one = { actions: heap.int32(1), logProbs: heap.float32(1) }
  for (let i = 0; i < n; i++) {
    sample(logits.subarray(i * k, (i + 1) * k), uniforms.subarray(i, i + 1), one.actions, one.logProbs, 1, k)
    assert.is(one.actions[0], actions[i])
    assert.is(one.logProbs[0], logProbs[i])
  }
})

test('logits that are not finite and actions that do not exist are refused with their row', () => {
  const { logits, uniforms, actions, logProbs } = draw(7, 2, 1)
  logits[11] = Number.NaN
  refuses(() => sample(logits, uniforms, actions, logProbs, 7, 2), 'NOT_FINITE', /logits of row 5 are \[.*NaN\]/)
  refuses(() => greedy(logits, actions, 7, 2), 'NOT_FINITE', /row 5/)
  logits[11] = Infinity
  refuses(() => sample(logits, uniforms, actions, logProbs, 7, 2), 'NOT_FINITE', /row 5/)
  actions[6] = -1
  refuses(() => logProb(logits, actions, logProbs, 7, 2), 'BAD_INDEX', /0 … 1; given -1 in row 6/)
  refuses(() => greedy(logits, actions, 8, 2), 'VIEW_TOO_SHORT', /logits has 14 elements.*need 16/)
})

test.run()
