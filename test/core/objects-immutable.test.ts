import { actor, get, init, type ObjectRef, put, remote, shutdown, wait } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

/*
 * A ref's value never changes, as in Ray: what `get` gives is the reader's own copy (its large typed arrays are views of shared
 * memory, read-only by convention), and what tasks receive is what was stored.
 */

type Box = { list: number[]; map: Map<string, number>; small: Float64Array; inner: { x: number } }

const make = remote(() => ({ list: [1, 2, 3], map: new Map([['a', 1]]), small: new Float64Array([1, 2]), inner: { x: 1 } }))
const makeLarge = remote(() => ({ list: [1, 2, 3], large: new Float64Array(10_000).fill(7) }))
const echo = remote((value: unknown) => value)
const seen = remote((box: Box) => [box.list, box.map.get('a'), box.small[0], box.inner.x])
const original = [[1, 2, 3], 1, 1, 1]

function spoil(box: Box): void {
  box.list.push(4)
  box.map.set('a', 2)
  box.small[0] = 9
  box.inner.x = 2
}

test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

test("changing what get gave of a task's result changes nothing for later tasks and calls", async () => {
  class Reader {
    see(box: Box) {
      return [box.list, box.map.get('a'), box.small[0], box.inner.x]
    }
  }
  const ref = make.remote()
  spoil(await get(ref))
  const reader = actor(Reader).remote()
  assert.equal(await get(seen.remote(ref)), original)
  assert.equal(await get(reader.see.remote(ref)), original)
  assert.equal(await get(seen.options({ numCpus: 0.5 }).remote(ref)), original)
})

test('each get of a ref gives a copy of its own', async () => {
  const ref = make.remote()
  const first = await get(ref)
  spoil(first)
  const second = await get(ref)
  const [third, fourth] = await get([ref, ref])
  for (const box of [second, third, fourth]) assert.equal([box.list, box.map.get('a'), box.small[0], box.inner.x], original)
  for (const other of [second, third, fourth]) assert.is.not(other, first)
  assert.is.not(third, fourth)
})

test('the same for what was put', async () => {
  const ref = put({ list: [1, 2, 3], map: new Map([['a', 1]]), small: new Float64Array([1, 2]), inner: { x: 1 } })
  spoil(await get(ref))
  const box = await get(ref)
  assert.equal([box.list, box.map.get('a'), box.small[0], box.inner.x], original)
  assert.equal(await get(seen.remote(ref)), original)
})

test('values with large arrays are copies around one memory', async () => {
  for (const ref of [makeLarge.remote(), put({ list: [1, 2, 3], large: new Float64Array(10_000).fill(7) })]) {
    const first = await get(ref)
    first.list.push(4)
    const second = await get(ref)
    assert.equal(second.list, [1, 2, 3])
    assert.is(second.large.buffer, first.large.buffer)
    assert.is(((await get(echo.remote(ref))) as typeof first).large[9_999], 7)
  }
})

test('results of a task with several, of an actor and of a stream', async () => {
  const pair = remote(() => [{ a: [1] }, { b: [2] }], { numReturns: 2 })
  const [first, second] = pair.remote() as unknown as [ObjectRef<{ a: number[] }>, ObjectRef<{ b: number[] }>]
  ;(await get(first)).a.push(5)
  ;(await get(second)).b.push(5)
  assert.equal(await get([echo.remote(first), echo.remote(second)]), [{ a: [1] }, { b: [2] }])
  class Giver {
    kept = { a: [1] }
    give() {
      return this.kept
    }
  }
  const given = actor(Giver).remote().give.remote()
  ;(await get(given)).a.push(5)
  assert.equal(await get(echo.remote(given)), { a: [1] })
  const stream = remote(
    function* () {
      for (let i = 0; i < 3; i++) yield { a: [i] }
    },
    { numReturns: 'streaming' },
  )
  let i = 0
  for await (const part of stream.remote() as unknown as AsyncIterable<ObjectRef<{ a: number[] }>>) {
    ;(await get(part)).a.push(5)
    assert.equal(await get(echo.remote(part)), { a: [i] })
    assert.equal(await get(part), { a: [i++] })
  }
  assert.is(i, 3)
})

test('a task that changes its argument changes neither the ref nor what other tasks receive', async () => {
  const ref = make.remote()
  const change = remote((box: Box) => {
    box.list.push(9)
    box.inner.x = 5
    return box.list.length
  })
  assert.equal(await get([change.remote(ref), change.remote(ref)]), [4, 4])
  assert.equal(await get(seen.remote(ref)), original)
})

test('the same inside workers: for results, for borrowed refs and for refs that come back', async () => {
  const inside = remote(async (box: { ref: ObjectRef<{ a: number[] }> }) => {
    const { get, put, remote } = await import('gymnura')
    const echo = remote((value: unknown) => value as { a: number[] })
    const own = remote(() => ({ a: [1] })).remote()
    const out: unknown[] = []
    for (const ref of [box.ref, own, put({ a: [1] })]) {
      const value = await get(ref)
      value.a.push(2)
      out.push(await get(ref), await get(echo.remote(ref)))
      // It has left this thread: others bring its value from the main thread.
      const nested = remote(async (inner: { ref: typeof ref }) => (await (await import('gymnura')).get(inner.ref)).a)
      out.push(await get(nested.remote({ ref })))
    }
    return out
  })
  const ref = echo.remote({ a: [1] }) as ObjectRef<{ a: number[] }>
  ;(await get(ref)).a.push(7)
  const expected = [0, 1, 2].flatMap(() => [{ a: [1] }, { a: [1] }, [1]])
  assert.equal(await get(inside.remote({ ref })), expected)
  assert.equal(await get(inside.options({ runtime: 'process' }).remote({ ref })), expected)
})

test('refs, handles, cycles and shared identity in a value survive being read twice', async () => {
  class Counter {
    n = 0
    add() {
      return ++this.n
    }
  }
  const counter = actor(Counter).remote()
  const inner = put('inner')
  const cycle: Record<string, unknown> = { inner, counter, list: [inner] }
  cycle.self = cycle
  const ref = echo.remote(cycle) as ObjectRef<{ inner: typeof inner; counter: typeof counter; list: (typeof inner)[]; self: unknown }>
  for (const i of [1, 2, 3]) {
    const value = await get(ref)
    assert.is(value.self, value)
    assert.is(value.list[0], value.inner)
    assert.is(await get(value.inner), 'inner')
    assert.is(await get(value.counter.add.remote()), i)
    value.list.length = 0
  }
})

test('a value made unfit to travel after it came does not hinder tasks that take its ref', async () => {
  const ref = make.remote()
  const value = (await get(ref)) as Box & { callback?: () => void }
  value.callback = () => {}
  assert.equal(await get(seen.remote(ref)), original)
})

test('shared memory of a user in a result is the same memory in every reading', async () => {
  const flag = new Int32Array(new SharedArrayBuffer(8))
  const ref = echo.remote({ flag, list: [1] }) as ObjectRef<{ flag: Int32Array; list: number[] }>
  const first = await get(ref)
  first.list.push(2)
  first.flag[0] = 42
  const second = await get(ref)
  assert.equal([second.flag[0], second.list], [42, [1]])
  const read = remote((value: { flag: Int32Array; list: number[] }) => [value.flag[0], value.list.length])
  assert.equal(await get([read.remote(ref), read.remote(ref)]), [
    [42, 1],
    [42, 1],
  ])
  assert.is(flag[0], 42)
})

test('a value of some megabytes without arrays is copied too', async () => {
  const ref = remote(() => Array.from({ length: 50_000 }, (_, i) => ({ i, text: 'a line of text' }))).remote()
  const first = await get(ref)
  first[49_999]!.i = -1
  first.length = 50_000 - 1
  await wait([ref])
  const second = await get(ref)
  assert.equal([second.length, second[49_999]!.i], [50_000, 49_999])
})

test.run()
