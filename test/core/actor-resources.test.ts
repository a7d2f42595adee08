import {
  ActorDiedError,
  type ActorHandle,
  actor,
  get,
  init,
  kill,
  type ObjectRef,
  placementGroup,
  remote,
  resources,
  shutdown,
} from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

class Plain {
  call(): number {
    return 1
  }
  die(): void {
    process.exit(1)
  }
}

const free = async (name: string) => (await resources()).available[name]
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test.before(() => init({ numCpus: 2, resources: { camera: 2 } }))
test.after(() => shutdown())

test('actors hold no CPU while they run: many live on two, and tasks still run', async () => {
  const many = Array.from({ length: 12 }, () => actor(Plain).remote())
  assert.equal(
    await get(many.map((one) => one.call.remote())),
    many.map(() => 1),
  )
  const square = remote((x: number) => x * x)
  assert.equal(await get([square.remote(2), square.remote(3)]), [4, 9])
  await Promise.all(many.map((one) => kill(one)))
})

test('explicit numCpus are held for life, and given back at its end', async () => {
  const holder = actor(Plain, { numCpus: 2 }).remote()
  await get(holder.call.remote())
  const task = remote(() => 'ran').remote()
  await pause(100)
  assert.match((await rejection(get(task, { timeoutMs: 1 }))).message, /was not there after 1 ms/)
  await kill(holder)
  assert.is(await get(task, { timeoutMs: 5000 }), 'ran')
})

test('an actor waits for room: for a CPU that a task uses, and for what another actor holds', async () => {
  const busy = remote((ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
  })
  const tasks = [busy.remote(100), busy.remote(100)]
  const needs = actor(Plain, { numCpus: 1 }).remote()
  assert.is(await get(needs.call.remote(), { timeoutMs: 5000 }), 1)
  await get(tasks)
  await kill(needs)

  const first = actor(Plain, { resources: { camera: 2 } }).remote()
  await get(first.call.remote())
  assert.is(await free('camera'), 0)
  const second = actor(Plain, { resources: { camera: 1 } }).remote()
  const third = actor(Plain, { resources: { camera: 1 } }).remote()
  const calls = [second.call.remote(), third.call.remote()]
  await pause(50)
  assert.is((await rejection(get(calls, { timeoutMs: 1 }))).name, 'GetTimeoutError')
  await kill(first)
  assert.equal(await get(calls, { timeoutMs: 5000 }), [1, 1])
  await Promise.all([kill(second), kill(third)])
  assert.is(await free('camera'), 2)
})

test('what is held comes back however an actor ends, and a restarted one holds it again', async () => {
  const mortal = actor(Plain, { resources: { camera: 2 }, maxRestarts: 1 }).remote()
  await rejection(get(mortal.die.remote()))
  assert.is(await get(mortal.call.remote()), 1)
  assert.is(await free('camera'), 0)
  await rejection(get(mortal.die.remote()))
  assert.is(await free('camera'), 2)
  class Broken {
    constructor() {
      throw new RangeError('no')
    }
    call() {}
  }
  await rejection(
    get(
      actor(Broken, { resources: { camera: 2 } })
        .remote()
        .call.remote(),
    ),
  )
  assert.is(await free('camera'), 2)
})

test('an actor that is killed while it waits for room is never started, and leaves the room to others', async () => {
  const runs = new Int32Array(new SharedArrayBuffer(4))
  class Counted {
    constructor(runs: Int32Array) {
      Atomics.add(runs, 0, 1)
    }
    call() {
      return 2
    }
  }
  const first = actor(Plain, { resources: { camera: 2 } }).remote()
  await get(first.call.remote())
  const waiting = actor(Counted, { resources: { camera: 1 } }).remote(runs)
  const call = waiting.call.remote()
  await kill(waiting)
  assert.instance(await rejection(get(call)), ActorDiedError)
  await kill(first)
  const next = actor(Counted, { resources: { camera: 2 } }).remote(runs)
  assert.is(await get(next.call.remote(), { timeoutMs: 5000 }), 2)
  assert.is(runs[0], 1)
  await kill(next)
})

test('an actor that can never be placed fails its calls, and says what it lacks', async () => {
  const error = await rejection(
    get(
      actor(Plain, { resources: { camera: 3 } })
        .remote()
        .call.remote(),
    ),
  )
  assert.instance(error, ActorDiedError)
  assert.match(
    error.message,
    /actor Plain asks for 3 of 'camera', but the runtime has 2 of 'camera' in total; ask for less, or give init\(\) more/,
  )
})

test('an actor may be made before its placement group is there', async () => {
  const first = actor(Plain, { resources: { camera: 2 } }).remote()
  await get(first.call.remote())
  const group = placementGroup([{ resources: { camera: 1 } }])
  const inside = actor(Plain, { placementGroup: group, resources: { camera: 1 } }).remote()
  const call = inside.call.remote()
  await pause(30)
  assert.is((await rejection(get(call, { timeoutMs: 1 }))).name, 'GetTimeoutError')
  await kill(first)
  assert.is(await get(call, { timeoutMs: 5000 }), 1)
  await group.remove()
  assert.match((await rejection(get(inside.call.remote()))).message, /its placement group was removed/)
})

test('a task that makes an actor with CPUs of its own and waits for it gives its CPU to it', async () => {
  const outer = remote(async () => {
    const { actor, get, kill } = await import('gymnura')
    class Inner {
      call() {
        return 'inner'
      }
    }
    const inner = actor(Inner, { numCpus: 1 }).remote()
    const value = await get(inner.call.remote())
    await kill(inner)
    return value
  })
  assert.equal(await get([outer.remote(), outer.remote(), outer.remote()] as ObjectRef[], { timeoutMs: 10_000 }), [
    'inner',
    'inner',
    'inner',
  ])
})

test('actors that workers make with nobody there to finish them are told as dead', async () => {
  const make = remote(async () => {
    const { actor, remote } = await import('gymnura')
    class Never {
      constructor(readonly value: number) {}
      call() {
        return this.value
      }
    }
    const late = remote(async () => {
      await new Promise((resolve) => setTimeout(resolve, 60_000))
      return 1
    })
    const never = actor(Never).remote(late.remote()) as unknown as ActorHandle<{ call(): number }>
    // The thread that made it ends soon after it has answered.
    setTimeout(() => process.exit(1), 300)
    return { never }
  })
  const { never } = await get(make.remote())
  const call = never.call.remote()
  assert.match(
    (await rejection(get(call, { timeoutMs: 10_000 }))).message,
    /Never was never constructed: worker-\d+, which made it, ended before/,
  )
})

test.run()
