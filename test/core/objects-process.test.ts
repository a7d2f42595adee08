import { actor, get, init, type ObjectRef, put, remote, SerializationError, shutdown, TaskError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

/* Memory of the program's own cannot be shared with a process: it is refused, never copied in silence. */

const shared = () => new Int32Array(new SharedArrayBuffer(16))
const echo = remote((value: unknown) => value)
const inProcess = echo.options({ runtime: 'process' })

test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

test('a SharedArrayBuffer given to a process is refused at the call, with its path and the ways out', () => {
  const message = (call: () => unknown): string => {
    try {
      call()
    } catch (error) {
      assert.instance(error, SerializationError)
      return (error as Error).message
    }
    throw new Error('it was not refused')
  }
  assert.match(
    message(() => inProcess.remote({ flags: [shared()] })),
    /^args\[0\]\.flags\[0\] lies in a SharedArrayBuffer, which a process cannot share: .*slice\(\).*runtime: 'process'/,
  )
  assert.match(
    message(() => inProcess.remote({ raw: new SharedArrayBuffer(8) })),
    /^args\[0\]\.raw is a SharedArrayBuffer, which a process/,
  )
  assert.match(
    message(() => inProcess.remote(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])))),
    /^args\[0\] is a WebAssembly\.Module, which a process/,
  )
  class Holder {
    take(value: unknown) {
      return value
    }
  }
  class Made extends Object {
    constructor(readonly flag: unknown) {
      super()
    }
    ask() {
      return 1
    }
  }
  const holder = actor(Holder, { runtime: 'process' }).remote()
  assert.match(
    message(() => holder.take.remote(1 && shared())),
    /^args\[0\] lies in a SharedArrayBuffer, which a process/,
  )
  assert.match(
    message(() => actor(Made, { runtime: 'process' }).remote(shared())),
    /^args\[0\] lies in a SharedArrayBuffer, which a process/,
  )
})

test('the same where it comes by a ref, at top level and nested', async () => {
  for (const ref of [put({ flag: shared() }), echo.remote({ flag: shared() }), echo.remote(shared())]) {
    const error = await rejection(get(inProcess.remote(ref)))
    assert.instance(error, SerializationError)
    assert.match(error.message, /argument has a SharedArrayBuffer in it, which a process cannot share/)
    const read = remote(async ([ref]: ObjectRef[]) => (await import('gymnura')).get(ref!), { runtime: 'process' })
    const nested = (await rejection(get(read.remote([ref])))) as TaskError
    assert.instance(nested, TaskError)
    assert.instance(nested.cause, SerializationError)
  }
})

test('what a process returns, puts and passes on is refused too', async () => {
  const gives = remote(() => ({ flag: new Int32Array(new SharedArrayBuffer(8)) }), { runtime: 'process', name: 'gives' })
  const returned = await rejection(get(gives.remote()))
  assert.instance(returned, SerializationError)
  assert.match(returned.message, /the return value\.flag lies in a SharedArrayBuffer, which a process cannot share/)
  const stores = remote(async () => [(await import('gymnura')).put(new Int32Array(new SharedArrayBuffer(8)))], { runtime: 'process' })
  const [stored] = await get(stores.remote())
  assert.match((await rejection(get(stored!))).message, /has a SharedArrayBuffer in it, which a process cannot share/)
  const submits = remote(
    async () => {
      const { get, remote } = await import('gymnura')
      return get(remote((value: unknown) => value).remote(new SharedArrayBuffer(8)))
    },
    { runtime: 'process' },
  )
  assert.match(((await rejection(get(submits.remote()))) as TaskError).message, /args\[0\] is a SharedArrayBuffer/)
})

test('large arrays, which the runtime copies, go to processes and back as ever', async () => {
  const large = new Float64Array(100_000).fill(2)
  const ref = put({ large })
  const first = (await get(inProcess.remote(ref))) as { large: Float64Array }
  assert.is(first.large.at(-1), 2)
  const again = (await get(inProcess.remote(first))) as { large: Float64Array }
  assert.is(again.large.at(-1), 2)
  const viewed = (await get(inProcess.remote({ part: (await get(ref)).large.subarray(0, 10) }))) as { part: Float64Array }
  assert.equal([...viewed.part], new Array(10).fill(2))
})

test('threads share it as ever', async () => {
  const flag = shared()
  await get(remote((flag: Int32Array) => Atomics.add(flag, 0, 5)).remote(flag))
  assert.is(flag[0], 5)
})

test.run()
