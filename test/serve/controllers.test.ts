import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { BatchController } from '../../serve/batching/controller.js'
import { batchController, checkBatching } from '../../serve/batching/policies.js'
import { fitQuantile } from '../../serve/batching/quantile.js'

type Latency = (size: number) => number

const controller = (policy: 'aimd' | 'quantile', objectiveMs = 20) => batchController(checkBatching(policy), objectiveMs)

/** Full batches. */
function run(tested: BatchController, batches: number, latency: Latency): number[] {
  return Array.from({ length: batches }, () => {
    const size = tested.maxBatch
    tested.observe(size, latency(size))
    return size
  })
}

/** Noise that is the same in every run. */
function noisy(latency: Latency): Latency {
  let state = 1
  return (size) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 1
    return latency(size) * (1 + 0.1 * (state / 2 ** 31))
  }
}

test('the fitted line is the one that the points lie under, outliers and all', () => {
  const sizes = Float64Array.from({ length: 200 }, (_, i) => 1 + (i % 40))
  const line = (size: number) => 2 + 0.25 * size
  const exact = fitQuantile(sizes, sizes.map(line), 200, 0.99)!
  assert.ok(Math.abs(exact[0] - 2) < 1e-6 && Math.abs(exact[1] - 0.25) < 1e-6, String(exact))
  // Noise above the line: nearly all points lie under the fitted one, by far not all under least squares' one.
  const above = sizes.map((size, i) => line(size) + ((i * 7919) % 100) / 50)
  const [fixed, each] = fitQuantile(sizes, above, 200, 0.99)!
  const under = above.filter((ms, i) => ms <= fixed + each * sizes[i]! + 1e-3).length
  assert.ok(under >= 194, `${under} of 200 under the line`)
  assert.is(fitQuantile(new Float64Array(50).fill(7), above, 50, 0.99), undefined)
})

test('both controllers come to the largest batch that meets the objective', () => {
  const slope = fc.double({ min: 0.05, max: 1, noNaN: true })
  fc.assert(
    fc.property(slope, fc.double({ min: 0, max: 5, noNaN: true }), (each, fixed) => {
      const best = Math.floor((20 - fixed) / each)
      for (const policy of ['aimd', 'quantile'] as const) {
        const tested = controller(policy)
        run(tested, 600, (size) => fixed + each * size)
        for (const size of run(tested, 100, (size) => fixed + each * size)) {
          assert.ok(size >= 0.7 * best - 2 && size <= best + 3, `${policy}: ${size}, best ${best}`)
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('there is one stable state: from the smallest limit and from one far too large the same is found, under noise too', () => {
  for (const policy of ['aimd', 'quantile'] as const) {
    const cold = controller(policy)
    const spoilt = controller(policy)
    // An hour of a model that costs nothing.
    run(spoilt, 3_000, () => 0.1)
    assert.ok(spoilt.maxBatch > 3_000, `${policy} ${spoilt.maxBatch}`)
    const mean = (tested: BatchController, latency: Latency) => {
      run(tested, 800, latency)
      const sizes = run(tested, 200, latency)
      return sizes.reduce((sum, size) => sum + size, 0) / sizes.length
    }
    const [one, other] = [cold, spoilt].map((tested) =>
      mean(
        tested,
        noisy((size) => 1 + 0.1 * size),
      ),
    )
    assert.ok(Math.abs(one! / other! - 1) < 0.15, `${policy}: ${one} and ${other}`)
    assert.ok(one! > 120 && one! < 195, `${policy}: ${one}`)
  }
})

test('after a pause both are back within seconds, counted in the time that their batches take', () => {
  for (const policy of ['aimd', 'quantile'] as const) {
    const tested = controller(policy)
    const latency = noisy((size) => 1 + 0.1 * size)
    run(tested, 600, latency)
    const before = tested.maxBatch
    run(tested, 6, () => 5_000)
    let elapsedMs = 0
    while (tested.maxBatch < 0.75 * before && elapsedMs < 20_000) elapsedMs += run(tested, 1, latency).reduce((_, size) => latency(size), 0)
    assert.ok(elapsedMs < 5_000, `${policy}: ${elapsedMs} ms`)
  }
})

test('a fixed limit stays, whatever is seen, and none is batches of one', () => {
  const eight = batchController(checkBatching({ policy: 'fixed', size: 8 }), 20)
  run(eight, 10, () => 5_000)
  assert.is(eight.maxBatch, 8)
  assert.is(batchController(checkBatching('none'), 20).maxBatch, 1)
  assert.is(batchController(checkBatching({ policy: 'fixed', size: 64, maxBatch: 16 }), 20).maxBatch, 16)
})

test("a model's own maximum holds for what the controllers find", () => {
  for (const policy of ['aimd', 'quantile'] as const) {
    const tested = batchController(checkBatching({ policy, maxBatch: 10 }), 20)
    assert.is(Math.max(...run(tested, 300, () => 0.01)), 10)
  }
})

test("a controller's state says what it has found, and the last tooth of its saw", () => {
  const tested = controller('aimd')
  run(tested, 30, () => 1)
  assert.equal([tested.state.grown, tested.state.cut, tested.state.peak], [30, 0, null])
  run(tested, 2, () => 25)
  const { policy, maxBatch, cut, peak, trough, objectiveMs } = tested.state
  assert.equal(
    { policy, maxBatch, cut, peak, trough, objectiveMs },
    { policy: 'aimd', maxBatch: 54, cut: 1, peak: 61, trough: 54, objectiveMs: 20 },
  )
})

test.run()
