import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { AimdController } from '../../serve/batching/aimd.js'
import { DeadlineQueue } from '../../serve/batching/deadline-queue.js'

/** Full batches of a model that takes `fixed + each * size` ms. */
function run(controller: AimdController, batches: number, latency: (size: number) => number): number[] {
  return Array.from({ length: batches }, () => {
    const size = controller.maxBatch
    controller.observe(size, latency(size))
    return size
  })
}

test('the limit grows by two a full batch while batches are well under the objective', () => {
  const controller = new AimdController(20, 4096)
  run(controller, 10, () => 1)
  assert.is(controller.maxBatch, 21)
})

test('it rests inside the band and is cut by a tenth at or above the objective', () => {
  const controller = new AimdController(20, 4096)
  run(controller, 50, () => 17)
  assert.is(controller.maxBatch, 101)
  run(controller, 5, () => 19)
  assert.is(controller.maxBatch, 101)
  run(controller, 1, () => 20)
  assert.is(controller.maxBatch, 90)
})

test('batches that are not full teach nothing about larger ones', () => {
  const controller = new AimdController(20, 4096)
  run(controller, 10, () => 1)
  for (let i = 0; i < 100; i++) controller.observe(5, 1)
  assert.is(controller.maxBatch, 21)
})

test('the limit is never below 1 nor above the largest batch, whatever is seen', () => {
  const seen = fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.double({ min: 0, max: 1e6, noNaN: true })), { maxLength: 300 })
  fc.assert(
    fc.property(seen, fc.double({ min: 0.1, max: 1000, noNaN: true }), (batches, objectiveMs) => {
      const controller = new AimdController(objectiveMs, 64)
      for (const [size, latencyMs] of batches) {
        controller.observe(size, latencyMs)
        assert.ok(Number.isInteger(controller.maxBatch) && controller.maxBatch >= 1 && controller.maxBatch <= 64)
      }
    }),
  )
})

test('it converges near the largest batch that meets the objective', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.05, max: 2, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true }), (each, fixed) => {
      const best = Math.max(1, Math.floor((20 - fixed) / each))
      const controller = new AimdController(20, 4096)
      run(controller, 600, (size) => fixed + each * size)
      for (const size of run(controller, 200, (size) => fixed + each * size)) {
        assert.ok(size >= 0.75 * best - 2, `${size} is far below ${best}`)
        assert.ok(size <= best + 3, `${size} is above ${best}`)
      }
    }),
  )
})

test('one batch that is late beyond all experience changes nothing, a second one does', () => {
  const controller = new AimdController(20, 4096)
  run(controller, 40, (size) => 0.1 * size)
  const before = controller.maxBatch
  controller.observe(before, 5_000)
  assert.is(controller.maxBatch, before)
  controller.observe(before, 5_000)
  assert.is(controller.maxBatch, Math.floor(before * 0.9))
})

test('after a pause of several batches the limit is back within a hundred batches', () => {
  const latency = (size: number) => 0.1 * size
  const controller = new AimdController(20, 4096)
  run(controller, 300, latency)
  run(controller, 10, () => 5_000)
  run(controller, 100, latency)
  assert.ok(controller.maxBatch >= 150, String(controller.maxBatch))
})

test('a cold start that is late is forgiven', () => {
  const controller = new AimdController(20, 4096)
  controller.observe(1, 300)
  run(controller, 5, () => 1)
  assert.is(controller.maxBatch, 11)
})

test('the queue gives the earliest deadline first, whatever the order of arrival', () => {
  const action = fc.oneof(fc.record({ push: fc.integer({ min: 0, max: 100 }) }), fc.constant('pop' as const))
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const queue = new DeadlineQueue<{ deadline: number; expiresAt: number }>()
      const model: number[] = []
      for (const step of actions) {
        if (step === 'pop') assert.is(queue.pop()?.deadline, model.shift())
        else {
          queue.push({ deadline: step.push, expiresAt: step.push })
          model.push(step.push)
          model.sort((a, b) => a - b)
        }
        assert.is(queue.size, model.length)
        assert.is(queue.peek()?.deadline, model[0])
      }
    }),
  )
})

test.run()
