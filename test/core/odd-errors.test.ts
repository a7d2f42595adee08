import { get, init, ObjectRef, put, remote, SerializationError, shutdown, TaskError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

const id = remote((x: unknown) => x)

/** What a task that throws gives as the cause; the worker and the driver must have survived it. */
async function causeOf(body: () => unknown): Promise<{ error: TaskError; cause: Error & Record<string, unknown> }> {
  const error = (await rejection(get(remote(body).options({ maxRetries: 0 }).remote()))) as TaskError
  assert.instance(error, TaskError)
  assert.is(await get(id.remote(1)), 1)
  return { error, cause: error.cause as Error & Record<string, unknown> }
}

test.before(() => init({ numCpus: 1 }))
test.after(() => shutdown())

test('a thrown thing that cannot be made a string fails its task only', async () => {
  const { error } = await causeOf(() => {
    throw { toString: 1 }
  })
  assert.match(error.message, /failed/)
  await causeOf(() => {
    throw Object.assign(() => 1, { toString: 1 })
  })
  await causeOf(() => {
    throw Object.create(null)
  })
  await causeOf(() => {
    throw new Proxy(
      {},
      {
        get() {
          throw new Error('no')
        },
      },
    )
  })
})

test('null and undefined can be thrown', async () => {
  assert.match((await causeOf(() => Promise.reject(null))).error.message, /failed: null was thrown/)
  assert.match((await causeOf(() => Promise.reject(undefined))).error.message, /failed: undefined was thrown/)
  assert.match((await causeOf(() => Promise.reject(7))).error.message, /failed: 7 was thrown, a number/)
})

test('a long chain of causes is carried in time proportional to its length', async () => {
  const { cause } = await causeOf(() => {
    let error = new Error('root')
    for (let i = 0; i < 60; i++) error = new Error(`level ${i}`, { cause: error })
    throw error
  })
  let depth = 0
  for (let error: unknown = cause; error instanceof Error; error = error.cause) depth++
  assert.is(depth, 61)
})

test('an error without a prototype arrives as an Error', async () => {
  const { cause } = await causeOf(() => {
    throw Object.setPrototypeOf(new Error('bare'), null)
  })
  assert.instance(cause, Error)
  assert.is(cause.message, 'bare')
})

test('getters of an error that throw are left out', async () => {
  const { cause } = await causeOf(() => {
    const error = new Error('sly')
    for (const name of ['stack', 'name', 'detail']) {
      Object.defineProperty(error, name, {
        enumerable: true,
        get() {
          throw new Error('no')
        },
      })
    }
    throw Object.assign(error, { kept: 1 })
  })
  assert.is(cause.message, 'sly')
  assert.is(cause.kept, 1)
  assert.not('detail' in cause)
})

test('an error may have the name of a method of all objects', async () => {
  for (const name of ['toString', 'constructor', '__proto__']) {
    const fail = remote((name: string): void => {
      throw Object.assign(new Error('odd'), { name })
    })
    const { cause } = (await rejection(get(fail.options({ maxRetries: 0 }).remote(name)))) as TaskError & { cause: Error }
    assert.instance(cause, Error)
    assert.is(cause.name, name)
  }
})

test('own properties of an error cannot change its prototype or break its name', async () => {
  const { cause } = await causeOf(() => {
    const error = new TypeError('x')
    Object.defineProperty(error, '__proto__', { value: { a: 1 }, enumerable: true })
    throw Object.assign(error, { constructor: undefined })
  })
  assert.instance(cause, TypeError)
})

test('a DOMException keeps its name, message, code and stack', async () => {
  const { cause, error } = await causeOf(() => {
    AbortSignal.abort().throwIfAborted()
  })
  assert.instance(cause, DOMException)
  assert.is(cause.name, 'AbortError')
  assert.is(cause.code, DOMException.ABORT_ERR)
  assert.match(error.message, /failed: AbortError: This operation was aborted/)
  assert.match(String(cause.stack), /AbortError/)
})

test('an AggregateError keeps its class and its errors', async () => {
  const { cause } = await causeOf(() => Promise.any([Promise.reject(new RangeError('one')), Promise.reject(new TypeError('two'))]))
  assert.instance(cause, AggregateError)
  const { errors } = cause as unknown as AggregateError
  assert.instance(errors[0], RangeError)
  assert.is(errors[1].message, 'two')
})

test('a class of the user’s own named like one of ours arrives as an Error of that name; ours arrive as ours', async () => {
  const { cause } = await causeOf(() => {
    class SerializationError extends Error {
      override name = 'SerializationError'
    }
    throw new SerializationError('mine')
  })
  assert.not.instance(cause, SerializationError)
  assert.is(cause.name, 'SerializationError')
  const mine = await causeOf(() => {
    class HttpError extends TypeError {
      override name = 'HttpError'
    }
    throw new HttpError('teapot')
  })
  assert.instance(mine.cause, TypeError)
  assert.is(mine.cause.name, 'HttpError')
  const ours = (await get(id.remote(new SerializationError('ours')))) as SerializationError
  assert.instance(ours, SerializationError)
  assert.is(ours.code, 'ERR_SERIALIZATION')
})

test('a result whose then cannot be looked at fails its task only', async () => {
  await causeOf(() => ({
    // biome-ignore lint/suspicious/noThenProperty: the very thing that is tried
    get then() {
      throw new RangeError('no look')
    },
  }))
})

test('refs inside a value that was put reach a task that gets the value by its ref', async () => {
  const give = remote((box: { inner: ObjectRef<string> }) => ({ again: box.inner }))
  const outer = put({ inner: put('value') })
  const { again } = await get(give.remote(outer))
  assert.instance(again, ObjectRef)
  assert.is(await get(again), 'value')
  const late = remote(async (x: number) => {
    await new Promise((resolve) => setTimeout(resolve, 10))
    return x
  })
  const giveLate = remote((box: { inner: ObjectRef<string> }, _: number) => ({ again: box.inner }))
  assert.is(await get((await get(giveLate.remote(outer, late.remote(1)))).again), 'value')
})

test('the stack of what a task threw shows the line in its file, without frames of the runtime', async () => {
  const marker = new Error('here')
  const { cause, error } = await causeOf(() => {
    throw new RangeError('with a line')
  })
  const line = (stack: string | undefined) => Number(/odd-errors\.test\.js:(\d+)/.exec(stack ?? '')?.[1])
  assert.ok(line(cause.stack) > line(marker.stack))
  assert.ok(line(cause.stack) < line(marker.stack) + 6)
  assert.not.match(cause.stack ?? '', /core\/worker|node:internal/)
  assert.not.match(error.stack ?? '', /core\/worker|node:internal/)
})

test('the stack of a function whose source is in no file says that its lines are the function’s own', async () => {
  const made = new Function("return () => {\n  throw new RangeError('made')\n}")() as () => void
  const { error } = await causeOf(made)
  assert.match(error.stack ?? '', /lines count from the beginning of/)
})

test.run()
