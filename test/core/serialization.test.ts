import { deepStrictEqual } from 'node:assert/strict'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { get, init, put, remote, SerializationError, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Decoder } from '../../core/store/decoder.js'
import { Encoder } from '../../core/store/encoder.js'
import { rejection } from './expect.js'

const echo = remote((value: unknown) => value)

test.before(() => init({ numCpus: 1 }))
test.after(() => shutdown())

/** Through the encoding and back, in this thread. */
function roundTrip(value: unknown): unknown {
  const encoder = new Encoder(false)
  encoder.start()
  encoder.section(value, 'value')
  const decoder = new Decoder({
    handle: (id) => encoder.attachments.find((attachment) => attachment.id === id)?.object,
    ref: () => ({}),
    actor: () => ({}),
  })
  const bytes = Buffer.from(encoder.copy())
  decoder.open(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0)
  return decoder.section()
}

/** What both must take: structuredClone keeps regular expressions and boxed primitives too, which we refuse. */
const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
})

test('any plain value comes back as structuredClone would copy it', () => {
  fc.assert(
    fc.property(anything, (value) => {
      // deepStrictEqual of Node 20 takes two invalid dates for different.
      fc.pre(!inspect(value, { depth: Infinity }).includes('Invalid Date'))
      deepStrictEqual(roundTrip(value), structuredClone(value))
    }),
    { numRuns: 1000 },
  )
})

test('any string survives, lone surrogates included', () => {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 80 })
  fc.assert(fc.property(units, (codes) => roundTrip(String.fromCharCode(...codes)) === String.fromCharCode(...codes)))
})

test('any number survives to the bit, −0 and NaN included', () => {
  fc.assert(fc.property(fc.oneof(fc.double(), fc.integer()), (value) => Object.is(roundTrip(value), value)))
})

test('cycles and shared identity are kept', async () => {
  type Node = { self?: Node; list: unknown[]; map: Map<unknown, unknown>; again?: unknown }
  const node: Node = { list: [], map: new Map() }
  node.self = node
  node.list.push(node.list, node.map)
  node.map.set(node, node.map)
  const error = Object.assign(new Error('e'), { node })
  const copy = (await get(echo.remote([node, error, new Set([node])]))) as [Node, { node: Node }, Set<Node>]
  const [back, failure, set] = copy
  assert.is(back.self, back)
  assert.is(back.list[0], back.list)
  assert.is(back.list[1], back.map)
  assert.is(back.map.get(back), back.map)
  assert.is(failure.node, back)
  assert.ok(set.has(back))
})

test('everything that may be passed crosses to a worker and back', async () => {
  const values = [
    undefined,
    null,
    -(2 ** 31),
    2 ** 53,
    -(2n ** 80n),
    'ÿ',
    'Ωmega',
    '😀'.repeat(20),
    [1, [2, { a: [undefined] }]],
    new Map<unknown, unknown>([[{ k: 1 }, new Set([1n])]]),
    new Date(0),
    new Uint8Array([1, 2]).buffer,
    new Float32Array([1.5]),
    new BigInt64Array([-1n]),
    new DataView(new ArrayBuffer(3)),
    JSON.parse('{"__proto__": 1}'),
  ]
  deepStrictEqual(await get(values.map((value) => echo.remote(value))), structuredClone(values))
})

test('what cannot travel is refused at the call, by its path', () => {
  const send = (value: unknown) => () => echo.remote(value)
  class Point {
    x = 1
  }
  assert.throws(send({ callback: () => 1 }), /^args\[0\]\.callback is a function$/)
  assert.throws(send([{ 'odd key': [Symbol('s')] }]), /^args\[0\]\[0\]\['odd key'\]\[0\] is a symbol$/)
  assert.throws(send(new Map([['p', new Point()]])), /^args\[0\]\.get\('p'\) is an instance of Point; pass plain data/)
  assert.throws(send(Promise.resolve(1)), /is a Promise; await it first/)
  assert.throws(send(new WebAssembly.Memory({ initial: 1 })), /not shared/)
  assert.throws(send(/x/), /instance of RegExp/)
  assert.throws(() => put({ a: () => 1 }), /^the value\.a is a function$/)
  let deep: unknown[] = []
  for (let i = 0; i < 100_000; i++) deep = [deep]
  assert.throws(send(deep), /nested too deeply/)
  try {
    echo.remote(() => 1)
    assert.unreachable()
  } catch (error) {
    assert.instance(error, SerializationError)
  }
})

test('a return value that cannot travel is told by get, and the worker lives on', async () => {
  const bad = remote(() => ({ deep: [() => 1] }))
  const error = await rejection(get(bad.remote()))
  assert.instance(error, SerializationError)
  assert.match(error.message, /the return value\.deep\[0\] is a function/)
  assert.is(await get(echo.remote(1)), 1)
})

test('a large typed array is copied once and then read in place', async () => {
  const big = new Float64Array(1e5).fill(1)
  const ref = put(big)
  big.fill(9)
  const back = await get(ref)
  assert.instance(back.buffer, SharedArrayBuffer)
  assert.is(back[0], 1, 'put takes the value as it was')
  const write = remote((array: Float64Array, at: number) => {
    array[at] = 42
    return array.buffer.constructor.name
  })
  assert.is(await get(write.remote(ref, 5)), 'SharedArrayBuffer')
  assert.is(back[5], 42, 'the worker sees the same memory')
  const made = await get(remote(() => new Float32Array(50_000).fill(3)).remote())
  assert.instance(made.buffer, SharedArrayBuffer)
  assert.is(made.at(-1), 3)
})

test('shared memory stays shared: SharedArrayBuffer, WebAssembly.Memory, and a Module crosses', async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true })
  // (module (func (export "two") (result i32) i32.const 2))
  const module = new WebAssembly.Module(
    new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 116, 119, 111, 0, 0, 10, 6, 1, 4, 0, 65, 2, 11,
    ]),
  )
  const use = remote(
    async (given: { memory: WebAssembly.Memory; module: WebAssembly.Module; view: Int32Array; plain: SharedArrayBuffer }) => {
      const instance = await WebAssembly.instantiate(given.module, {})
      new Int32Array(given.memory.buffer)[0] = (instance.exports.two as () => number)()
      given.view[1] = 7
      new Int32Array(given.plain)[0] = 8
    },
  )
  const plain = new SharedArrayBuffer(8)
  const view = new Int32Array(memory.buffer)
  for (let round = 0; round < 3; round++) {
    view.fill(0)
    new Int32Array(plain).fill(0)
    await get(use.remote({ memory, module, view, plain }))
    assert.equal([view[0], view[1], new Int32Array(plain)[0]], [2, 7, 8])
  }
})

test('a message larger than a ring crosses both ways', async () => {
  const words = Array.from({ length: 60_000 }, (_, i) => `word ${i}`)
  assert.equal(await get(echo.remote(words)), words)
  assert.equal(await get([echo.remote(words), echo.remote(1), echo.remote(words)]), [words, 1, words])
})

test('stored values do not mix with the arguments beside them', async () => {
  const sizes = remote((big: Float64Array, box: { text: string }, flag: Int32Array, again: Float64Array) => [
    big.length,
    box.text,
    flag.length,
    again.length,
  ])
  const flag = new Int32Array(new SharedArrayBuffer(8))
  assert.equal(await get(sizes.remote(put(new Float64Array(9000)), put({ text: 't' }), flag, new Float64Array(8000))), [9000, 't', 2, 8000])
})

test('an argument whose getter submits a task of its own does not disturb the call', async () => {
  const inner: unknown[] = []
  const outer = {
    before: 'x'.repeat(100),
    get sly() {
      inner.push(echo.remote('inner'))
      return 'sly'
    },
    after: [1, 2, 3],
  }
  assert.equal(await get(echo.remote(outer)), { before: 'x'.repeat(100), sly: 'sly', after: [1, 2, 3] })
  assert.equal(await get(inner as ReturnType<typeof echo.remote>[]), ['inner'])
})

test.run()
