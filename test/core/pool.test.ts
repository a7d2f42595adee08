import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { type GymnuraError, init, ObjectRef, put, remote, shutdown, TaskError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Pool } from '../../core/api/pool.js'
import { rejection } from './expect.js'
import { shout } from './exported.js'

let pool: Pool

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

test.before(async () => {
  await init({ numCpus: 1 })
  pool = new Pool({ processes: 2 })
})
test.after(() => shutdown())

test('map is Array.map, for any list and chunk size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer(), { maxLength: 40 }),
      fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
      async (list, chunkSize) => {
        const expected = list.map((x) => x * 2)
        const options = chunkSize === undefined ? {} : { chunkSize }
        assert.equal(await pool.map((x: number) => x * 2, list, options), expected)
        assert.equal(await collect(pool.imap((x: number) => x * 2, list, options)), expected)
        const unordered = await collect(pool.imapUnordered((x: number) => x * 2, list, options))
        assert.equal(
          unordered.sort((a, b) => a - b),
          expected.sort((a, b) => a - b),
        )
      },
    ),
    { numRuns: 30 },
  )
})

test('starmap spreads each list over the arguments, apply calls once', async () => {
  const add = (a: number, b: number) => a + b
  assert.equal(
    await pool.starmap(add, [
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    [3, 7, 11],
  )
  assert.is(await pool.apply(add, [20, 22]), 42)
})

test('async functions are awaited, one value after the other in a process', async () => {
  const trace = async (ms: number) => {
    const begun = performance.timeOrigin + performance.now()
    await new Promise((resolve) => setTimeout(resolve, ms))
    return [begun, performance.timeOrigin + performance.now()]
  }
  const spans = await pool.map(trace, [10, 10, 10], { chunkSize: 3 })
  for (const [i, [begun]] of spans.entries()) if (i > 0) assert.ok(begun! >= spans[i - 1]![1]!)
})

test('the default chunk is the list divided by four times the processes, rounded up; imap sends one value at a time', async () => {
  const chunkOf = async (_: number) => {
    const { runtimeContext } = await import('gymnura')
    return runtimeContext().taskId!
  }
  const sizes = (tasks: number[]) => [...new Set(tasks)].map((task) => tasks.filter((other) => other === task).length)
  const twenty = Array.from({ length: 20 }, (_, i) => i)
  assert.equal(sizes(await pool.map(chunkOf, twenty)), [3, 3, 3, 3, 3, 3, 2])
  assert.equal(sizes(await pool.map(chunkOf, twenty, { chunkSize: 15 })), [15, 5])
  assert.equal(sizes(await collect(pool.imap(chunkOf, twenty))), Array(20).fill(1))
})

test('all processes work', async () => {
  const where = async (_: number) => {
    const { runtimeContext } = await import('gymnura')
    await new Promise((resolve) => setTimeout(resolve, 5))
    return runtimeContext().workerId
  }
  assert.is(new Set(await pool.map(where, [1, 2, 3, 4])).size, 2)
})

test('a function that needs its module is imported there', async () => {
  assert.equal(await pool.map(shout, ['a', 'b'], { module: new URL('./exported.js', import.meta.url).href }), ['a!', 'b!'])
})

test('a function that uses a variable from outside is refused by its name, where it is given', async () => {
  const factor = 3
  const scale = (x: number) => x * factor
  const error = (await rejection(pool.map(scale, [1]))) as GymnuraError
  assert.is(error.code, 'ERR_CAPTURED_VARIABLE')
  assert.match(error.message, /scale uses 'factor' from outside itself/)
  assert.throws(() => pool.imap(scale, [1]), /'factor'/)
})

test('an import inside a function resolves as in the file that gave it', async () => {
  const check = async (code: string) => {
    const { rejection } = await import('./expect.js')
    return (await rejection(Promise.reject(new Error(code)))).message
  }
  assert.equal(await pool.map(check, ['x']), ['x'])
})

test('an error names the item, keeps the lines of both sides, and what came before it is yielded', async () => {
  function picky(x: number): number {
    if (x === 13) throw new RangeError('unlucky')
    return x
  }
  const list = Array.from({ length: 20 }, (_, i) => i)
  const error = await rejection(pool.map(picky, list))
  assert.instance(error, TaskError)
  assert.is(error.message, 'picky (item 13) failed: RangeError: unlucky')
  assert.instance(error.cause, RangeError)
  const [before, after] = error.stack!.split('thrown in a process of the pool')
  assert.match(before!, /pool\.test\.js:\d+/)
  assert.match(after!, /at picky \(.*pool\.test\.js:\d+/)
  assert.not.match(error.stack!, /core\/api/)
  const seen: number[] = []
  const again = await rejection(
    (async () => {
      for await (const x of pool.imap(picky, list, { chunkSize: 6 })) seen.push(x)
    })(),
  )
  assert.match(again.message, /picky \(item 13\)/)
  assert.equal(seen, list.slice(0, 13))
  assert.is((await rejection(pool.apply(picky, [13]))).message, 'picky failed: RangeError: unlucky')
  assert.equal(await pool.map(picky, [1, 2]), [1, 2])
})

test('whatever is thrown is told, also what cannot travel', async () => {
  const thrower = (what: number) => {
    if (what === 0) throw 'a text'
    if (what === 1) throw () => 1
    throw undefined
  }
  assert.is((await rejection(pool.map(thrower, [0]))).cause, 'a text')
  assert.match((await rejection(pool.map(thrower, [1]))).message, /thrower \(item 0\) failed: .*was thrown, a function/)
  assert.match((await rejection(pool.map(thrower, [2]))).message, /undefined was thrown/)
})

test('a result that cannot travel fails the call', async () => {
  const error = (await rejection(pool.map((x: number) => (x === 1 ? () => x : x), [0, 1]))) as GymnuraError
  assert.is(error.code, 'ERR_SERIALIZATION')
})

test('a value that cannot travel is named by its place', async () => {
  const error = (await rejection(pool.map((x: unknown) => x, [1, 2, { deep: () => 1 }], { chunkSize: 2 }))) as GymnuraError
  assert.is(error.code, 'ERR_SERIALIZATION')
  assert.match(error.message, /item 2\.deep is a function/)
  assert.equal(await pool.map((x: number) => x, [1]), [1])
})

test('imap pulls values as they are needed, and leaving it closes the source', async () => {
  let pulled = 0
  let closed = false
  async function* endless() {
    try {
      for (;;) yield pulled++
    } finally {
      closed = true
    }
  }
  let handed = 0
  for await (const value of pool.imap((x: number) => -x, endless(), { chunkSize: 2 })) {
    assert.is(value, 0 - handed++)
    assert.ok(pulled <= handed + 2 * 3, `${pulled} pulled, ${handed} handed out`)
    if (handed === 21) break
  }
  assert.ok(closed)
  assert.equal(await pool.map((x: number) => x, [1]), [1])
})

test('refs among the values stay refs', async () => {
  const [same] = await pool.map((ref: ObjectRef<number>) => ({ ref }), [put(1)])
  assert.instance(same!.ref, ObjectRef)
})

test('close refuses new calls and lets those under way finish, then join ends the actors', async () => {
  const own = new Pool({ processes: 1 })
  const slow = async (x: number) => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return x
  }
  const mapped = own.map(slow, [1, 2, 3])
  const looped = own.imap(slow, [4, 5])
  const first = await looped.next()
  assert.match((await rejection(own.join())).message, /the pool still accepts calls; call close\(\)/)
  own.close()
  assert.match((await rejection(own.map(slow, [1]))).message, /Pool\.map: the pool is closed/)
  const joined = own.join()
  assert.equal([first.value, ...(await collect(looped))], [4, 5])
  assert.equal(await mapped, [1, 2, 3])
  await joined
  await own.join()
})

test('terminate ends calls under way', async () => {
  const own = new Pool({ processes: 1 })
  const running = rejection(own.map(() => new Promise<number>(() => {}), [1, 2]))
  await own.terminate()
  assert.is(((await running) as GymnuraError).code, 'ERR_ACTOR_DIED')
  await own.join()
})

test('a process that dies is replaced and its chunk begun again, and nothing of the call is lost', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pool-'))
  // Whoever takes 13 first ends its thread.
  const once = async (x: number, folder: string) => {
    const { mkdirSync } = await import('node:fs')
    if (x === 13) {
      let first = true
      try {
        mkdirSync(`${folder}/begun`)
      } catch {
        first = false
      }
      if (first) process.exit(1)
    }
    return -x
  }
  const list = Array.from({ length: 30 }, (_, i): [number, string] => [i, folder])
  const negated = list.map(([x]) => 0 - x)
  assert.equal(await pool.starmap(once, list, { chunkSize: 4 }), negated)
  assert.equal(await pool.map((x: number) => -x, [1, 2, 3]), [-1, -2, -3])
  rmSync(folder, { recursive: true })
})

test('a value under which every process dies fails its call by name, and the pool goes on', async () => {
  const deadly = (x: number) => {
    if (x === 2) process.exit(1)
    return x
  }
  for (let round = 0; round < 2; round++) {
    const error = (await rejection(pool.map(deadly, [1, 2, 3], { chunkSize: 1 }))) as GymnuraError
    assert.is(error.code, 'ERR_ACTOR_DIED')
    assert.match(error.message, /deadly \(item 1\) failed: its process died each time it was tried, up to 4 times.*exit code 1/)
    assert.equal(await pool.map(deadly, [4, 5, 6]), [4, 5, 6])
  }
})

test('a process that ends itself is replaced', async () => {
  const own = new Pool({ processes: 1 })
  const leave = async (x: number) => {
    const { exitActor } = await import('gymnura')
    if (x === 1) exitActor()
    return x
  }
  for (let round = 0; round < 2; round++) {
    assert.is(((await rejection(own.map(leave, [0, 1]))) as GymnuraError).code, 'ERR_ACTOR_DIED')
    assert.equal(await own.map(leave, [2, 3]), [2, 3])
  }
  await own.terminate()
})

test('a number alone says how many processes, as in Python', async () => {
  const own = new Pool(2)
  assert.equal(await own.map((x: number) => 2 * x, [1, 2, 3]), [2, 4, 6])
  await own.terminate()
  assert.throws(() => new Pool(0), /processes must be a whole number of at least 1, not 0/)
})

test('bad arguments are refused by name', async () => {
  assert.throws(() => new Pool({ processes: 0 }), /processes must be a whole number of at least 1, not 0/)
  assert.throws(() => new Pool({ processes: 1e9 }), /processes must be at most 1024, not 1000000000/)
  assert.throws(() => new Pool({ process: 1 } as object), /did you mean 'processes'/)
  const twice = (x: number) => 2 * x
  const messages = await Promise.all(
    [
      pool.map(twice, [1], { chunkSize: 0 }),
      pool.map(twice, 5 as never),
      pool.map(remote(twice) as never, [1]),
      pool.starmap(twice, [1] as never),
      pool.apply(twice, 1 as never),
      pool.apply(twice, [1], { chunkSize: 1 } as object),
    ].map(async (call) => (await rejection(call)).message),
  )
  assert.match(messages[0]!, /Pool\.map: chunkSize must be a whole number of at least 1, not 0/)
  assert.match(messages[1]!, /Pool\.map: values must be a list or another iterable, not 5/)
  assert.match(messages[2]!, /Pool\.map: expects the function itself/)
  assert.match(messages[3]!, /Pool\.starmap: item 0 must be a list of arguments, not 1/)
  assert.match(messages[4]!, /Pool\.apply: expects a list of arguments, not 1/)
  assert.match(messages[5]!, /Pool\.apply: unknown option 'chunkSize'/)
})

test.run()
