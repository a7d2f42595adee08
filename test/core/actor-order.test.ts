import { type ActorHandle, actor, cancel, get, init, kill, type ObjectRef, remote, shutdown, TaskCancelledError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

class Log {
  seen: [caller: number, n: number][] = []
  note(caller: number, n: number): number {
    this.seen.push([caller, n])
    return n
  }
  async noteLater(caller: number, n: number): Promise<number> {
    this.seen.push([caller, n])
    await new Promise((resolve) => setTimeout(resolve, n % 3))
    return n
  }
  read(): [number, number][] {
    return this.seen
  }
}

const later = remote(async (value: number, ms: number) => {
  await new Promise((resolve) => setTimeout(resolve, ms))
  return value
})

test.before(() => init({ numCpus: 3 }))
test.after(() => shutdown())

function inOrder(seen: readonly (readonly [number, number])[], callers: number, calls: number): void {
  assert.is(seen.length, callers * calls)
  for (let caller = 0; caller < callers; caller++) {
    const own = seen.filter(([who]) => who === caller).map(([, n]) => n)
    assert.equal(
      own,
      Array.from({ length: calls }, (_, n) => n),
    )
  }
}

test('the calls of several workers and the driver each begin in the order in which they were made', async () => {
  const log = actor(Log).remote()
  const calls = 5000
  const caller = remote(async (log: ActorHandle<Log>, who: number, calls: number) => {
    const { get } = await import('gymnura')
    const refs = Array.from({ length: calls }, (_, n) => (n % 7 === 0 ? log.noteLater : log.note).remote(who, n))
    return (await get(refs)).every((value: number, n: number) => value === n)
  })
  const others = [0, 1, 2].map((who) => caller.remote(log, who, calls))
  const own = Array.from({ length: calls }, (_, n) => log.note.remote(3, n))
  assert.equal(await get(others), [true, true, true])
  await get(own)
  inOrder(await get(log.read.remote()), 4, calls)
  await kill(log)
})

test('a worker’s calls keep their order behind arguments that are still to come', async () => {
  const log = actor(Log).remote()
  const caller = remote(async (log: ActorHandle<Log>, who: number) => {
    const { get, remote } = await import('gymnura')
    const late = remote(async (n: number) => {
      await new Promise((resolve) => setTimeout(resolve, (n * 7) % 13))
      return n
    })
    const refs: ObjectRef<number>[] = []
    for (let n = 0; n < 40; n++) refs.push(log.note.remote(who, n % 4 === 1 ? late.remote(n) : n))
    return await get(refs)
  })
  await get([caller.remote(log, 0), caller.remote(log, 1)])
  inOrder(await get(log.read.remote()), 2, 40)
  await kill(log)
})

test('a call whose argument fails fails alone, in its place', async () => {
  const log = actor(Log).remote()
  const fail = remote(async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 10))
    throw new RangeError('no argument')
  })
  const refs = [log.note.remote(0, 0), log.note.remote(0, fail.remote()), log.note.remote(0, 1)]
  assert.match((await rejection(get(refs[1]!))).message, /no argument/)
  assert.equal(await get([refs[0]!, refs[2]!]), [0, 1])
  inOrder(await get(log.read.remote()), 1, 2)
  await kill(log)
})

test('cancelling a call that waits for its argument lets those behind it go', async () => {
  const log = actor(Log).remote()
  const never = later.remote(0, 60_000)
  const stuck = log.note.remote(0, never)
  const behind = log.note.remote(0, 0)
  await cancel(stuck)
  assert.instance(await rejection(get(stuck)), TaskCancelledError)
  assert.is(await get(behind, { timeoutMs: 5000 }), 0)
  await cancel(never, { force: true })
  await kill(log)
})

test('a hundred thousand calls in flight arrive in order', async () => {
  const log = actor(Log).remote()
  const refs = Array.from({ length: 100_000 }, (_, n) => log.note.remote(0, n))
  const values = await get(refs)
  assert.ok(values.every((value, n) => value === n))
  await kill(log)
})

test('calls made before the actor lives, while its arguments are still to come, run first and in order', async () => {
  class Started extends Array<number> {
    first = 0
    constructor(first: number) {
      super()
      this.first = first
    }
    add(n: number) {
      this.push(n)
      return [this.first, ...this]
    }
  }
  const started = actor(Started).remote(later.remote(9, 30))
  started.add.remote(1)
  started.add.remote(2)
  assert.equal(await get(started.add.remote(3)), [9, 1, 2, 3])
  await kill(started)
})

test.run()
