import { get, init, type ObjectRef, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { HoldCounts } from '../../core/control/hold-counts.js'

const add = remote((array: Float64Array, x: number) => array.map((value) => value + x))
test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

type Made = { stored: ObjectRef<Float64Array>; started: ObjectRef<number> }

test('refs that a task made and returned are there for whoever reads its result', async () => {
  const makeNested = remote(async (x: number, length: number) => {
    const { put, remote } = await import('gymnura')
    const square = remote((x: number) => x * x)
    return { stored: put(new Float64Array(length).fill(x)), started: square.remote(x) } as Made
  })
  const once = async (i: number) => {
    const { stored, started } = await get(makeNested.remote(i, 40_000))
    assert.is(await get(started), i * i)
    const sum = await get(add.remote(stored, 1))
    assert.is(sum[39_999], i + 1)
  }
  for (let k = 0; k < 12; k++) await Promise.all(Array.from({ length: 8 }, (_, i) => once(i)))
})

test('the same when the reader is a task on another worker', async () => {
  const read = remote(async (i: number) => {
    const { get, put, remote } = await import('gymnura')
    const make = remote(async (x: number) => {
      const { put } = await import('gymnura')
      return { stored: put(new Float64Array(40_000).fill(x)) }
    })
    const { stored } = await get(make.remote(i))
    const own = put([i])
    return (await get(stored))[39_999]! + (await get(own))[0]!
  })
  for (let k = 0; k < 12; k++) {
    const sums = await get(Array.from({ length: 8 }, (_, i) => read.remote(i)))
    assert.equal(sums, [0, 2, 4, 6, 8, 10, 12, 14])
  }
})

test('a large result of a worker whose ref leaves it while a task waits for another argument reaches that task', async () => {
  const inside = remote(async (length: number) => {
    const { get, remote } = await import('gymnura')
    const large = remote((length: number) => new Float64Array(length).fill(4))
    const late = remote(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return 1
    })
    const add = remote((a: Float64Array, b: number) => a[0]! + b)
    const read = remote(async ([ref]: ObjectRef<Float64Array>[]) => (await (await import('gymnura')).get(ref!))[1])
    const ref = large.remote(length)
    await get(ref)
    const waiting = add.remote(ref, late.remote())
    // From here on its value lies in the main thread.
    const elsewhere = await get(read.remote([ref]))
    return [elsewhere, await get(waiting), (await get(ref))[2]]
  })
  assert.equal(await get(inside.remote(40_000)), [4, 5, 4])
})

test("a hold that is reported in a thread's name after its drop leaves nothing behind", () => {
  const freed: number[] = []
  const counts = new HoldCounts(
    () => {},
    (id) => freed.push(id),
  )
  counts.add(7, 1)
  counts.remove(7, 2)
  counts.add(7, 2)
  counts.settle()
  assert.equal(freed, [])
  counts.remove(7, 1)
  counts.settle()
  assert.equal(freed, [7])
  assert.not(counts.held(7))
})

test.run()
