import { ActorDiedError, type ActorHandle, actor, get, getActor, init, kill, type ObjectRef, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

/** Dies on demand; `runs` is memory that outlives it. */
class Mortal {
  n = 0
  constructor(public start = 0) {}
  add(k: number): number {
    this.n += k
    return this.start + this.n
  }
  die(runs: Int32Array, times: number): string {
    if (Atomics.add(runs, 0, 1) < times) process.exit(4)
    return `run ${Atomics.load(runs, 0)}`
  }
  count(runs: Int32Array, at: number): number {
    return Atomics.add(runs, at, 1) + 1
  }
  async nap(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms))
  }
  spin(runs: Int32Array): never {
    Atomics.store(runs, 0, 1)
    for (;;);
  }
  hog(): number {
    const all: number[][] = []
    for (;;) all.push(new Array(1e5).fill(Math.random()))
  }
}

const flags = (n = 1) => new Int32Array(new SharedArrayBuffer(4 * n))

async function until(flag: Int32Array): Promise<void> {
  while (Atomics.load(flag, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 2))
}

test.before(() => init({ numCpus: 2, workerHeapMb: 64 }))
test.after(() => shutdown())

test('without maxRestarts an actor whose thread dies is dead, and the error says what would help', async () => {
  const mortal = actor(Mortal, { name: 'fragile' }).remote()
  const error = await rejection(get(mortal.die.remote(flags(), 1)))
  assert.instance(error, ActorDiedError)
  assert.is(
    error.message,
    "Mortal.die: actor Mortal 'fragile' lost its thread (exit code 4) and is not started again; give it maxRestarts if it should be",
  )
  assert.is((await rejection(get(mortal.add.remote(1)))).message, error.message.replace('die', 'add'))
  assert.match((await rejection(getActor('fragile'))).message, /no living actor is named 'fragile'/)
})

test('an actor is started again as often as maxRestarts says, from its constructor', async () => {
  const mortal = actor(Mortal, { maxRestarts: 2 }).remote(100)
  assert.is(await get(mortal.add.remote(5)), 105)
  for (let death = 0; death < 2; death++) {
    const error = await rejection(get(mortal.die.remote(flags(), 1)))
    assert.match(
      error.message,
      /Mortal lost its thread \(exit code 4\) while this call was under way, and is started again; .*maxTaskRetries/,
    )
    assert.is(await get(mortal.add.remote(1)), 101)
  }
  const last = await rejection(get(mortal.die.remote(flags(), 1)))
  assert.match(last.message, /lost its thread \(exit code 4\) after 2 restarts, as many as its maxRestarts allows/)
})

test('maxRestarts −1 starts an actor again always', async () => {
  const mortal = actor(Mortal, { maxRestarts: -1 }).remote()
  for (let death = 0; death < 5; death++) await rejection(get(mortal.die.remote(flags(), 1)))
  assert.is(await get(mortal.add.remote(1)), 1)
  await kill(mortal)
})

test('by default a call that had begun runs at most once, and those that had not are all sent again', async () => {
  const runs = flags(200)
  const mortal = actor(Mortal, { maxRestarts: -1 }).remote()
  const began = mortal.die.remote(runs, 1000)
  const behind = Array.from({ length: 150 }, (_, i) => mortal.count.remote(runs, i + 1))
  assert.instance(await rejection(get(began)), ActorDiedError)
  assert.ok((await get(behind)).every((n) => n === 1))
  assert.is(runs[0], 1)
  await kill(mortal)
})

test('a call is made again as often as maxTaskRetries says, then fails', async () => {
  const runs = flags()
  const mortal = actor(Mortal, { maxRestarts: -1, maxTaskRetries: 2 }).remote()
  assert.is(await get(mortal.die.remote(runs, 2)), 'run 3')
  runs[0] = 0
  assert.instance(await rejection(get(mortal.die.remote(runs, 1000))), ActorDiedError)
  assert.is(runs[0], 3)
  runs[0] = 0
  assert.is(await get(mortal.die.options({ maxTaskRetries: -1 }).remote(runs, 6)), 'run 7')
  runs[0] = 0
  assert.instance(await rejection(get(mortal.die.options({ maxTaskRetries: 0 }).remote(runs, 6))), ActorDiedError)
  assert.is(runs[0], 1)
  await kill(mortal)
})

test('a call that is made again has its arguments, large ones too', async () => {
  class Taker {
    take(runs: Int32Array, text: string, big: Float64Array, nested: { ref: unknown }) {
      if (Atomics.add(runs, 0, 1) === 0) process.exit(1)
      return [text.length, big[9], typeof nested.ref]
    }
  }
  const taker = actor(Taker, { maxRestarts: 1, maxTaskRetries: 1 }).remote()
  const other = actor(Mortal).remote()
  const ref = taker.take.remote(flags(), 'y'.repeat(100_000), new Float64Array(9000).fill(3), { ref: other })
  assert.equal(await get(ref), [100_000, 3, 'object'])
  await Promise.all([kill(taker), kill(other)])
})

test('calls that wait for room in a concurrency group have not begun, and are sent again', async () => {
  const runs = flags(20)
  const mortal = actor(Mortal, { maxRestarts: 1, concurrencyGroups: { one: { maxConcurrency: 1, methods: ['nap', 'count'] } } }).remote()
  const began = mortal.nap.remote(60_000)
  const parked = Array.from({ length: 10 }, (_, i) => mortal.count.remote(runs, i))
  await get(mortal.add.remote(1))
  const killer = mortal.die.remote(flags(), 1)
  for (const ref of [began, killer]) assert.instance(await rejection(get(ref as ObjectRef)), ActorDiedError)
  assert.ok((await get(parked, { timeoutMs: 10_000 })).every((n) => n === 1))
  await kill(mortal)
})

test('an argument that a constructor wrote into is as it was when the actor is started again', async () => {
  class Writer {
    private readonly handle: { other: ActorHandle<Mortal> }
    private readonly array: Float64Array
    constructor(array: Float64Array, handle: { other: ActorHandle<Mortal> }) {
      this.array = array
      this.handle = handle
      array[0]! += 1
    }
    first() {
      return this.array[0]
    }
    async other() {
      const { get } = await import('gymnura')
      return await get(this.handle.other.add.remote(1))
    }
    die() {
      process.exit(1)
    }
  }
  const other = actor(Mortal).remote()
  const writer = actor(Writer, { maxRestarts: 3 }).remote(new Float64Array(5000), { other })
  for (let n = 1; n < 4; n++) {
    assert.is(await get(writer.first.remote()), 1)
    assert.is(await get(writer.other.remote()), n)
    await rejection(get(writer.die.remote() as ObjectRef))
  }
  await Promise.all([kill(writer), kill(other)])
})

test('kill ends an actor for good, also in an endless loop, and all its calls with it, each of which says which it was and where', async () => {
  const runs = flags()
  const mortal = actor(Mortal, { maxRestarts: -1, maxTaskRetries: -1 }).remote()
  const calls: ObjectRef[] = [mortal.spin.remote(runs) as ObjectRef, mortal.add.remote(1)]
  await until(runs)
  await kill(mortal)
  const told: string[] = []
  for (const call of [...calls, mortal.add.remote(1)]) {
    const error = await rejection(get(call))
    told.push(error.message)
    assert.match(error.stack!, /actor-restarts\.test/)
  }
  const died = 'actor Mortal was ended by kill()'
  assert.equal(told, [`Mortal.spin: ${died}`, `Mortal.add: ${died}`, `Mortal.add: ${died}`])
  await kill(mortal)
})

test('kill with noRestart: false is a death like any other: restarts and retries hold', async () => {
  const runs = flags()
  const mortal = actor(Mortal, { maxRestarts: 1 }).remote()
  const spinning = mortal.spin.remote(runs) as ObjectRef
  const behind = mortal.add.remote(1)
  await until(runs)
  await kill(mortal, { noRestart: false })
  assert.match((await rejection(get(spinning))).message, /Mortal was ended by kill\(\) while this call was under way, and is started again/)
  assert.is(await get(behind), 1)
  await kill(mortal, { noRestart: false })
  assert.match((await rejection(get(mortal.add.remote(1)))).message, /was ended by kill\(\)/)
})

test('an actor can be killed from a task, and while it is still being made', async () => {
  const mortal = actor(Mortal).remote()
  await get(mortal.add.remote(1))
  const killer = remote(async (box: { mortal: ActorHandle<Mortal> }) => {
    const { get, kill } = await import('gymnura')
    await kill(box.mortal)
    try {
      await get(box.mortal.add.remote(1))
    } catch (error) {
      return `${error}`
    }
    return 'alive'
  })
  assert.match(await get(killer.remote({ mortal })), /ActorDiedError: Mortal\.add: actor Mortal was ended by kill/)
  const unborn = actor(Mortal).remote(remote(() => new Promise<number>(() => {})).remote())
  const call = unborn.add.remote(1)
  await kill(unborn)
  assert.instance(await rejection(get(call)), ActorDiedError)
})

test('an actor out of memory is told as such, and is started again', async () => {
  const mortal = actor(Mortal, { maxRestarts: 1 }).remote()
  assert.match((await rejection(get(mortal.hog.remote()))).message, /lost its thread \(.*ERR_WORKER_OUT_OF_MEMORY/)
  assert.is(await get(mortal.add.remote(2)), 2)
  await kill(mortal)
})

test('a constructor that fails when the actor is started again ends it, and says why', async () => {
  class Once {
    constructor(runs: Int32Array) {
      if (Atomics.add(runs, 0, 1) > 0) throw new RangeError('only once')
    }
    die() {
      process.exit(1)
    }
    call() {
      return 1
    }
  }
  const once = actor(Once, { maxRestarts: -1 }).remote(flags())
  await rejection(get(once.die.remote() as ObjectRef))
  assert.match((await rejection(get(once.call.remote()))).message, /Once could not be constructed: RangeError: only once/)
})

test('a thread that dies in the constructor is a death like any other', async () => {
  class Unlucky {
    constructor(runs: Int32Array, times: number) {
      if (Atomics.add(runs, 0, 1) < times) process.exit(9)
    }
    call() {
      return 'here'
    }
  }
  assert.is(await get(actor(Unlucky, { maxRestarts: 3 }).remote(flags(), 3).call.remote()), 'here')
  const error = await rejection(get(actor(Unlucky, { maxRestarts: 1 }).remote(flags(), 3).call.remote()))
  assert.match(error.message, /Unlucky lost its thread \(exit code 9\) after 1 restart, as many as its maxRestarts allows/)
})

test.run()
