import { get, init, put, remote, shutdown, TaskTimeoutError, WorkerCrashedError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

const id = remote((x: number) => x)
const flag = () => new Int32Array(new SharedArrayBuffer(4))

test.before(() => init({ numCpus: 2, workerHeapMb: 64 }))
test.after(() => shutdown())

test('a task whose worker dies is run again as often as maxRetries says, then fails', async () => {
  const tries = flag()
  const die = remote((counter: Int32Array) => {
    Atomics.add(counter, 0, 1)
    process.exit(7)
  })
  const error = await rejection(get(die.options({ maxRetries: 2, name: 'die' }).remote(tries)))
  assert.instance(error, WorkerCrashedError)
  assert.match(error.message, /^die: worker-\d died while running it \(exit code 7\), as did the workers of 2 runs before$/)
  assert.match(error.stack ?? '', /faults\.test\.js/)
  assert.is(tries[0], 3)
  tries[0] = 0
  await rejection(get(die.options({ maxRetries: 0 }).remote(tries)))
  assert.is(tries[0], 1)
})

test('where nothing is said of maxRetries, a task is run again three times, as in Ray', async () => {
  const tries = flag()
  const dies = remote((counter: Int32Array, times: number) => {
    if (Atomics.add(counter, 0, 1) < times) process.exit(7)
    return 'lived'
  })
  assert.is(await get(dies.remote(tries, 3)), 'lived')
  assert.is(tries[0], 4)
  tries[0] = 0
  assert.instance(await rejection(get(dies.remote(tries, 4))), WorkerCrashedError)
  assert.is(tries[0], 4)
})

test('a task that survives the second time gives its value, with the same arguments', async () => {
  const tries = flag()
  const once = remote((counter: Int32Array, big: Float64Array, small: { text: string }, long: string[]) => {
    if (Atomics.add(counter, 0, 1) === 0) process.exit(1)
    return [big.length, big[0], small.text, long.length]
  })
  const long = Array.from({ length: 20_000 }, (_, i) => `item ${i}`)
  assert.equal(await get(once.remote(tries, new Float64Array(10_000).fill(4), { text: 'kept' }, long)), [10_000, 4, 'kept', 20_000])
  tries[0] = 0
  assert.equal(await get(once.remote(tries, put(new Float64Array(10_000).fill(5)), put({ text: 'stored' }), [])), [10_000, 5, 'stored', 0])
})

test('an uncaught exception in a worker ends the task that runs there, not the driver', async () => {
  const die = remote(() => {
    setTimeout(() => {
      throw new RangeError('from a timer')
    }, 1)
    return new Promise(() => {})
  })
  const error = await rejection(get(die.options({ maxRetries: 0 }).remote()))
  assert.instance(error, WorkerCrashedError)
  assert.match(error.message, /RangeError: from a timer/)
  assert.instance(error.cause, Error)
})

test('a worker that runs out of memory is replaced, and the error says so', async () => {
  const hog = remote(() => {
    const all: number[][] = []
    for (;;) all.push(new Array(1e5).fill(Math.random()))
  })
  const error = await rejection(get(hog.options({ maxRetries: 0 }).remote()))
  assert.instance(error, WorkerCrashedError)
  assert.match(error.message, /ERR_WORKER_OUT_OF_MEMORY/)
  assert.is(await get(id.remote(1)), 1)
})

test('an unhandled rejection is printed and harms nobody', async () => {
  const lines: string[] = []
  const { write } = process.stderr
  process.stderr.write = ((text: string) => lines.push(text) > 0) as typeof write
  try {
    const careless = remote(async () => {
      void Promise.reject(new Error('nobody listens'))
      await new Promise((resolve) => setTimeout(resolve, 5))
      return 'fine'
    })
    assert.is(await get(careless.remote()), 'fine')
  } finally {
    process.stderr.write = write
  }
  assert.match(lines.join(''), /Unhandled rejection in a task: Error: nobody listens/)
})

test('an endless loop is ended by the task’s own timeoutMs, and what waited behind it runs', async () => {
  const spin = remote(() => {
    for (;;);
  })
  const stuck = [spin.options({ timeoutMs: 30 }).remote(), spin.options({ timeoutMs: 60 }).remote()]
  const others = Array.from({ length: 200 }, (_, i) => id.remote(i))
  for (const ref of stuck) {
    const error = await rejection(get(ref))
    assert.instance(error, TaskTimeoutError)
    assert.match(error.message, /ran longer than its timeoutMs/)
  }
  assert.equal(
    await get(others),
    others.map((_, i) => i),
  )
})

test('timeoutMs counts from the start of a task, not from its place in the queue', async () => {
  const busy = remote((ms: number) => {
    const end = performance.now() + ms
    while (performance.now() < end);
    return ms
  })
  const long = [busy.remote(150), busy.remote(150)]
  const short = busy.options({ timeoutMs: 100 }).remote(1)
  assert.is(await get(short), 1)
  await get(long)
})

test('a task that runs beside one that is ended for its timeoutMs runs again, without an attempt of its own', async () => {
  const runs = flag()
  const spin = remote((ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
    return 'over'
  })
  const count = remote((runs: Int32Array) => {
    Atomics.add(runs, 0, 1)
    for (const end = performance.now() + 900; performance.now() < end; );
    return 'ran'
  })
  // The first task ends in time, but the driver is busy and hears of it after its clock has rung; the next one runs by then.
  const first = [spin.options({ timeoutMs: 500 }).remote(50), spin.options({ timeoutMs: 500 }).remote(50)]
  const next = [count.options({ maxRetries: 0 }).remote(runs), count.options({ maxRetries: 0 }).remote(runs)]
  await new Promise((resolve) => setTimeout(resolve, 20))
  for (const end = performance.now() + 700; performance.now() < end; );
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(await get(first), ['over', 'over'])
  assert.equal(await get(next), ['ran', 'ran'])
  assert.is(runs[0], 2)
})

test('a task stuck on one worker does not hold up what waits behind it while the other is idle', async () => {
  const go = flag()
  const until = remote((flag: Int32Array) => Atomics.wait(flag, 0, 0))
  const stuck = until.remote(go)
  const others = Array.from({ length: 100 }, (_, i) => id.remote(i))
  assert.equal(
    await get(others),
    others.map((_, i) => i),
  )
  Atomics.store(go, 0, 1)
  Atomics.notify(go, 0)
  await get(stuck)
})

test('workers that die at random under load lose and double no result', async () => {
  const counts = new Int32Array(new SharedArrayBuffer(400 * 4))
  const risky = remote((i: number, counts: Int32Array) => {
    // Every twentieth task kills its worker the first time it runs.
    if (Atomics.add(counts, i, 1) === 0 && i % 20 === 7) process.exit(1)
    return i * i
  })
  const refs = Array.from({ length: 400 }, (_, i) => risky.remote(i, counts))
  assert.equal(
    await get(refs),
    refs.map((_, i) => i * i),
  )
  assert.equal(
    [...counts],
    refs.map((_, i) => (i % 20 === 7 ? 2 : 1)),
  )
})

test('a worker that cannot be filled with a bad function reports it for each task', async () => {
  const missing = remote(function gone() {}, { module: 'file:///nowhere/at/all.js' })
  for (let i = 0; i < 2; i++) assert.match((await rejection(get(missing.remote()))).message, /gone failed: Error: Cannot find module/)
})

test.run()
