import { type ActorHandle, actor, GetTimeoutError, type GymnuraError, get, init, kill, type ObjectRef, shutdown, TaskError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActorPool } from '../../core/api/actor-pool.js'
import { rejection } from './expect.js'

class Worker {
  seen = 0
  twice(x: number): number {
    this.seen++
    return 2 * x
  }
  async later(x: number, ms: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return x
  }
  fail(x: number): number {
    if (x === 3) throw new RangeError('no 3')
    return x
  }
  count(): number {
    return this.seen
  }
}
const Workers = actor(Worker)
type Handle = ActorHandle<Worker>
let workers: Handle[] = []
const twice = (worker: Handle, x: number) => worker.twice.remote(x)

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

/** Waits until the pool's calls are over. */
async function allIdle(pool: ActorPool<Handle>, count: number): Promise<void> {
  const idle: Handle[] = []
  while (idle.length < count) {
    const worker = pool.popIdle()
    if (worker === undefined) await new Promise((resolve) => setTimeout(resolve, 1))
    else idle.push(worker)
  }
  for (const worker of idle) pool.push(worker)
}

test.before(async () => {
  await init({ numCpus: 1 })
  workers = Array.from({ length: 3 }, () => Workers.remote())
})
test.after(() => shutdown())

test('map yields the results in the order of the values, whatever their number', async () => {
  const pool = new ActorPool(workers)
  for (const length of [0, 1, 2, 3, 4, 7, 100]) {
    const values = Array.from({ length }, (_, i) => i)
    assert.equal(
      await collect(pool.map(twice, values)),
      values.map((x) => 2 * x),
    )
  }
})

test('map keeps the order when later values are done first, mapUnordered yields what is there first', async () => {
  const pool = new ActorPool(workers)
  const wait = (worker: Handle, ms: number) => worker.later.remote(ms, ms)
  assert.equal(await collect(pool.map(wait, [60, 30, 1])), [60, 30, 1])
  assert.equal(await collect(pool.mapUnordered(wait, [120, 60, 1])), [1, 60, 120])
})

test('all actors take part', async () => {
  const own = Array.from({ length: 2 }, () => Workers.remote())
  const pool = new ActorPool(own)
  await collect(pool.map(twice, Array(20).fill(1)))
  const [first, second] = await get(own.map((worker) => worker.count.remote()))
  assert.is(first! + second!, 20)
  assert.ok(first! > 0 && second! > 0)
  await Promise.all(own.map((worker) => kill(worker)))
})

test('values are pulled lazily: no more than there are actors beyond the results handed out', async () => {
  const pool = new ActorPool(workers)
  let pulled = 0
  function* endless() {
    for (;;) yield pulled++
  }
  let handed = 0
  for await (const value of pool.map(twice, endless())) {
    assert.is(value, 2 * handed++)
    assert.ok(pulled <= handed + workers.length, `${pulled} pulled, ${handed} handed out`)
    if (handed === 50) break
  }
})

test('values may come late, and what is done is yielded before the next value comes', async () => {
  const pool = new ActorPool(workers)
  let got: (() => void) | undefined
  async function* stream() {
    for (let x = 1; x <= 3; x++) {
      yield x
      // The next one only comes when the result of this one was seen.
      if (x < 3) await new Promise<void>((resolve) => (got = resolve))
    }
  }
  const results: number[] = []
  for await (const value of pool.map(twice, stream())) {
    results.push(value)
    got?.()
  }
  assert.equal(results, [2, 4, 6])
})

test('leaving the loop early closes the source and gives the actors back', async () => {
  const pool = new ActorPool(workers)
  let closed = false
  async function* source() {
    try {
      for (let x = 0; ; x++) yield x
    } finally {
      await new Promise((resolve) => setTimeout(resolve, 20))
      closed = true
    }
  }
  for await (const value of pool.mapUnordered((worker, x) => worker.later.remote(x, 5), source())) if (value >= 4) break
  assert.ok(closed)
  await allIdle(pool, workers.length)
  assert.equal(await collect(pool.map(twice, [1, 2, 3, 4])), [2, 4, 6, 8])
})

test('leaving the loop does not wait for a source that is silent', async () => {
  const pool = new ActorPool(workers)
  async function* source() {
    yield 1
    await new Promise(() => {})
  }
  for await (const value of pool.map(twice, source())) {
    assert.is(value, 2)
    break
  }
})

test('the error of one value is thrown at its place, and the pool stays usable', async () => {
  const pool = new ActorPool(workers)
  const seen: number[] = []
  const error = await rejection(
    (async () => {
      for await (const value of pool.map((worker, x: number) => worker.fail.remote(x), [1, 2, 3, 4, 5])) seen.push(value)
    })(),
  )
  assert.instance(error, TaskError)
  assert.match(error.message, /RangeError: no 3/)
  assert.equal(seen, [1, 2])
  assert.equal(await collect(pool.map(twice, [1, 2, 3, 4])), [2, 4, 6, 8])
})

test('a function that throws or returns no ref, and a source that throws, fail at their place too', async () => {
  const pool = new ActorPool(workers)
  const seen: number[] = []
  const run = async (results: AsyncIterable<number>) => {
    for await (const value of results) seen.push(value)
  }
  const thrower = (worker: Handle, x: number) => {
    if (x === 2) throw new Error('not 2')
    return worker.twice.remote(x)
  }
  assert.match((await rejection(run(pool.map(thrower, [1, 2, 3])))).message, /not 2/)
  assert.equal(seen, [2])
  const noRef = ((_: Handle, x: number) => x) as unknown as (worker: Handle, x: number) => ObjectRef<number>
  assert.match((await rejection(run(pool.map(noRef, [1])))).message, /must return a ref.*it returned 1/)
  function* broken() {
    yield 5
    throw new Error('source broke')
  }
  assert.match((await rejection(run(pool.map(twice, broken())))).message, /source broke/)
  assert.equal(seen, [2, 10])
  await allIdle(pool, workers.length)
})

test('two maps share the actors of one pool', async () => {
  const pool = new ActorPool(workers.slice(0, 2))
  const values = Array.from({ length: 30 }, (_, i) => i)
  const both = await Promise.all([collect(pool.map(twice, values)), collect(pool.map((worker, x) => worker.later.remote(x, 1), values))])
  assert.equal(both, [values.map((x) => 2 * x), values])
})

test('what a loop that was left had waiting is not begun', async () => {
  const pool = new ActorPool(workers.slice(0, 1))
  const begun: number[] = []
  const slow = (worker: Handle, x: number) => {
    begun.push(x)
    return worker.later.remote(x, 30)
  }
  const results = pool.map(slow, [1, 2, 3])
  const first = results.next()
  while (begun.length === 0) await null
  // Comes before the loop's second value.
  pool.submit(slow, 9)
  assert.is((await first).value, 1)
  await results.return()
  assert.is(await pool.getNext(), 9)
  await allIdle(pool, 1)
  assert.equal(begun, [1, 9])
})

test('submit, getNext and getNextUnordered read each result once', async () => {
  const pool = new ActorPool(workers.slice(0, 2))
  const wait = (worker: Handle, ms: number) => worker.later.remote(ms, ms)
  for (const ms of [80, 1, 40, 2]) pool.submit(wait, ms)
  assert.ok(pool.hasNext())
  assert.not(pool.hasFree())
  assert.is(await pool.getNextUnordered(), 1)
  assert.is(await pool.getNext(), 80)
  assert.is(await pool.getNext(), 40)
  assert.is(await pool.getNext(), 2)
  assert.not(pool.hasNext())
  assert.ok(pool.hasFree())
  assert.match((await rejection(pool.getNext())).message, /no result is to come; call submit\(\) first/)
})

test('submissions that wait for an actor run without being asked for', async () => {
  const [worker] = workers
  const pool = new ActorPool([worker!])
  const before = await get(worker!.count.remote())
  for (let x = 0; x < 5; x++) pool.submit(twice, x)
  await allIdle(pool, 1)
  assert.is(await get(worker!.count.remote()), before + 5)
  const results = await Promise.all(Array.from({ length: 5 }, () => pool.getNext<number>()))
  assert.equal(results, [0, 2, 4, 6, 8])
})

test('getNext gives up after timeoutMs, and the submission stays', async () => {
  const pool = new ActorPool(workers.slice(0, 1))
  pool.submit((worker, x) => worker.later.remote(x, 60), 7)
  assert.instance(await rejection(pool.getNext({ timeoutMs: 0 })), GetTimeoutError)
  assert.instance(await rejection(pool.getNextUnordered({ timeoutMs: 5 })), GetTimeoutError)
  assert.ok(pool.hasNext())
  assert.is(await pool.getNext({ timeoutMs: 10_000 }), 7)
  assert.match((await rejection(pool.getNext({ timeout: 1 } as object))).message, /did you mean 'timeoutMs'/)
})

test('a timeout of 0 sees what has arrived while the driver was busy', async () => {
  const pool = new ActorPool(workers.slice(0, 1))
  pool.submit((worker, x) => worker.later.remote(x, 30), 7)
  await new Promise((resolve) => setTimeout(resolve, 10))
  for (const end = performance.now() + 300; performance.now() < end; );
  assert.is(await pool.getNext({ timeoutMs: 0 }), 7)
})

test('the error of a submission is thrown by its getNext alone', async () => {
  const pool = new ActorPool(workers.slice(0, 1))
  for (const x of [1, 3, 5]) pool.submit((worker, value: number) => worker.fail.remote(value), x)
  assert.is(await pool.getNext(), 1)
  assert.match((await rejection(pool.getNext())).message, /no 3/)
  assert.is(await pool.getNext(), 5)
})

test('actors can be taken out and put in; an empty pool waits for one', async () => {
  const pool = new ActorPool(workers.slice(0, 1))
  const worker = pool.popIdle()!
  assert.is(worker, workers[0])
  assert.is(pool.popIdle(), undefined)
  assert.not(pool.hasFree())
  pool.submit(twice, 4)
  const results = collect(pool.map(twice, [1, 2, 3]))
  pool.push(worker)
  assert.is(await pool.getNext(), 8)
  assert.equal(await results, [2, 4, 6])
  assert.throws(() => pool.push(worker), /Worker .* is in the pool already/)
})

test('a pool without any actor says so to whoever waits for a result, and what was submitted runs when one comes', async () => {
  const pool = new ActorPool<Handle>([])
  assert.not(pool.hasFree())
  assert.match((await rejection(collect(pool.map(twice, [1])))).message, /ActorPool\.map: the pool has no actor/)
  assert.match((await rejection(collect(pool.mapUnordered(twice, [1])))).message, /ActorPool\.mapUnordered: the pool has no actor/)
  assert.equal(await collect(pool.map(twice, [])), [])
  pool.submit(twice, 4)
  assert.ok(pool.hasNext())
  assert.match((await rejection(pool.getNext())).message, /ActorPool\.getNext: the pool has no actor .*pool\.push/)
  assert.match((await rejection(pool.getNextUnordered({ timeoutMs: 5 }))).message, /the pool has no actor/)
  pool.push(workers[0]!)
  assert.is(await pool.getNext(), 8)
})

test('a loop whose last actor is taken out ends with what is there and says so', async () => {
  const pool = new ActorPool(workers.slice(0, 1))
  const results = pool.map(twice, [1, 2, 3])
  assert.is((await results.next()).value, 2)
  await allIdle(pool, 1)
  pool.popIdle()
  const rest: unknown[] = []
  const error = await rejection(
    (async () => {
      for await (const value of results) rest.push(value)
    })(),
  )
  assert.match(error.message, /the pool has no actor/)
  assert.ok(rest.length < 2)
})

test('an actor that died fails its call and leaves the pool, and nobody waits for ever', async () => {
  const mortal = Workers.remote()
  const pool = new ActorPool([mortal])
  pool.submit((worker, ms: number) => worker.later.remote(ms, ms), 10_000)
  pool.submit(twice, 1)
  await get(mortal.count.remote())
  await kill(mortal)
  assert.is(((await rejection(pool.getNext())) as GymnuraError).code, 'ERR_ACTOR_DIED')
  assert.not(pool.hasFree())
  assert.match((await rejection(pool.getNext())).message, /the pool has no actor/)
  pool.push(workers[0]!)
  assert.is(await pool.getNext(), 2)
})

test('the others of a pool go on without the one that died', async () => {
  const mortal = Workers.remote()
  const pool = new ActorPool([mortal, workers[0]!])
  await kill(mortal)
  const results: unknown[] = []
  for (let x = 0; x < 6; x++) pool.submit(twice, x)
  while (pool.hasNext()) results.push(await pool.getNext().catch((error: GymnuraError) => error.code))
  assert.equal(results, ['ERR_ACTOR_DIED', 2, 4, 6, 8, 10])
  assert.equal(await collect(pool.map(twice, [1, 2, 3])), [2, 4, 6])
})

test('an actor that is started again stays in its pool', async () => {
  const phoenix = Workers.options({ maxRestarts: -1 }).remote()
  const pool = new ActorPool([phoenix])
  pool.submit((worker, ms: number) => worker.later.remote(ms, ms), 10_000)
  pool.submit(twice, 1)
  await get(phoenix.count.remote())
  await kill(phoenix, { noRestart: false })
  assert.is(((await rejection(pool.getNext())) as GymnuraError).code, 'ERR_ACTOR_DIED')
  assert.is(await pool.getNext(), 2)
  await kill(phoenix)
})

test('bad arguments are refused where they are given', () => {
  const pool = new ActorPool(workers)
  assert.throws(() => new ActorPool([{}] as never), /expects actor handles, not an object/)
  assert.throws(() => new ActorPool(workers[0] as never), /actors must be a list/)
  assert.throws(() => pool.map(5 as never, [1]), /expects a function such as .*, not 5/)
  assert.throws(() => pool.map(twice, 5 as never), /values must be an iterable or async iterable, not 5/)
})

test.run()
