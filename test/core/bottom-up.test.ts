import { get, init, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

/** A place for each who ran, in the order in which they did, behind how many there were. */
const log = (length: number) => new Int32Array(new SharedArrayBuffer(4 * (length + 1)))
const program = 1
const worker = 2

test.after.each(() => shutdown())

test('a worker runs its own tasks before those of others that have waited for longer, and some of these in between', async () => {
  await init({ numCpus: 1 })
  const ran = log(400)
  const go = new Int32Array(new SharedArrayBuffer(4))
  const note = remote((ran: Int32Array, who: number) => {
    ran[Atomics.add(ran, 0, 1) + 1] = who
  })
  const parent = remote(async (ran: Int32Array, go: Int32Array, who: number) => {
    const { remote } = await import('gymnura')
    const own = remote((ran: Int32Array, who: number) => {
      ran[Atomics.add(ran, 0, 1) + 1] = who
    })
    while (Atomics.load(go, 0) === 0);
    for (let i = 0; i < 200; i++) own.remote(ran, who)
  })
  parent.remote(ran, go, worker)
  const others = Array.from({ length: 200 }, () => note.remote(ran, program))
  Atomics.store(go, 0, 1)
  await get(others)
  while (Atomics.load(ran, 0) < 400) await new Promise((resolve) => setTimeout(resolve, 5))
  const order = [...ran.subarray(1)]
  const before = order.slice(0, order.lastIndexOf(worker)).filter((who) => who === program).length
  assert.ok(before > 0 && before < 10, `${before} of the program's tasks ran before the last of the worker's own`)
})

test('what a worker has submitted another takes while it is busy itself, from its first submission on', async () => {
  await init({ numCpus: 2 })
  // Connecting follows the start of the workers.
  await new Promise((resolve) => setTimeout(resolve, 500))
  const busy = remote(async () => {
    const { remote } = await import('gymnura')
    const touch = remote((ran: Int32Array) => Atomics.add(ran, 0, 1))
    const ran = new Int32Array(new SharedArrayBuffer(4))
    touch.remote(ran)
    for (const end = performance.now() + 10_000; performance.now() < end; ) if (Atomics.load(ran, 0) > 0) return 'taken'
    return 'left'
  })
  assert.is(await get(busy.remote()), 'taken')
})

test.run()
