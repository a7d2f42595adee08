import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Heap } from '../../../rl/nn/heap.js'
import { loadKernels } from '../../../rl/nn/kernels/index.js'

const heap = Heap.create()
const kernels = loadKernels(heap.memory)
const COUNT = 200_000
const x = heap.float32(COUNT)
const y = heap.float32(COUNT)

/** Runs a kernel over x; what it gives beside float64's answer. */
function errors(kernel: 'tanhArray' | 'expArray' | 'logArray', exact: (x: number) => number, values: (i: number) => number) {
  for (let i = 0; i < COUNT; i++) x[i] = values(i / COUNT)
  kernels[kernel](x.byteOffset, y.byteOffset, COUNT)
  let relative = 0
  let absolute = 0
  for (let i = 0; i < COUNT; i++) {
    const expected = exact(x[i]!)
    const error = Math.abs(y[i]! - expected)
    absolute = Math.max(absolute, error)
    if (expected !== 0) relative = Math.max(relative, error / Math.abs(expected))
  }
  return { relative, absolute }
}

test('tanh is within 3.5e-7 of the exact value, relative down to the smallest arguments, and beyond ±1 by no more than a rounding', () => {
  assert.ok(errors('tanhArray', Math.tanh, (u) => (u - 0.5) * 20).relative < 3.5e-7)
  assert.ok(errors('tanhArray', Math.tanh, (u) => 10 ** (-30 * u)).relative < 3.5e-7)
  assert.ok(errors('tanhArray', Math.tanh, (u) => 7.5 + u).absolute < 3.5e-7)
  assert.ok(y.every((value) => Math.abs(value) <= 1 + 2 ** -23))
})

test('exp is within 2.5e-7 relative over its range and is exactly 1 at 0', () => {
  assert.ok(errors('expArray', Math.exp, (u) => -87 + u * 174).relative < 2.5e-7)
  assert.ok(errors('expArray', Math.exp, (u) => u - 0.5).relative < 2.5e-7)
  x.fill(0)
  kernels.expArray(x.byteOffset, y.byteOffset, 4)
  assert.equal([...y.subarray(0, 4)], [1, 1, 1, 1])
})

test('log is within 2.5e-7 relative from the smallest to the largest normal number, also next to 1', () => {
  assert.ok(errors('logArray', Math.log, (u) => 10 ** (-37 + 75 * u)).relative < 2.5e-7)
  assert.ok(errors('logArray', Math.log, (u) => 0.9 + u * 0.2).relative < 2.5e-7)
})

test('NaN stays NaN in each function, and infinities saturate tanh', () => {
  x.set([Number.NaN, 1, Infinity, -Infinity])
  for (const kernel of ['tanhArray', 'expArray', 'logArray'] as const) {
    kernels[kernel](x.byteOffset, y.byteOffset, 4)
    assert.ok(Number.isNaN(y[0]!), kernel)
    assert.not.ok(Number.isNaN(y[1]!), kernel)
  }
  kernels.tanhArray(x.byteOffset, y.byteOffset, 4)
  assert.ok(Math.abs(y[2]! - 1) < 2e-7 && Math.abs(y[3]! + 1) < 2e-7)
})

test.run()
