import fc from 'fast-check'
import { ActorDiedError, actor, type GymnuraError, get, getActor, init, kill, put, SerializationError, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { QueueEmptyError, QueueFullError } from '../../core/api/errors.js'
import { Queue } from '../../core/api/queue.js'
import { rejection } from './expect.js'

const open: Queue[] = []
function make<T>(maxSize?: number): Queue<T> {
  const queue = new Queue<T>(maxSize)
  open.push(queue as Queue)
  return queue
}

test.before(() => init({ numCpus: 1 }))
test.after.each(async () => {
  await Promise.all(open.splice(0).map((queue) => queue.shutdown({ force: true })))
})
test.after(() => shutdown())

test('what is put first is got first, undefined and null included', async () => {
  const queue = make<unknown>()
  for (const item of ['x', undefined, null, { deep: [1n] }]) await queue.put(item)
  assert.is(await queue.size(), 4)
  assert.is(await queue.get(), 'x')
  assert.is(await queue.get(), undefined)
  assert.is(await queue.get(), null)
  assert.equal(await queue.get(), { deep: [1n] })
  assert.ok(await queue.empty())
})

test('get waits for an item, and those who wait are served in their order', async () => {
  const queue = make<number>()
  const gets = [queue.get(), queue.get(), queue.get()]
  await queue.putBatch([1, 2, 3])
  assert.equal(await Promise.all(gets), [1, 2, 3])
})

test('put waits for room, and those who wait are served in their order', async () => {
  const queue = make<number>(1)
  const puts = [queue.put(1), queue.put(2), queue.put(3)]
  const got: number[] = []
  for (let i = 0; i < 3; i++) got.push(await queue.get())
  await Promise.all(puts)
  assert.equal(got, [1, 2, 3])
})

test('a full queue refuses what cannot wait, and says how full it is', async () => {
  const queue = make<number>(2)
  await queue.putNowait(1)
  assert.not(await queue.full())
  await queue.putNowait(2)
  assert.ok(await queue.full())
  const error = (await rejection(queue.putNowait(3))) as GymnuraError<string>
  assert.instance(error, QueueFullError)
  assert.is(error.code, 'ERR_QUEUE_FULL')
  assert.match(error.message, /Queue\.putNowait: 1 item found no room: the queue holds 2 of 2/)
  assert.instance(await rejection(queue.put(3, { timeoutMs: 0 })), QueueFullError)
})

test('an empty queue refuses who cannot wait', async () => {
  const queue = make<number>()
  const error = (await rejection(queue.getNowait())) as GymnuraError<string>
  assert.instance(error, QueueEmptyError)
  assert.is(error.code, 'ERR_QUEUE_EMPTY')
  assert.instance(await rejection(queue.get({ timeoutMs: 0 })), QueueEmptyError)
})

test('a get that timed out takes nothing later', async () => {
  const queue = make<number>()
  assert.match((await rejection(queue.get({ timeoutMs: 10 }))).message, /Queue\.get: no item came in 10 ms/)
  await queue.put(1)
  assert.is(await queue.size(), 1)
  assert.is(await queue.get({ timeoutMs: 10 }), 1)
})

test('a put that timed out adds nothing later', async () => {
  const queue = make<number>(1)
  await queue.put(1)
  assert.match((await rejection(queue.put(2, { timeoutMs: 10 }))).message, /found no room in 10 ms: the queue holds 1 of 1/)
  assert.is(await queue.get(), 1)
  assert.ok(await queue.empty())
})

test('a waiter that gives up lets those behind it pass', async () => {
  const queue = make<number>(2)
  await queue.put(1)
  const two = rejection(queue.putBatch([2, 3], { timeoutMs: 30 }))
  const one = queue.put(4)
  assert.instance(await two, QueueFullError)
  await one
  assert.equal(await queue.getNowaitBatch(2), [1, 4])
})

test('nobody overtakes a batch that waits, even if there were room for less', async () => {
  const queue = make<number>(3)
  await queue.putBatch([1, 2])
  const batch = queue.putBatch([3, 4])
  assert.match((await rejection(queue.putNowait(9))).message, /1 item found no room: the queue holds 2 of 3, and 1 put came before/)
  const single = queue.put(5)
  assert.is(await queue.get(), 1)
  await batch
  assert.is(await queue.get(), 2)
  await single
  assert.equal(await queue.getNowaitBatch(3), [3, 4, 5])
})

test('a batch goes in and out as a whole or not at all', async () => {
  const queue = make<number>(3)
  await queue.putNowaitBatch([1, 2])
  assert.match((await rejection(queue.putNowaitBatch([3, 4]))).message, /2 items found no room: the queue holds 2 of 3/)
  assert.match((await rejection(queue.getNowaitBatch(3))).message, /holds fewer than 3 items/)
  assert.equal(await queue.getNowaitBatch(2), [1, 2])
  assert.equal(await queue.getNowaitBatch(0), [])
  assert.match((await rejection(queue.putBatch([1, 2, 3, 4]))).message, /4 items can never fit into a queue of maxSize 3/)
  await queue.putBatch(new Set([5, 6, 7]))
  const waits = queue.putBatch([8, 9])
  assert.is(await queue.get(), 5)
  assert.is(await queue.size(), 2)
  assert.is(await queue.get(), 6)
  await waits
  assert.equal(await queue.getNowaitBatch(3), [7, 8, 9])
})

test('more can wait than an actor opens calls for by default', async () => {
  const queue = make<number>()
  const gets = Array.from({ length: 1500 }, () => queue.get())
  await queue.putBatch(gets.map((_, i) => i))
  assert.equal(
    await Promise.all(gets),
    gets.map((_, i) => i),
  )
})

test('nothing is lost or doubled between many producers and consumers, and each producer keeps its order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (maxSize, producers, consumers) => {
        const queue = make<[producer: number, n: number]>(maxSize)
        // A batch larger than the queue can never fit.
        const fitting = producers.map((sizes) => sizes.map((size) => (maxSize === 0 ? size : Math.min(size, maxSize))))
        const total = fitting.flat().reduce((sum, size) => sum + size, 0)
        const got: [number, number][] = []
        const consume = async () => {
          while (got.length < total) {
            try {
              got.push(await queue.get({ timeoutMs: 1 }))
            } catch (error) {
              assert.instance(error, QueueEmptyError)
            }
          }
        }
        const produce = async (sizes: number[], producer: number) => {
          let n = 0
          for (const size of sizes) await queue.putBatch(Array.from({ length: size }, () => [producer, n++] as [number, number]))
        }
        await Promise.all([...fitting.map(produce), ...Array.from({ length: consumers }, consume)])
        assert.is(got.length, total)
        assert.ok(await queue.empty())
        const expected = fitting.flatMap((sizes, producer) =>
          Array.from({ length: sizes.reduce((a, b) => a + b, 0) }, (_, n) => `${producer}:${n}`),
        )
        assert.equal(new Set(got.map(([producer, n]) => `${producer}:${n}`)), new Set(expected))
        if (consumers > 1) return
        for (const [producer] of fitting.entries()) {
          const order = got.filter(([p]) => p === producer).map(([, n]) => n)
          assert.equal(
            order,
            [...order].sort((a, b) => a - b),
          )
        }
      },
    ),
    { numRuns: 20 },
  )
})

test('an item that is a ref stays a ref', async () => {
  const queue = make<ReturnType<typeof put<number>>>()
  const ref = put(5)
  await queue.put(ref)
  assert.is(await queue.get(), ref)
})

test('an item that cannot travel is refused, and the queue is as it was', async () => {
  const queue = make<unknown>()
  assert.instance(await rejection(queue.put({ callback: () => 1 })), SerializationError)
  assert.ok(await queue.empty())
})

test('an item that cannot travel is named by its place in its batch', async () => {
  const error = await rejection(make<unknown>().putBatch([1, { deep: () => 1 }]))
  assert.match(error.message, /Queue\.putBatch: item 1\.deep is a function/)
})

test('a queue is made again from its handle, or found by its name', async () => {
  const queue = new Queue<string>(0, { name: 'jobs' })
  open.push(queue as Queue)
  await queue.put('a')
  assert.is(await Queue.from<string>(queue.actor).get(), 'a')
  await Queue.from<string>(await getActor('jobs')).put('b')
  assert.is(await queue.get(), 'b')
  class Other {}
  const other = actor(Other).remote()
  assert.throws(() => Queue.from(other), /expects the actor handle of a queue, not that of Other/)
  await kill(other)
})

test('a handle shows nothing but what a queue is asked for', () => {
  assert.equal([...make().actor.shape.methodNames].sort(), ['full', 'put', 'size', 'take'])
})

test('after shutdown everything fails, and who waited too', async () => {
  const queue = new Queue<number>(1)
  const waiting = rejection(queue.get())
  await queue.shutdown()
  assert.instance(await waiting, ActorDiedError)
  assert.instance(await rejection(queue.put(1)), ActorDiedError)
  assert.instance(await rejection(get(queue.actor.size.remote())), ActorDiedError)
})

test('bad arguments are refused by name', async () => {
  assert.throws(() => new Queue(-1), /maxSize must be a whole number of at least 0, not -1/)
  assert.throws(() => new Queue(0, { maxConcurrency: 1 } as object), /'maxConcurrency' cannot be set/)
  assert.throws(() => new Queue(0, { module: import.meta.url } as object), /'module' cannot be set/)
  assert.throws(() => new Queue(5, 3 as never), /Queue: options must be an object, not 3/)
  assert.throws(() => new Queue(5, null as never), /Queue: options must be an object, not null/)
  assert.throws(() => new Queue({ maxSize: 5 } as never), /maxSize must be a whole number of at least 0, not an object/)
  assert.throws(() => new Queue(5, { nam: 'jobs' } as object), /Queue: unknown option 'nam'; did you mean 'name'/)
  assert.throws(() => Queue.from({} as never), /not an object/)
  const queue = make()
  assert.match((await rejection(queue.get({ timeoutMs: -1 }))).message, /Queue\.get: timeoutMs must be a number between/)
  assert.match((await rejection(queue.putBatch(5 as never))).message, /Queue\.putBatch: items must be a list or another iterable, not 5/)
  assert.match((await rejection(queue.getNowaitBatch(1.5))).message, /numItems must be a whole number/)
})

test.run()
