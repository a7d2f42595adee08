import fc from 'fast-check'
import { actor, get, init, kill, type ObjectRef, remote, shutdown, wait } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

const echo = remote((i: number, _payload: unknown) => i)
const echoAsync = remote(async (i: number, _payload: unknown) => {
  await null
  return i
})

test('every task of a random load gives its own result, once', async () => {
  const job = fc.record({ size: fc.integer({ min: 0, max: 50_000 }), async: fc.boolean(), through: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(job, { minLength: 1, maxLength: 300 }), async (jobs) => {
      const refs = jobs.map(({ size, async, through }, i) => {
        const first = (async ? echoAsync : echo).remote(i, 'x'.repeat(size))
        return through ? echo.remote(first, null) : first
      })
      assert.equal(
        await get(refs),
        jobs.map((_, i) => i),
      )
    }),
    { numRuns: 15 },
  )
})

test('more tasks than the rings hold are all carried out', async () => {
  const refs = Array.from({ length: 50_000 }, (_, i) => echo.remote(i, null))
  const values = await get(refs)
  assert.ok(values.every((value, i) => value === i))
})

test('results larger than the reply ring holds at once are all delivered', async () => {
  const long = remote((i: number) => `${i} `.repeat(2000))
  const values = await get(Array.from({ length: 500 }, (_, i) => long.remote(i)))
  assert.ok(values.every((value, i) => value === `${i} `.repeat(2000)))
})

test('calls of an actor stay in order when they overflow its ring', async () => {
  class Log {
    seen: number[] = []
    note(i: number, _payload: string) {
      this.seen.push(i)
      return i
    }
    all() {
      return this.seen
    }
  }
  const log = actor(Log).remote()
  const refs: ObjectRef<number>[] = []
  for (let i = 0; i < 5000; i++) refs.push(log.note.remote(i, 'p'.repeat((i * 37) % 300)))
  const seen = await get(log.all.remote())
  assert.equal(
    seen,
    refs.map((_, i) => i),
  )
  assert.equal(await get(refs), seen)
  await kill(log)
})

test('tasks of very different durations are taken as they finish', async () => {
  const work = remote((ms: number) => {
    const end = performance.now() + ms
    while (performance.now() < end);
    return ms
  })
  let refs: ObjectRef<number>[] = Array.from({ length: 60 }, (_, i) => work.remote(i % 10 === 0 ? 20 : 0.05))
  let sum = 0
  while (refs.length > 0) {
    const [ready, pending] = await wait(refs, { numReturns: Math.min(5, refs.length) })
    for (const value of await get(ready)) sum += value
    refs = pending
  }
  assert.ok(Math.abs(sum - (6 * 20 + 54 * 0.05)) < 1e-9)
})

test.run()
