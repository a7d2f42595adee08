import { ActorDiedError, actor, cancel, get, init, kill, type ObjectRef, remote, shutdown, TaskCancelledError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { collectNow } from '../../core/store/collection.js'
import { rejection } from './expect.js'

test.before(() => init({ numCpus: 1 }))
test.after(() => shutdown())

/** Shared memory that this thread holds, after collection. */
async function sharedBytes(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    collectNow()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return process.memoryUsage().arrayBuffers
}

test('threads that have died leave no memory behind', async () => {
  const die = remote(() => process.exit(1), { maxRetries: 0 })
  class Idle {
    ping() {
      return 1
    }
  }
  const round = async () => {
    await rejection(get(die.remote() as never))
    const one = actor(Idle).remote()
    await get(one.ping.remote())
    await kill(one)
  }
  for (let i = 0; i < 3; i++) await round()
  const before = await sharedBytes()
  for (let i = 0; i < 15; i++) await round()
  // Each had a connection of more than 256 KiB.
  assert.ok((await sharedBytes()) - before < 8 * 256 * 1024)
})

test('a stream can be cancelled as a task can', async () => {
  const endless = remote(
    async function* () {
      for (let i = 0; ; i++) {
        yield i
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
    { numReturns: 'streaming' },
  )
  const stream = endless.remote()
  const first = await stream.next()
  assert.is(await get(first.value!), 0)
  await cancel(stream)
  const drain = async () => {
    for await (const part of stream) await get(part)
  }
  assert.instance(await rejection(drain()), TaskCancelledError)
})

test('a streamed value that cannot travel ends its stream, and no other', async () => {
  const refused = remote(
    function* () {
      yield 1
      yield () => 2
      yield 3
    },
    { numReturns: 'streaming' },
  )
  const plain = remote(
    function* () {
      yield 1
      yield 2
    },
    { numReturns: 'streaming' },
  )
  const read = async (stream: AsyncIterable<ObjectRef>) => {
    const values: unknown[] = []
    for await (const part of stream) values.push(await get(part).catch((error: Error) => error.name))
    return values
  }
  for (let i = 0; i < 3; i++) {
    assert.equal(await read(refused.remote()), [1, 'SerializationError'])
    assert.equal(await read(plain.remote()), [1, 2])
  }
})

test('calls made after a kill fail with ActorDiedError, also when the actor was just being connected', async () => {
  class Quick {
    call() {
      return 1
    }
  }
  for (let turns = 0; turns < 12; turns++) {
    const quick = actor(Quick).remote()
    const before = quick.call.remote()
    const killed = kill(quick)
    for (let turn = 0; turn < turns; turn++) await undefined
    const after = quick.call.remote()
    for (const ref of [before, after]) assert.instance(await rejection(get(ref, { timeoutMs: 10_000 })), ActorDiedError)
    await killed
  }
})

test.run()
