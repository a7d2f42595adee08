import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addInto, gatherRows } from '../../../rl/nn/arrays.js'
import { Heap } from '../../../rl/nn/heap.js'
import { fillNormal, refuses, seeded } from './reference.js'

const heap = Heap.create()

test('gatherRows picks rows of any width, of floats and of integers', () => {
  const random = seeded(3)
  const indices = heap.int32(11)
  for (let i = 0; i < indices.length; i++) indices[i] = random.integer(20)
  for (let width = 1; width <= 9; width++) {
    const source = fillNormal(heap.float32(20 * width), random)
    const out = heap.float32(11 * width)
    gatherRows(source, indices, out, 11, width)
    assert.equal(
      [...out],
      [...indices].flatMap((row) => [...source.subarray(row * width, (row + 1) * width)]),
    )
  }
  const numbers = heap.int32(20).map((_, i) => -i)
  const column = heap.int32(20)
  column.set(numbers)
  const picked = heap.int32(11)
  gatherRows(column, indices, picked, 11, 1)
  assert.equal(
    [...picked],
    [...indices].map((row) => -row),
  )
})

test('an index outside the source is refused with its place', () => {
  const source = heap.float32(10)
  const indices = heap.int32(3)
  for (const bad of [5, -1]) {
    indices.set([0, bad, 4])
    refuses(() => gatherRows(source, indices, heap.float32(6), 3, 2), 'BAD_INDEX', new RegExp(`0 … 4; given ${bad} at 1`))
  }
})

test('addInto adds elementwise at any length', () => {
  for (const count of [0, 1, 3, 4, 9, 64]) {
    const a = fillNormal(heap.float32(count), seeded(count))
    const b = fillNormal(heap.float32(count), seeded(count + 1))
    const expected = a.map((value, i) => Math.fround(value + b[i]!))
    addInto(a, b)
    assert.equal(a.slice(), expected.slice())
  }
})

test.run()
