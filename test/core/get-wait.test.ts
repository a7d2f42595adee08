import { cancel, GetTimeoutError, get, init, type ObjectRef, put, remote, shutdown, TaskCancelledError, TaskError, wait } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

const sleep = remote(async (ms: number) => {
  await new Promise((resolve) => setTimeout(resolve, ms))
  return ms
})
/** Runs until the flag is set, so that a test decides the order of things and not the clock. */
const until = remote(async (flag: Int32Array, value: number) => {
  while (Atomics.load(flag, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  return value
})
const flag = () => new Int32Array(new SharedArrayBuffer(4))
const id = remote((x: number) => x)

test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

test('get of a list gives the values in the order of the list', async () => {
  assert.equal(await get([sleep.remote(30), sleep.remote(1), put(2)]), [30, 1, 2])
  assert.equal(await get([]), [])
})

test('get of a list fails with the first failure, without waiting for the rest', async () => {
  const go = flag()
  const fail = remote(() => {
    throw new RangeError('early')
  })
  const open = until.remote(go, 1)
  const error = await rejection(get([open, fail.remote()]))
  assert.instance(error, TaskError)
  Atomics.store(go, 0, 1)
  assert.is(await get(open), 1)
})

test('get gives up after timeoutMs, and the value can be had later', async () => {
  const go = flag()
  const open = until.options({ name: 'until' }).remote(go, 5)
  for (const timeoutMs of [0, 20]) {
    const error = await rejection(get([put(1), open], { timeoutMs }))
    assert.instance(error, GetTimeoutError)
    assert.match(error.message, new RegExp(`1 of 2 values was there after ${timeoutMs} ms; missing: until`))
  }
  Atomics.store(go, 0, 1)
  assert.is(await get(open, { timeoutMs: 10_000 }), 5)
  assert.is(await get(open, { timeoutMs: 0 }), 5)
})

test('wait gives the ready refs and the others, both in the order of the input', async () => {
  const go = flag()
  const first = until.remote(go, 1)
  const second = id.remote(2)
  const third = id.remote(3)
  const [ready, pending] = await wait([first, second, third], { numReturns: 2 })
  assert.equal([ready, pending], [[second, third], [first]])
  const [one, rest] = await wait([third, first, second])
  assert.equal([one, rest], [[third], [first, second]], 'at most numReturns are called ready')
  Atomics.store(go, 0, 1)
  const [all, none] = await wait([first, second, third], { numReturns: 3 })
  assert.equal([all, none], [[first, second, third], []])
})

test('wait gives what there is after timeoutMs', async () => {
  const go = flag()
  const open = until.remote(go, 1)
  const done = put(2)
  for (const timeoutMs of [0, 10]) {
    const [ready, pending] = await wait([open, done], { numReturns: 2, timeoutMs })
    assert.equal([ready, pending], [[done], [open]])
  }
  Atomics.store(go, 0, 1)
  await get(open)
})

test('a failed ref is ready for wait', async () => {
  const fail = remote(() => {
    throw new Error('no')
  })
  const ref = fail.remote()
  assert.equal(await wait([ref]), [[ref], []])
})

test('a thousand refs are taken one by one through wait', async () => {
  let refs: ObjectRef<number>[] = Array.from({ length: 1000 }, (_, i) => id.remote(i))
  const seen = new Set<number>()
  while (refs.length > 0) {
    const [[ready], pending] = await wait(refs)
    seen.add(await get(ready!))
    refs = pending
  }
  assert.is(seen.size, 1000)
})

test('a list may be changed while it is waited for', async () => {
  const go = flag()
  const list: ObjectRef<number>[] = [until.remote(go, 1), until.remote(go, 2)]
  const values = get(list)
  const waited = wait(list, { numReturns: 2 })
  list.length = 0
  Atomics.store(go, 0, 1)
  assert.equal(await values, [1, 2])
  assert.is((await waited)[0].length, 2)
})

test('a timeout names the first few tasks that are missing', async () => {
  const go = flag()
  const named = (name: string) => until.options({ name }).remote(go, 1)
  const slow = named('slow one')
  const one = await rejection(get(slow, { timeoutMs: 0 }))
  assert.match(one.message, /^get: the value of slow one was not there after 0 ms$/)
  const many = ['a', 'b', 'c', 'd', 'e'].map(named)
  assert.match(
    (await rejection(get(many, { timeoutMs: 0 }))).message,
    /^get: 0 of 5 values were there after 0 ms; missing: a, b, c and 2 more$/,
  )
  Atomics.store(go, 0, 1)
  await get([slow, ...many])
})

test('bad arguments are refused with what was expected', async () => {
  const ref = put(1)
  assert.match((await rejection(get(1 as unknown as ObjectRef))).message, /get: expects an ObjectRef or a list of them, not number/)
  assert.match((await rejection(get([ref, 1 as unknown as ObjectRef]))).message, /refs\[1\] is not an ObjectRef but number/)
  assert.match((await rejection(wait([ref], { numReturns: 2 }))).message, /numReturns is 2, but there is only 1 ref$/)
  assert.match((await rejection(wait([ref, ref]))).message, /the same ref is in the list twice/)
  assert.match((await rejection(wait([ref], { timeoutMs: -1 }))).message, /timeoutMs must be/)
  assert.match((await rejection(get(ref, { timeout: 1 } as object))).message, /unknown option 'timeout'; did you mean 'timeoutMs'/)
  assert.throws(() => put(ref), /is an ObjectRef already/)
})

test('a queued task is cancelled before it runs, wherever it waits', async () => {
  const go = flag()
  const ran = flag()
  const mark = remote((counter: Int32Array, _after: number) => Atomics.add(counter, 0, 1))
  const running = [until.remote(go, 1), until.remote(go, 2)]
  const inRing = Array.from({ length: 8 }, () => mark.remote(ran, 0))
  const behindDependency = mark.remote(ran, running[0]!)
  for (const ref of [...inRing, behindDependency]) await cancel(ref, { recursive: true })
  for (const ref of [...inRing, behindDependency]) assert.instance(await rejection(get(ref)), TaskCancelledError)
  Atomics.store(go, 0, 1)
  assert.equal(await get(running), [1, 2])
  await get([id.remote(1), id.remote(2), id.remote(3), id.remote(4)])
  assert.is(ran[0], 0)
  await cancel(running[0]!)
  assert.is(await get(running[0]!), 1, 'a task that is over is left alone')
})

test('a running task hears of its cancellation through its signal', async () => {
  const began = flag()
  const listening = remote(async (flag: Int32Array) => {
    const { runtimeContext } = await import('gymnura')
    const { signal } = runtimeContext()
    Atomics.store(flag, 0, 1)
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))
  })
  const ref = listening.remote(began)
  while (Atomics.load(began, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  await cancel(ref)
  assert.instance(await rejection(get(ref)), TaskCancelledError)
})

test('force ends a running task that hears nothing, and its queued neighbours still run', async () => {
  const began = flag()
  const spin = remote((flag: Int32Array) => {
    Atomics.store(flag, 0, 1)
    for (;;);
  })
  const ref = spin.remote(began)
  while (Atomics.load(began, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  const others = Array.from({ length: 20 }, (_, i) => id.remote(i))
  await cancel(ref, { force: true })
  assert.instance(await rejection(get(ref)), TaskCancelledError)
  assert.equal(
    await get(others),
    others.map((_, i) => i),
  )
})

test.run()
