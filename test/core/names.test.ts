import { inspect } from 'node:util'
import { actor, type GymnuraError, get, getActor, init, kill, put, remote, runtimeContext, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

class Counter {
  n = 0
  add(k: number) {
    this.n += k
    return this.n
  }
  reset() {
    this.n = 0
  }
}

/** As a program without types would use it. */
type Loose = Record<string, ((...args: unknown[]) => unknown) & { remote(...args: unknown[]): unknown }>

test.before(() => init({ numCpus: 1 }))
test.after(() => shutdown())

test('a misspelt method of an actor is told with the one that was meant', async () => {
  const counter = actor(Counter).remote() as unknown as Loose
  assert.throws(() => counter.ad!.remote(1), /Counter has no method 'ad'; did you mean \.add\.remote\(\)\? \(methods: add, reset\)/)
  await kill(counter as never)
})

test('a call without .remote() is told how to be made', async () => {
  const counter = actor(Counter).remote() as unknown as Loose
  assert.throws(() => counter.add!(2), /Counter\.add runs on another thread; call it as \.add\.remote\(…\)/)
  const square = remote((x: number) => x * x)
  assert.throws(() => (square as unknown as (x: number) => number)(7), /runs on another thread; call it as \.remote\(…\)/)
  const Remote = actor(Counter) as unknown as { new (): unknown; (): unknown }
  assert.throws(() => new Remote(), /Counter.*\.remote\(…\)/)
  assert.throws(() => Remote(), /Counter.*\.remote\(…\)/)
  assert.throws(() => (square as unknown as Loose).remot!(7), /did you mean \.remote\(\)/)
  assert.throws(() => remote(square as unknown as () => number), /is remote already/)
  await kill(counter as never)
})

test('handles and remote functions can be awaited, inspected, compared and printed', async () => {
  const counter = actor(Counter).remote()
  const square = remote((x: number) => x * x)
  assert.is(await counter, counter)
  assert.is(await square, square)
  assert.match(inspect(counter), /ActorHandle\(Counter/)
  assert.ok(inspect(square).length > 0)
  assert.type(`${counter}`, 'string')
  assert.type(JSON.stringify({ counter, square }), 'string')
  assert.equal(counter, counter)
  assert.not('then' in counter)
  await kill(counter)
})

test('ids are never given twice, also across shutdown, and an old handle says that its runtime is gone', async () => {
  const before = put(1)
  const old = actor(Counter).remote()
  await get(old.add.remote(1))
  await shutdown()
  await init({ numCpus: 1 })
  const fresh = actor(Counter).remote()
  assert.is(await get(fresh.add.remote(5)), 5)
  assert.ok(put(1).id > before.id)
  assert.ok(fresh.actorId > old.actorId)
  assert.is(((await rejection(get(old.add.remote(1)))) as GymnuraError).code, 'ERR_SHUTDOWN')
  const error = (await rejection(kill(old))) as GymnuraError
  assert.is(error.code, 'ERR_SHUTDOWN')
  assert.match(error.message, /kill: Counter belongs to a runtime that was shut down/)
  assert.is(await get(fresh.add.remote(1)), 6)
  assert.is(runtimeContext().actorId, undefined)
  await kill(fresh)
})

test('getActor needs a name', async () => {
  assert.match((await rejection(getActor(undefined as unknown as string))).message, /getActor: expects a name/)
})

test.run()
