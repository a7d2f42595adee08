import { createContext, runInContext } from 'node:vm'
import { ActorDiedError, actor, get, init, ObjectStoreFullError, put, remote, SerializationError, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Encoder } from '../../core/store/encoder.js'
import { rejection } from './expect.js'

const echo = remote((value: unknown) => value)

function refused(value: unknown, why: RegExp): void {
  try {
    echo.remote(value)
    assert.unreachable('was not refused')
  } catch (error) {
    assert.instance(error, SerializationError)
    assert.match((error as Error).message, why)
  }
}

test.before(() => init({ numCpus: 1 }))
test.after(() => shutdown())

test('instances of subclasses of built-in classes are refused with their path', () => {
  class Stack extends Array {}
  class Table extends Map {}
  class Bag extends Set {}
  class Vector extends Float64Array {}
  class Day extends Date {}
  refused({ a: Stack.of(1) }, /^args\[0\]\.a is an instance of Stack/)
  refused([new Table()], /^args\[0\]\[0\] is an instance of Table/)
  refused(new Bag(), /instance of Bag/)
  refused(new Vector(2), /instance of Vector/)
  refused(new Vector(20_000), /instance of Vector/)
  refused(new Day(), /instance of Day/)
})

test('a Buffer arrives as a Uint8Array', async () => {
  const back = (await get(echo.remote(Buffer.from('abc')))) as Uint8Array
  assert.equal([...back], [97, 98, 99])
})

test('values of another realm are taken for what they are', async () => {
  const made = runInContext(
    `({ list: [1], map: new Map([['k', new Set([2])]]), when: new Date(5), floats: new Float64Array([1.5]),
        large: new Float32Array(20000).fill(3), error: new RangeError('far'), view: new DataView(new ArrayBuffer(2)) })`,
    createContext({}),
  )
  const back = (await get(echo.remote(made))) as Record<string, never> & { error: Error; large: Float32Array }
  assert.equal(back.list, [1])
  assert.equal(back.map, new Map([['k', new Set([2])]]))
  assert.equal(back.when, new Date(5))
  assert.equal(back.floats, new Float64Array([1.5]))
  assert.is(back.large[19_999], 3)
  assert.instance(back.error, RangeError)
  assert.instance(back.view, DataView)
})

test('a detached buffer, and a view of one, are refused', () => {
  const buffer = new ArrayBuffer(8)
  const views = [new Uint8Array(buffer), new DataView(buffer), buffer]
  structuredClone(buffer, { transfer: [buffer] })
  for (const value of views) refused({ value }, /args\[0\]\.value .*detached/)
})

test('a value too large for any memory is refused with ObjectStoreFullError', () => {
  const encoder = new Encoder(false, 2 ** 20)
  encoder.start()
  try {
    encoder.section(['x'.repeat(2 ** 21)], 'the value')
    assert.unreachable('was not refused')
  } catch (error) {
    assert.instance(error, ObjectStoreFullError)
    assert.match((error as Error).message, /no memory for/)
  }
})

test('large arrays that nobody holds any more are freed while more are put', async () => {
  const length = remote((array: Uint8Array) => array.length)
  const before = process.memoryUsage.rss()
  let peak = 0
  for (let i = 0; i < 800; i++) {
    const ref = put(new Uint8Array(2_000_000))
    if (i % 10 === 0) assert.is(await get(length.remote(ref)), 2_000_000)
    peak = Math.max(peak, process.memoryUsage.rss() - before)
  }
  assert.ok(peak < 1e9, `1.6 GB were put, ${Math.round(peak / 1e6)} MB were held at once`)
})

test('a result nested too deeply is told by get', async () => {
  const deep = remote((levels: number) => {
    let value: unknown[] = []
    for (let i = 0; i < levels; i++) value = [value]
    return value
  })
  for (const levels of [12_000, 1_000_000]) {
    try {
      await get(deep.remote(levels))
    } catch (error) {
      assert.instance(error, SerializationError)
      assert.match((error as Error).message, /nested too deeply/)
    }
  }
  assert.instance(await rejection(get(deep.remote(1_000_000))), SerializationError)
})

test('a generator that a function returns is refused with the way out', async () => {
  const error = await rejection(
    get(
      remote(() =>
        (function* () {
          yield 1
        })(),
      )
        .options({ numReturns: 1 })
        .remote(),
    ),
  )
  assert.instance(error, SerializationError)
  assert.match(error.message, /the return value is a generator; return \[\.\.\.it\]/)
})

test('a constructor that returns a promise is refused', async () => {
  class Slow {
    constructor() {
      // biome-ignore lint/correctness/noConstructorReturn: the very thing that is refused
      return Promise.resolve(this) as unknown as Slow
    }
    call() {
      return 1
    }
  }
  const error = await rejection(get(actor(Slow).remote().call.remote()))
  assert.instance(error, ActorDiedError)
  assert.match(error.message, /constructor of Slow returned a promise/)
})

test('a sparse array is carried in time proportional to what it holds', async () => {
  const sparse: unknown[] = []
  sparse[3] = 'a'
  sparse[4_000_000_000] = 'b'
  const back = (await get(echo.remote(sparse))) as unknown[]
  assert.is(back.length, 4_000_000_001)
  assert.equal(Object.entries(back), [
    ['3', 'a'],
    ['4000000000', 'b'],
  ])
  sparse[7] = () => 1
  refused(sparse, /^args\[0\]\[7\] is a function/)
})

test.run()
