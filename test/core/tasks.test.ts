import { get, init, ObjectRef, put, remote, shutdown, TaskError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

export function exportedSquare(x: number): number {
  return helper(x)
}

function helper(x: number): number {
  return x * x
}

test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

test('a function runs on a worker and get gives its value', async () => {
  const square = remote((x: number) => x * x)
  const ref = square.remote(7)
  assert.instance(ref, ObjectRef)
  assert.is(await get(ref), 49)
  assert.equal(await get([1, 2, 3].map((x) => square.remote(x))), [1, 4, 9])
  const { isMainThread } = await get(
    remote(async () => {
      const { isMainThread } = await import('node:worker_threads')
      return { isMainThread }
    }).remote(),
  )
  assert.is(isMainThread, false)
})

test('every form of function can be shipped', async () => {
  const holder = {
    method(x: number) {
      return x + 1
    },
    async asyncMethod(x: number) {
      return x + 2
    },
  }
  assert.is(await get(remote(holder.method).remote(1)), 2)
  assert.is(await get(remote(holder.asyncMethod).remote(1)), 3)
  assert.is(await get(remote(async (x: number) => x + 3).remote(1)), 4)
  assert.is(
    await get(
      remote(function named(x: number): number {
        return x === 0 ? 0 : x + named(x - 1)
      }).remote(3),
    ),
    6,
  )
})

test('imports inside a shipped function resolve from the file that called remote', async () => {
  const read = remote(async () => {
    const own = await import('./expect.js')
    return typeof own.rejection
  })
  assert.is(await get(read.remote()), 'function')
  const byRequire = remote(() => typeof require('fastest-levenshtein').closest)
  assert.is(await get(byRequire.remote()), 'function')
})

test('a module function is imported in the worker, where it finds its neighbours', async () => {
  const square = remote(exportedSquare, { module: import.meta.url })
  assert.is(await get(square.remote(9)), 81)
})

test('a module function that is not exported fails with the names that are', async () => {
  const square = remote(helper, { module: import.meta.url })
  const error = await rejection(get(square.remote(9)))
  assert.instance(error, TaskError)
  assert.match(error.message, /exports no function 'helper' \(it exports exportedSquare\)/)
})

test('refs among the arguments are resolved, refs inside arguments stay refs', async () => {
  const slow = remote(async (x: number) => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return x
  })
  const add = remote((a: number, b: number) => a + b)
  assert.is(await get(add.remote(slow.remote(1), add.remote(slow.remote(2), put(3)))), 6)
  const keep = remote((box: { ref: ObjectRef<number> }) => ({ box, kind: box.ref.constructor.name }))
  const inner = put(5)
  const { box, kind } = await get(keep.remote({ ref: inner }))
  assert.is(kind, 'ObjectRef')
  assert.is(box.ref, inner, 'a ref that comes back is the same ref')
  assert.is(await get(box.ref), 5)
})

test('a failed argument fails the task with the same error', async () => {
  const fail = remote((): number => {
    throw new RangeError('out of it')
  })
  const add = remote((a: number, b: number) => a + b)
  const source = fail.remote()
  const error = await rejection(get(add.remote(1, source)))
  assert.is(error, await rejection(get(source)))
  assert.is(await rejection(get(add.remote(1, source))), error, 'also when it had failed before')
})

test('refs and handles are not thenable, so async functions pass them on unresolved', async () => {
  const square = remote((x: number) => x * x)
  const pass = async () => square.remote(3)
  const ref = await pass()
  assert.instance(ref, ObjectRef)
  assert.not('then' in ref)
  assert.is(await get(ref), 9)
})

test('an error keeps its name, message, cause, own properties and stack, and tells where the task was submitted', async () => {
  const fail = remote(function explode(): void {
    const error = new TypeError('bad input', { cause: new RangeError('root') })
    throw Object.assign(error, { detail: { field: 'x' }, notCarried: () => 1 })
  })
  const error = (await rejection(get(fail.remote()))) as TaskError
  assert.instance(error, TaskError)
  assert.is(error.code, 'ERR_TASK')
  const cause = error.cause as TypeError & { detail: unknown; cause: Error }
  assert.instance(cause, TypeError)
  assert.is(cause.message, 'bad input')
  assert.equal(cause.detail, { field: 'x' })
  assert.not('notCarried' in cause)
  assert.instance(cause.cause, RangeError)
  assert.match(error.message, /explode failed: TypeError: bad input/)
  assert.match(error.stack ?? '', /tasks\.test\.js:\d+.*\n[\s\S]*thrown in worker-\d:[\s\S]*at explode/)
  const odd = remote(() => {
    throw 'only text'
  })
  assert.is(((await rejection(get(odd.remote()))) as TaskError).cause, 'only text')
  class HttpError extends Error {
    override name = 'HttpError'
    status = 418
  }
  void HttpError
  const custom = remote(() => {
    class HttpError extends Error {
      override name = 'HttpError'
      status = 418
    }
    throw new HttpError('teapot')
  })
  const thrown = ((await rejection(get(custom.remote()))) as TaskError).cause as { name: string; status: number }
  assert.is(thrown.name, 'HttpError')
  assert.is(thrown.status, 418)
})

test('bad options are refused at once with the option that was meant', () => {
  const fn = () => 1
  const options = (value: object) => value as { maxRetries?: number }
  assert.throws(() => remote(fn, options({ maxRetires: 3 })), /unknown option 'maxRetires'; did you mean 'maxRetries'/)
  assert.throws(() => remote(fn, { maxRetries: -2 }), /maxRetries must be a whole number of at least 0, or -1 for always, not -2/)
  assert.throws(
    () => remote(fn, { module: 'file.js' }),
    /module must be a file: URL such as import\.meta\.url \(in CommonJS: pathToFileURL\(__filename\)\.href\), not 'file\.js'/,
  )
  assert.throws(() => remote(fn, options({ env: { A: '1' } })), /env is for runtime: 'process'/)
  assert.throws(() => remote(fn).options({ timeoutMs: 0 }), /timeoutMs must be/)
  assert.throws(() => remote(7 as unknown as () => void), /expects a function, not number/)
  assert.throws(() => remote(class A {} as unknown as () => void), /use actor\(\)/)
})

test('a task that asks for more CPUs than there are is told by get', async () => {
  const error = await rejection(get(remote(() => 1, { numCpus: 64 }).remote()))
  assert.is((error as TaskError).code, 'ERR_RESOURCES_UNAVAILABLE')
  assert.match(error.message, /asks for 64 CPUs, but the runtime has 2 CPUs in total/)
})

test('what a worker prints reaches the console before its value, behind the name of the worker', async () => {
  const lines: string[] = []
  const { write } = process.stdout
  process.stdout.write = ((text: string) => lines.push(text) > 0) as typeof write
  try {
    await get(
      remote(() => {
        console.log('first\nsecond')
        return 1
      }).remote(),
    )
  } finally {
    process.stdout.write = write
  }
  assert.match(lines.join(''), /^\(worker-\d\) first\n\(worker-\d\) second\n$/)
})

test.run()
