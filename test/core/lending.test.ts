import { get, init, remote, resources, shutdown } from 'gymnura'
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

test.run()
