import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addInto } from '../../../rl/nn/arrays.js'
import { Heap } from '../../../rl/nn/heap.js'
import { refuses } from './reference.js'

test('arrays are zeroed, aligned to 64 bytes and apart from each other', () => {
  const heap = Heap.create()
  const arrays = [heap.float32(3), heap.float64(5), heap.int32(1), heap.uint8(65), heap.uint32(0), heap.float32(16)]
  let end = 0
  for (const array of arrays) {
    assert.is(array.byteOffset % 64, 0)
    assert.ok(array.byteOffset >= end)
    assert.ok(array.every((value) => value === 0))
    end = array.byteOffset + array.byteLength
  }
  assert.is(heap.usedBytes, end)
})

test('the memory grows, and views from before the growth stay valid and usable', () => {
  const heap = Heap.create()
  const before = heap.float32(1000).fill(1)
  const size = heap.memory.buffer.byteLength
  const large = heap.float32(20_000_000)
  assert.ok(heap.memory.buffer.byteLength > size)
  const again = heap.viewFloat32(before.byteOffset, before.length)
  before[7] = 42
  assert.is(again[7], 42)
  addInto(before, again)
  assert.is(again[7], 84)
  large[19_999_999] = 5
  assert.is(heap.viewFloat32(large.byteOffset, large.length)[19_999_999], 5)
})

test('a heap that is full says how much was wanted, used and allowed, and can still serve smaller requests', () => {
  const heap = Heap.create(1_000_000)
  const used = heap.usedBytes
  refuses(() => heap.float32(250_000), 'HEAP_FULL', /no room for 1000000 bytes.*uses 131072.*983040 bytes at most.*Heap\.create/)
  assert.is(heap.usedBytes, used)
  assert.is(heap.float32(100_000).length, 100_000)
  refuses(() => Heap.create(10), 'HEAP_FULL', /given 10/)
  assert.throws(() => heap.float32(-1), /given -1/)
  assert.throws(() => heap.float32(1.5), /given 1\.5/)
})

test('attaching a memory twice gives one heap, whose pointer lies in the memory', () => {
  const heap = Heap.create()
  assert.is(Heap.attach(heap.memory), heap)
  const own = Heap.attach(new WebAssembly.Memory({ initial: 1, maximum: 8, shared: true }))
  const array = own.float64(4)
  assert.ok(array.byteOffset >= 131_072)
  assert.is(own.memory.buffer.byteLength % 65_536, 0)
})

test('arrays of another heap, of no heap, or too short are refused by name', () => {
  const heap = Heap.create()
  const target = heap.float32(8)
  refuses(() => addInto(target, new Float32Array(8)), 'VIEW_OUTSIDE_HEAP', /source \(Float32Array of 8\)/)
  refuses(() => addInto(target, Heap.create().float32(8)), 'VIEW_OUTSIDE_HEAP', /source/)
  refuses(() => addInto(new Float32Array(new SharedArrayBuffer(1 << 20)), target), 'VIEW_OUTSIDE_HEAP', /target.*Heap\.attach/)
  refuses(() => addInto(target, heap.float32(7)), 'VIEW_TOO_SHORT', /source has 7 elements.*need 8/)
})

test.run()
