import { actor, get, init, remote, resources, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

test('workers lend their CPUs again and again, and no request for one is slept through', async () => {
  const limited = remote((x: number) => x + 1, { timeoutMs: 60_000 })
  for (let i = 0; i < 600; i++) assert.is(await get(limited.remote(i), { timeoutMs: 20_000 }), i + 1)
})

test('all CPUs come back', async () => {
  const plain = remote((x: number) => x)
  const limited = remote((x: number) => x, { timeoutMs: 60_000 })
  const refs = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? limited : plain).remote(i))
  assert.equal(await get(refs), [...refs.keys()])
  let free = 0
  for (let tries = 0; tries < 200 && free < 2; tries++) {
    free = (await resources()).available.numCpus!
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.is(free, 2)
})

test('a CPU is free again as soon as the task is over that had it', async () => {
  const plain = remote((ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
  })
  for (let i = 0; i < 50; i++) {
    await get([plain.remote(1), plain.remote(1)])
    assert.is((await resources()).available.numCpus, 2)
  }
  const long = plain.remote(300)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.is((await resources()).available.numCpus, 1)
  await get(long)
})

test('amounts that cannot be counted are refused where the class or function is defined', () => {
  class Idle {}
  const odd = (options: object) => () => actor(Idle, options)
  assert.throws(odd({ numCpus: Number.POSITIVE_INFINITY }), /numCpus must be a number between 0 and/)
  assert.throws(odd({ numGpus: 1.5 }), /numGpus above 1 must be a whole number, not 1\.5/)
  assert.throws(odd({ bundleIndex: 3 }), /bundleIndex needs a placementGroup/)
  assert.throws(() => remote(() => 1, { resources: { CPU: 1 } }), /numCpus/)
  assert.throws(() => remote(() => 1, { resources: new Map([['camera', 1]]) as never }), /resources must be an object of names and amounts/)
})

test.run()
