import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { actor, get, init, ObjectLostError, type ObjectRef, put, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { engine } from '../../core/engine/current.js'
import type { LocalEngine } from '../../core/engine/local.js'
import { rejection } from './expect.js'

const MIB = 2 ** 20
const LENGTH = (2 * MIB) / 8
const root = mkdtempSync(join(tmpdir(), 'gymnura-lineage-'))
process.env.GYMNURA_SPILL_DIR = root

/** Each run of these is counted, in all threads. */
const runs = new Int32Array(new SharedArrayBuffer(16))
const filled = remote(
  (x: number, length: number, runs: Int32Array) => {
    Atomics.add(runs, 0, 1)
    return new Float64Array(length).fill(x)
  },
  { name: 'filled' },
)
const plus = remote(
  (a: Float64Array, x: number, runs: Int32Array) => {
    Atomics.add(runs, 1, 1)
    return a.map((value) => value + x)
  },
  { name: 'plus' },
)
const both = remote(
  (a: Float64Array, b: Float64Array, runs: Int32Array) => {
    Atomics.add(runs, 2, 1)
    return a.map((value, i) => value + b[i]!)
  },
  { name: 'both' },
)
const make = (x: number) => filled.remote(x, LENGTH, runs)
const counts = () => [...runs].slice(0, 3)

const store = () => (engine() as LocalEngine).values.store

/** Pushes everything out of memory and takes the files away. The first has the name 1. */
function lose(which?: 'but the first'): void {
  for (let i = 0; i < 4; i++) put(new Float64Array(LENGTH))
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && !(which === 'but the first' && entry.name === '1')) rmSync(join(entry.parentPath, entry.name))
}

/** Until garbage collection has left so many objects. */
async function left(count: number): Promise<number> {
  for (let i = 0; i < 100 && store().objectCount > count; i++) {
    store().sweep()
    await turn()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return store().objectCount
}

test.before.each(async () => {
  runs.fill(0)
  await init({ numCpus: 2, objectStoreBytes: 8 * MIB })
})
test.after.each(() => shutdown())
test.after(() => rmSync(root, { recursive: true }))

test('a chain of results holds the memory of the last only, however long it is', async () => {
  let last = make(1)
  for (let i = 0; i < 12; i++) {
    last = plus.remote(last, 1, runs)
    await get(last)
  }
  assert.is(await left(1), 1)
  assert.is((await get(last))[7], 13)
})

test('the same where each is nested in the arguments of the next', async () => {
  const nested = remote(async (box: { a: ObjectRef<Float64Array> }) => (await (await import('gymnura')).get(box.a)).map((x) => x + 1))
  let last = make(1)
  for (let i = 0; i < 8; i++) {
    last = nested.remote({ a: last })
    await get(last)
  }
  assert.is(await left(1), 1)
  assert.is((await get(last))[7], 9)
})

test('the last of a chain is made again from its beginning when nobody holds what is between', async () => {
  let last = make(1)
  for (let i = 0; i < 5; i++) last = plus.remote(last, 1, runs)
  await get(last)
  assert.is(await left(1), 1)
  assert.equal(counts(), [1, 5, 0])
  lose()
  assert.is((await get(last))[7], 6)
  assert.equal(counts(), [2, 10, 0])
  assert.is(await left(1), 1)
})

test('the same through refs nested in arguments', async () => {
  const nested = remote(async (box: { a: ObjectRef<Float64Array> }) => (await (await import('gymnura')).get(box.a)).map((x) => x + 1))
  let last = make(1)
  for (let i = 0; i < 3; i++) last = nested.remote({ a: last })
  await get(last)
  assert.is(await left(1), 1)
  lose()
  assert.is((await get(last))[7], 4)
})

test('what two results were made of is made again once: a diamond', async () => {
  const top = await (async () => {
    const base = make(1)
    return both.remote(plus.remote(base, 1, runs), plus.remote(base, 2, runs), runs)
  })()
  await get(top)
  assert.is(await left(1), 1)
  lose()
  assert.is((await get(top))[0], 5)
  assert.equal(counts(), [2, 4, 2])
})

test('the results of one task are made again by one run of it', async () => {
  const pair = remote(
    (length: number, runs: Int32Array) => {
      Atomics.add(runs, 0, 1)
      return [new Float64Array(length).fill(1), new Float64Array(length).fill(2)]
    },
    { numReturns: 2, maxRetries: 1 },
  )
  const [first, second] = pair.remote(LENGTH, runs) as unknown as ObjectRef<Float64Array>[]
  await get([first!, second!])
  lose()
  assert.is((await get(first!))[3], 1)
  assert.is((await get(second!))[3], 2)
  assert.is(runs[0], 2)
  const sum = await get(both.remote(first!, second!, runs))
  assert.is(sum[5], 3)
})

test('many who wait for a lost result all get it, and it is made once', async () => {
  const ref = make(3)
  await get(ref)
  lose()
  class Reader {
    last(value: Float64Array) {
      return value.at(-1)
    }
  }
  const reader = actor(Reader, { numCpus: 0 }).remote()
  const inside = remote(async (box: { ref: ObjectRef<Float64Array> }) => (await (await import('gymnura')).get(box.ref)).at(-1))
  const answers = await Promise.all([
    get(ref).then((value) => value.at(-1)),
    get([ref, ref]).then(([, value]) => value!.at(-1)),
    get(reader.last.remote(ref)),
    get(inside.remote({ ref })),
    get(plus.remote(ref, 0, runs)).then((value) => value.at(-1)),
  ])
  assert.equal(answers, [3, 3, 3, 3, 3])
  assert.is(runs[0], 2)
})

test('what was put and then dropped cannot be made again: the error names it and what it was for', async () => {
  const ref = await (async () => plus.remote(put(new Float64Array(LENGTH).fill(1)), 1, runs))()
  await get(ref)
  assert.is(await left(1), 1)
  lose()
  const error = await rejection(get(ref))
  assert.instance(error, ObjectLostError)
  assert.match(error.message, /made by plus, is lost: it could not be made again: object [0-9a-f]{16} is lost: .*it was put/)
  // It stays lost, without another try.
  assert.instance(await rejection(get(ref)), ObjectLostError)
  assert.instance(await rejection(get(plus.remote(ref, 1, runs))), ObjectLostError)
  assert.equal(counts(), [0, 1, 0])
})

test('what was put and is still held serves to make results again', async () => {
  const stored = put(new Float64Array(LENGTH).fill(1))
  const ref = plus.remote(stored, 1, runs)
  await get(ref)
  lose('but the first')
  assert.is((await get(ref))[0], 2)
  assert.equal(counts(), [0, 2, 0])
})

test('a result whose making again fails tells with what', async () => {
  const once = remote(
    (length: number, runs: Int32Array) => {
      if (Atomics.add(runs, 0, 1) > 0) throw new RangeError('not twice')
      return new Float64Array(length)
    },
    { name: 'once' },
  )
  const ref = once.remote(LENGTH, runs)
  await get(ref)
  lose()
  const error = await rejection(get(ref))
  assert.instance(error, ObjectLostError)
  assert.match(error.message, /made by once, is lost: it could not be made again: once failed: RangeError: not twice/)
})

test('runs for what was lost and runs after crashes are counted together against maxRetries', async () => {
  const fragile = remote(
    (length: number, runs: Int32Array) => {
      if (Atomics.add(runs, 0, 1) === 0) process.exit(1)
      return new Float64Array(length).fill(5)
    },
    { maxRetries: 2, name: 'fragile' },
  )
  const ref = fragile.remote(LENGTH, runs)
  await get(ref)
  lose()
  assert.is((await get(ref))[0], 5)
  await left(1)
  lose()
  assert.match((await rejection(get(ref))).message, /made by fragile, is lost: .* has used up its 2 retries/)
  assert.is(runs[0], 3)
})

test('a lost result is made again although its worker dies meanwhile', async () => {
  const fragile = remote(
    (length: number, runs: Int32Array) => {
      if (Atomics.add(runs, 0, 1) === 1) process.exit(1)
      return new Float64Array(length).fill(5)
    },
    { maxRetries: 3 },
  )
  const ref = fragile.remote(LENGTH, runs)
  await get(ref)
  lose()
  assert.is((await get(ref))[0], 5)
  assert.is(runs[0], 3)
})

test('results of processes, and of tasks with resources of their own, are made again with their arguments', async () => {
  for (const options of [{ runtime: 'process' }, { numCpus: 0.5 }] as const) {
    const near = remote((a: Float64Array) => a.map((x) => x + 1))
    const ref = await (async () => near.options(options).remote(make(4)))()
    await get(ref)
    await left(1)
    lose()
    assert.is((await get(ref))[0], 5)
    assert.is((await get(near.options(options).remote(ref)))[0], 6)
  }
})

test('inside a worker results are made again with what they were made of', async () => {
  const inside = remote(async (root: string, length: number, runs: Int32Array) => {
    const { get, put, remote } = await import('gymnura')
    const { readdirSync, rmSync } = await import('node:fs')
    const { setFlagsFromString } = await import('node:v8')
    const { runInNewContext } = await import('node:vm')
    const first = remote((length: number, runs: Int32Array) => {
      Atomics.add(runs, 0, 1)
      return new Float64Array(length).fill(1)
    })
    const next = remote((a: Float64Array) => a.map((x) => x + 1))
    const alone = remote((a: Float64Array) => a.map((x) => x + 1), { numCpus: 0.5 })
    let last = first.remote(length, runs)
    for (const step of [next, alone, next]) last = step.remote(last)
    await get(last)
    setFlagsFromString('--expose-gc')
    for (let i = 0; i < 5; i++) {
      runInNewContext('gc')()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const others = Array.from({ length: 4 }, () => put(new Float64Array(length)))
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) rmSync(`${entry.parentPath}/${entry.name}`)
    return [(await get(last))[3], others.length]
  })
  assert.equal(await get(inside.remote(root, LENGTH, runs)), [4, 4])
  assert.is(runs[0], 2)
})

test.run()
