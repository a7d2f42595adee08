import { setTimeout as sleep } from 'node:timers/promises'
import {
  actor,
  cancel,
  get,
  init,
  type ObjectRef,
  put,
  type RefStream,
  remote,
  shutdown,
  TaskCancelledError,
  TaskError,
  TaskTimeoutError,
} from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually, rejection } from './expect.js'

test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

const flag = () => new Int32Array(new SharedArrayBuffer(8))
const count = remote(function* count(n: number) {
  for (let i = 0; i < n; i++) yield i
})
/** Counts in shared memory how far it has come, and whether it was ended. */
const counted = remote(
  async function* counted(n: number, made: Int32Array) {
    try {
      for (let i = 0; i < n; i++) {
        Atomics.add(made, 0, 1)
        yield i
      }
    } finally {
      Atomics.store(made, 1, 1)
    }
  },
  { numReturns: 'streaming' },
)

async function refsOf<T>(stream: AsyncIterable<ObjectRef<T>>): Promise<ObjectRef<T>[]> {
  const refs: ObjectRef<T>[] = []
  for await (const ref of stream) refs.push(ref)
  return refs
}

async function values<T>(stream: AsyncIterable<ObjectRef<T>>): Promise<(T | string)[]> {
  const all: (T | string)[] = []
  for await (const part of stream) all.push(await get(part).catch((error: Error) => error.name))
  return all
}

test('a generator streams by itself, a function as well as a method, and as one value only where that is asked for', async () => {
  class Counter {
    *upTo(n: number) {
      for (let i = 0; i < n; i++) yield i
    }
    async *later(n: number) {
      for (let i = 0; i < n; i++) yield -i
    }
  }
  const counter = actor(Counter).remote()
  const read = remote(async (box: { counter: typeof counter }) => {
    const { get } = await import('gymnura')
    const all: number[] = []
    for await (const part of box.counter.upTo.remote(3)) all.push(await get(part))
    return all
  })
  assert.equal(await values(counter.upTo.remote(3)), [0, 1, 2])
  assert.equal(await values(counter.later.remote(3)), [0, -1, -2])
  assert.equal(await get(read.remote({ counter })), [0, 1, 2])
  const whole = await rejection(get(count.options({ numReturns: 1 }).remote(3) as ObjectRef))
  assert.match(whole.message, /the return value is a generator; return \[\.\.\.it\]/)
})

test('a stream gives the values in order, each as it is made, and ends', async () => {
  assert.equal(await values(count.remote(0)), [])
  assert.equal(
    await values(count.remote(1000)),
    Array.from({ length: 1000 }, (_, i) => i),
  )
  const gate = flag()
  const stream = remote(
    async function* (gate: Int32Array) {
      yield 'early'
      while (Atomics.load(gate, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 2))
      yield 'late'
    },
    { numReturns: 'streaming' },
  ).remote(gate)
  assert.is(await get((await stream.next()).value!), 'early')
  Atomics.store(gate, 0, 1)
  assert.equal(await values(stream), ['late'])
  assert.equal(await stream.next(), { done: true, value: undefined })
})

test('generators, async generators, arrays and promises of them can be streamed; a plain value is refused', async () => {
  const stream = { numReturns: 'streaming' } as const
  assert.equal(await values(remote(() => [1, 2, 3], stream).remote()), [1, 2, 3])
  assert.equal(await values(remote(async () => new Set(['a', 'b']), stream).remote()), ['a', 'b'])
  for (const bad of [remote(() => 7 as unknown as string[], stream), remote(() => 'text' as unknown as string[], stream)]) {
    const [ref] = await refsOf(bad.remote())
    assert.match(
      (await rejection(get(ref!))).message,
      /needs a generator function or one that returns an iterable; it returned (number|string)/,
    )
  }
})

test('a generator runs ahead of its reader by a window of values and no more, and goes on when they are read', async () => {
  for (const options of [{}, { timeoutMs: 60_000 }]) {
    const made = flag()
    const stream = counted.options(options).remote(1000, made)
    await eventually(() => made[0]! >= 64)
    await sleep(50)
    assert.ok(made[0]! <= 66, `${made[0]} values were made and none was read`)
    const all = await values(stream)
    assert.is(all.length, 1000)
    assert.is(made[0], 1000)
  }
})

test('a reader that is far behind does not keep the generator’s CPU from others', async () => {
  const made = [flag(), flag(), flag()]
  const streams = made.map((one) => counted.remote(500, one))
  await eventually(() => made.every((one) => one[0]! >= 64))
  assert.equal(await get([remote(() => 1).remote(), remote(() => 2).remote()]), [1, 2])
  for (const stream of streams) assert.is((await values(stream)).length, 500)
})

test('an error ends the stream behind the values that came before it', async () => {
  const fails = remote(
    function* fails() {
      yield 1
      yield 2
      throw new RangeError('no more')
    },
    { numReturns: 'streaming' },
  )
  const stream = fails.remote()
  assert.equal(await values(stream), [1, 2, 'TaskError'])
  const refs = await refsOf(fails.remote())
  const error = await rejection(get(refs[2]!))
  assert.instance(error, TaskError)
  assert.instance(error.cause, RangeError)
})

test('a stream that is run again leaves out what was read, whether its task threw or its worker died', async () => {
  const flaky = remote(
    async function* flaky(tries: Int32Array, how: string) {
      const first = Atomics.add(tries, 0, 1) === 0
      for (let i = 0; i < 200; i++) {
        if (first && i === 150) {
          if (how === 'throw') throw new Error('once')
          // What it has yielded is on its way.
          await new Promise((resolve) => setTimeout(resolve, 20))
          process.exit(1)
        }
        yield i
      }
    },
    { numReturns: 'streaming', retryExceptions: true, maxRetries: 2 },
  )
  for (const how of ['throw', 'exit']) {
    for (const options of [{}, { timeoutMs: 60_000 }]) {
      const tries = flag()
      assert.equal(
        await values(flaky.options(options).remote(tries, how)),
        Array.from({ length: 200 }, (_, i) => i),
        `${how} ${JSON.stringify(options)}`,
      )
      assert.is(tries[0], 2)
    }
  }
})

test('leaving the loop early ends the generator, whose finally blocks run', async () => {
  for (const options of [{}, { timeoutMs: 60_000 }]) {
    const made = flag()
    const stream = counted.options(options).remote(1_000_000, made)
    for await (const part of stream) if ((await get(part)) === 10) break
    await eventually(() => made[1] === 1)
    assert.ok(made[0]! < 200)
    assert.equal(await stream.next(), { done: true, value: undefined })
  }
})

test('a cancelled stream fails with TaskCancelledError behind what was made, also one that waits for its reader or has not begun', async () => {
  const made = flag()
  const stream = counted.remote(1_000_000, made)
  await eventually(() => made[0]! >= 64)
  await cancel(stream)
  const all = await values(stream)
  assert.is(all.at(-1), 'TaskCancelledError')
  await eventually(() => made[1] === 1)
  const queued = counted.options({ timeoutMs: 60_000, numCpus: 2 }).remote(5, flag())
  await cancel(queued)
  assert.ok((await values(queued)).every((value) => value === 'TaskCancelledError' || typeof value === 'number'))
  const deaf = remote(
    function* () {
      yield 1
      for (;;);
    },
    { numReturns: 'streaming' },
  ).remote()
  await get((await deaf.next()).value!)
  await cancel(deaf, { force: true })
  assert.equal(await values(deaf), ['TaskCancelledError'])
  assert.instance(new TaskCancelledError('x'), Error)
})

test('methods of actors stream too, one call beside another, and several readers share one stream', async () => {
  class Source {
    async *numbers(from: number, n: number) {
      for (let i = from; i < from + n; i++) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        yield i
      }
    }
    ping() {
      return 'pong'
    }
  }
  const source = actor(Source).remote()
  const first = source.numbers.options({ numReturns: 'streaming' }).remote(0, 50) as RefStream<number>
  const second = source.numbers.options({ numReturns: 'streaming' }).remote(100, 50) as RefStream<number>
  assert.is(await get(source.ping.remote()), 'pong')
  const [a, b] = await Promise.all([values(first), values(second)])
  assert.equal(
    [a, b],
    [0, 100].map((from) => Array.from({ length: 50 }, (_, i) => from + i)),
  )
  const shared = source.numbers.options({ numReturns: 'streaming' }).remote(0, 40) as RefStream<number>
  const parts = await Promise.all([values(shared), values(shared)])
  assert.equal(
    parts.flat().toSorted((x, y) => Number(x) - Number(y)),
    Array.from({ length: 40 }, (_, i) => i),
  )
})

test('a stream’s values may hold refs and large arrays, and its refs are arguments like any other', async () => {
  const mixed = remote(
    async function* mixed(outer: ObjectRef<string>[]) {
      const { put } = await import('gymnura')
      yield { given: outer[0]!, made: put('inner'), big: new Float64Array(10_000).fill(3) }
    },
    { numReturns: 'streaming' },
  )
  const outer = put('outer')
  const [ref] = await refsOf(mixed.remote([outer]))
  const value = await get(ref!)
  assert.is(value.given, outer)
  assert.is(await get(value.made), 'inner')
  assert.is(value.big[9_999], 3)
  const sum = remote((part: { big: Float64Array }) => part.big.reduce((a, b) => a + b))
  assert.is(await get(sum.remote(ref! as unknown as ObjectRef<{ big: Float64Array }>)), 30_000)
})

test('a task reads the stream of a task that it has started, of whatever kind', async () => {
  const reader = remote(async (options: object) => {
    const { get, remote } = await import('gymnura')
    const stream = remote(
      function* () {
        for (let i = 0; i < 300; i++) yield i
      },
      { numReturns: 'streaming', ...options },
    ).remote() as unknown as AsyncIterable<ObjectRef<number>>
    let sum = 0
    for await (const part of stream) sum += await get(part)
    return sum
  })
  for (const options of [{}, { timeoutMs: 60_000 }, { runtime: 'process' }]) assert.is(await get(reader.remote(options)), 44_850)
})

test('a stream itself cannot be handed to another task, and says so', () => {
  const take = remote((_: unknown) => 1)
  assert.throws(() => take.remote(count.remote(1) as unknown as number), /args\[0\].*RefStream/)
})

test('the time in which a stream waits for its reader is not the task’s: timeoutMs counts only what it runs', async () => {
  const slow = remote(
    async function* slow(busyMs: number) {
      for (let i = 0; i < 100; i++) {
        if (i === 99) for (const end = performance.now() + busyMs; performance.now() < end; );
        yield i
      }
    },
    { numReturns: 'streaming', timeoutMs: 600, maxRetries: 0 },
  )
  const patient = slow.remote(0)
  await get((await patient.next()).value!)
  // Much longer than it may run: it stands at its window meanwhile.
  await sleep(1200)
  assert.is((await values(patient)).length, 99)
  const endless = slow.remote(60_000)
  await get((await endless.next()).value!)
  await sleep(300)
  const rest = await values(endless)
  assert.is(rest.at(-1), 'TaskTimeoutError')
  assert.is(TaskTimeoutError.name, 'TaskTimeoutError')
})

test.run()
