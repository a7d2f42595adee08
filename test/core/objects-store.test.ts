import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { actor, get, init, ObjectLostError, type ObjectRef, ObjectStoreFullError, put, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { engine } from '../../core/engine/current.js'
import type { LocalEngine } from '../../core/engine/local.js'
import { collectNow } from '../../core/store/collection.js'
import { rejection } from './expect.js'

const MIB = 2 ** 20
const root = mkdtempSync(join(tmpdir(), 'gymnura-test-'))
process.env.GYMNURA_SPILL_DIR = root

const sum = remote((array: Float64Array) => array.reduce((a, b) => a + b, 0))
const filled = remote((x: number, length: number) => new Float64Array(length).fill(x))
const plus = remote((array: Float64Array, x: number) => array.map((value) => value + x))
const echo = remote((value: unknown) => value)

/** An array of so many MiB. */
const array = (mib: number, x: number) => new Float64Array((mib * MIB) / 8).fill(x)
const store = () => (engine() as LocalEngine).values.store
const start = (mib: number) => init({ numCpus: 2, objectStoreBytes: mib * MIB })

/** The files of spilled objects. */
function files(): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Until something that garbage collection brings about is so. */
async function eventually(what: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !what(); i++) {
    collectNow()
    await turn()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.ok(what(), what.toString())
}

test.after.each(() => shutdown())
test.after(() => rmSync(root, { recursive: true }))

test('an array that was put is one memory for all readers', async () => {
  await start(64)
  const ref = put({ a: array(1, 1) })
  const { a } = await get(ref)
  const write = remote((value: { a: Float64Array }) => {
    value.a[3] = 42
  })
  await get(write.remote(ref))
  assert.is(a[3], 42)
  assert.is((await get(ref)).a.buffer, a.buffer)
  a[4] = 43
  const read = remote((value: { a: Float64Array }) => value.a[4])
  assert.is(await get(read.remote(ref)), 43)
})

test('more than objectStoreBytes can be put: the least recently used goes to disk and comes back', async () => {
  await start(8)
  const refs = Array.from({ length: 10 }, (_, i) => put(array(2, i)))
  assert.ok(store().usedBytes <= 8 * MIB)
  assert.ok(store().spilledCount >= 6)
  for (const [i, ref] of refs.entries()) assert.is((await get(ref))[100], i)
  assert.equal(
    await get(refs.map((ref) => sum.remote(ref))),
    refs.map((_, i) => (i * 2 * MIB) / 8),
  )
  const values = await get(refs)
  assert.equal(
    values.map((value) => value[7]),
    refs.map((_, i) => i),
  )
})

test('results with large arrays go to disk too', async () => {
  await start(8)
  const refs = Array.from({ length: 10 }, (_, i) => filled.remote(i, (2 * MIB) / 8))
  await get(refs)
  assert.ok(store().spilledCount >= 6)
  for (const [i, ref] of refs.entries()) assert.is((await get(ref))[100], i)
})

test('memory and files come free when the refs are dropped', async () => {
  await start(8)
  const refs = Array.from({ length: 6 }, (_, i) => put(array(2, i)))
  assert.is(store().objectCount, 6)
  assert.ok(files().length > 0)
  assert.is(refs.splice(0).length, 6)
  await eventually(() => store().objectCount === 0)
  assert.is(store().usedBytes + store().spilledBytes, 0)
  assert.equal(files(), [])
})

test('a ref inside an object inside the state of an actor keeps its object', async () => {
  await start(64)
  class Keeper {
    kept: unknown
    keep(value: unknown) {
      this.kept = value
    }
    async first() {
      const { get } = await import('gymnura')
      const inner = await get((this.kept as { box: ObjectRef<{ inner: ObjectRef<Float64Array> }> }).box)
      return (await get(inner.inner))[0]
    }
    async collect() {
      const { setFlagsFromString } = await import('node:v8')
      const { runInNewContext } = await import('node:vm')
      setFlagsFromString('--expose-gc')
      runInNewContext('gc')()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const keeper = actor(Keeper).remote()
  await (async () => {
    const inner = put(array(1, 5))
    const box = put({ inner })
    await get(keeper.keep.remote({ box }))
  })()
  for (let i = 0; i < 5; i++) {
    collectNow()
    await turn()
  }
  assert.is(await get(keeper.first.remote()), 5)
  assert.ok(store().objectCount >= 1)
  await get(keeper.keep.remote(undefined))
  for (let i = 0; i < 50 && store().objectCount > 0; i++) {
    await get(keeper.collect.remote())
    collectNow()
    await turn()
  }
  assert.is(store().objectCount, 0)
})

test('a lost result is made again, with the results that it was made of', async () => {
  await start(8)
  const first = filled.remote(1, (2 * MIB) / 8)
  const second = plus.remote(first, 1)
  await get([first, second])
  const third = plus.remote(second, 1)
  await get(third)
  // All three are pushed out.
  const others = Array.from({ length: 4 }, (_, i) => put(array(2, i)))
  assert.is(others.length, 4)
  assert.is(store().spilledCount, 3)
  for (const file of files()) rmSync(file)
  assert.is((await get(third))[9], 3)
  assert.is(await get(sum.remote(first)), (2 * MIB) / 8)
})

test('a task gets an argument that was lost and is made again', async () => {
  await start(8)
  const first = filled.remote(3, (2 * MIB) / 8)
  await get(first)
  class Adder {
    last(value: Float64Array) {
      return value.at(-1)
    }
  }
  const adder = actor(Adder, { numCpus: 0 }).remote()
  const others = Array.from({ length: 4 }, (_, i) => put(array(2, i)))
  for (const file of files()) writeFileSync(file, 'damaged')
  const [total, last] = await get([sum.remote(first), adder.last.remote(first)])
  assert.is(total, (6 * MIB) / 8)
  assert.is(last, 3)
  assert.is(others.length, 4)
})

test('results of a task with several, and of one with resources of its own, are made again', async () => {
  await start(8)
  const pair = remote((x: number, length: number) => [new Float64Array(length).fill(x), new Float64Array(length).fill(x + 1)], {
    numReturns: 2,
  })
  const [first, second] = pair.remote(1, (2 * MIB) / 8) as unknown as ObjectRef<Float64Array>[]
  const alone = filled.options({ numCpus: 0.5 }).remote(5, (2 * MIB) / 8)
  await get([first!, second!, alone])
  const others = Array.from({ length: 4 }, (_, i) => put(array(2, i)))
  assert.is(store().spilledCount, 3)
  for (const file of files()) rmSync(file)
  assert.is((await get(second!))[9], 2)
  assert.is((await get(alone))[9], 5)
  assert.is((await get(first!))[9], 1)
  assert.is(others.length, 4)
})

test('a result that a task in a worker owns is made again there', async () => {
  await start(8)
  const inside = remote(async (root: string, mib: number) => {
    const { get, put, remote } = await import('gymnura')
    const { readdirSync, rmSync } = await import('node:fs')
    const filled = remote((x: number, length: number) => new Float64Array(length).fill(x))
    const ref = filled.remote(7, (mib * 2 ** 20) / 8)
    await get(ref)
    const others = Array.from({ length: 4 }, () => put(new Float64Array((mib * 2 ** 20) / 8)))
    let removed = 0
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      rmSync(`${entry.parentPath}/${entry.name}`)
      removed++
    }
    return [removed, (await get(ref))[3], others.length]
  })
  assert.equal(await get(inside.remote(root, 2)), [1, 7, 4])
})

test('a task that was run again as often as it may be is not run again: the error tells the task', async () => {
  await start(8)
  const ref = filled.options({ maxRetries: 1, name: 'fill' }).remote(1, (2 * MIB) / 8)
  for (const again of [true, false]) {
    if (again) await get(ref)
    let others = Array.from({ length: 4 }, (_, i) => put(array(2, i)))
    for (const file of files()) rmSync(file)
    if (again) assert.is((await get(ref))[0], 1)
    else assert.match((await rejection(get(ref))).message, /made by fill, is lost: .* has used up its 1 retries/)
    others = []
    await eventually(() => store().objectCount === 1 && others.length === 0)
  }
})

test('many calls with large arguments, of an actor and of tasks, go through a small store', async () => {
  await start(8)
  class Summer {
    sum(value: Float64Array) {
      return value[0]! + value.at(-1)!
    }
  }
  const summer = actor(Summer, { numCpus: 0 }).remote()
  const refs = Array.from({ length: 12 }, (_, i) => put(array(2, i)))
  const calls = refs.flatMap((ref) => [summer.sum.remote(ref), sum.remote(ref)])
  const values = await get(calls)
  assert.equal(
    values,
    refs.flatMap((_, i) => [2 * i, (i * 2 * MIB) / 8]),
  )
})

test('values of a stream are in the store', async () => {
  await start(8)
  const stream = remote(
    function* (length: number) {
      for (let i = 0; i < 8; i++) yield new Float64Array(length).fill(i)
    },
    { numReturns: 'streaming' },
  )
  const refs: ObjectRef<Float64Array>[] = []
  for await (const ref of stream.remote((2 * MIB) / 8) as unknown as AsyncIterable<ObjectRef<Float64Array>>) refs.push(ref)
  assert.ok(store().spilledCount >= 4)
  for (const [i, ref] of refs.entries()) assert.is((await get(ref))[1], i)
})

test('refs outlive shutdown without a hang: what is on disk is gone', async () => {
  await start(8)
  const ref = filled.remote(1, (2 * MIB) / 8)
  await get(ref)
  const others = Array.from({ length: 4 }, (_, i) => put(array(2, i)))
  await shutdown()
  await start(8)
  assert.instance(await rejection(get(ref)), ObjectLostError)
  assert.is((await get(others[3]!))[0], 3)
  assert.equal(files(), [])
})

test('the objects of this thread can be listed', async () => {
  await start(8)
  const refs = Array.from({ length: 5 }, (_, i) => put(array(2, i)))
  const rows = (engine() as LocalEngine).values.rows()
  assert.equal(
    rows.map(({ refId }) => refId).sort((a, b) => a - b),
    refs.map(({ id }) => id),
  )
  assert.equal(
    rows.filter(({ inMemory }) => !inMemory),
    [{ refId: refs[0]!.id, bytes: 2 * MIB, inMemory: false }],
  )
})

test('what was put, and what an actor returned, cannot be made again, and the error says so', async () => {
  await start(8)
  class Maker {
    make(mib: number) {
      return new Float64Array((mib * 2 ** 20) / 8)
    }
  }
  const maker = actor(Maker).remote()
  const returned = maker.make.remote(2)
  await get(returned)
  const stored = put(array(2, 1))
  const once = filled.options({ maxRetries: 0 }).remote(1, (2 * MIB) / 8)
  await get(once)
  const others = Array.from({ length: 4 }, (_, i) => put(array(2, i)))
  for (const file of files()) rmSync(file)
  for (const ref of [stored, returned, once]) {
    const error = await rejection(get(ref as ObjectRef<Float64Array>))
    assert.instance(error, ObjectLostError)
    assert.match(error.message, /cannot be made again: it was put, or is the result of an actor/)
    const inTask = await rejection(get(sum.remote(ref as ObjectRef<Float64Array>)))
    assert.instance(inTask, ObjectLostError)
  }
  // The others are untouched.
  for (const [i, ref] of others.entries()) assert.is((await get(ref))[0], i)
})

test('a full store with a folder that cannot be used: put and the result say so, and nothing is lost', async () => {
  const folder = join(root, 'bad')
  mkdirSync(folder)
  process.env.GYMNURA_SPILL_DIR = folder
  try {
    await start(8)
  } finally {
    process.env.GYMNURA_SPILL_DIR = root
  }
  rmSync(folder, { recursive: true })
  writeFileSync(folder, 'a file')
  const refs = Array.from({ length: 4 }, (_, i) => put(array(2, i)))
  assert.throws(
    () => put(array(2, 9)),
    (error: Error) => error instanceof ObjectStoreFullError && /the object store is full/.test(error.message),
  )
  const error = await rejection(get(filled.remote(1, (2 * MIB) / 8)))
  assert.instance(error, ObjectStoreFullError)
  assert.match(error.message, /the result of filled|the result of anonymous/)
  for (const [i, ref] of refs.entries()) assert.is((await get(ref))[50], i)
  assert.is(await get(sum.remote(refs[1]!)), (2 * MIB) / 8)
  assert.throws(() => put(array(9, 1)), /larger than the whole object store/)
  rmSync(folder)
})

test('a folder for spilled objects that does not exist is told by init', async () => {
  process.env.GYMNURA_SPILL_DIR = join(root, 'nowhere')
  try {
    assert.match((await rejection(init({ numCpus: 1 }))).message, /GYMNURA_SPILL_DIR is .* does not exist/)
  } finally {
    process.env.GYMNURA_SPILL_DIR = root
  }
})

test('what a worker stored and others borrowed outlives the worker', async () => {
  await start(64)
  class Owner {
    async make() {
      const { put } = await import('gymnura')
      return { ref: put(new Float64Array(2 ** 17).fill(8)) }
    }
    die() {
      process.exit(1)
    }
  }
  const owner = actor(Owner).remote()
  const { ref } = await get(owner.make.remote())
  await rejection(get(owner.die.remote()))
  assert.is((await get(ref))[5], 8)
  assert.is(await get(sum.remote(ref)), 8 * 2 ** 17)
})

test('what a worker stored and handed on it can still read and pass on', async () => {
  await start(64)
  class Owner {
    ref: ObjectRef<Float64Array> | undefined
    async make() {
      const { put } = await import('gymnura')
      this.ref = put(new Float64Array(2 ** 17).fill(8))
      return { ref: this.ref }
    }
    async read() {
      const { get } = await import('gymnura')
      return [(await get(this.ref!))[5], (await get([this.ref!]))[0]![6]]
    }
    async pass() {
      const { get, remote, wait } = await import('gymnura')
      const first = remote((value: Float64Array) => value[0])
      const [ready] = await wait([this.ref!], { timeoutMs: 0 })
      return [ready.length, await get(first.remote(this.ref!))]
    }
  }
  const owner = actor(Owner).remote()
  const { ref } = await get(owner.make.remote())
  const other = actor(Owner).remote()
  await get(other.make.remote())
  assert.equal(await get(owner.pass.remote()), [1, 8])
  assert.equal(await get(owner.read.remote()), [8, 8])
  assert.equal(await get(owner.read.remote()), [8, 8])
  assert.is((await get(ref))[0], 8)
})

test('what a dead worker held is written off', async () => {
  await start(64)
  class Hoarder {
    kept: unknown[] = []
    async hoard() {
      const { put } = await import('gymnura')
      this.kept.push(put(new Float64Array(2 ** 20).fill(8)))
    }
    die() {
      process.exit(1)
    }
  }
  const hoarder = actor(Hoarder).remote()
  await get(hoarder.hoard.remote())
  const usage = () => (store() as unknown as { usage: { inMemoryBytes: number } }).usage.inMemoryBytes
  assert.is(usage(), 8 * MIB)
  await rejection(get(hoarder.die.remote()))
  assert.is(usage(), 0)
})

test("room for one thread is made of another's: a worker writes to disk what it holds and does not use", async () => {
  await start(8)
  class Hoarder {
    kept: ObjectRef<Float64Array>[] = []
    async hoard(x: number) {
      const { put } = await import('gymnura')
      this.kept.push(put(new Float64Array(2 ** 18).fill(x)))
    }
    async read(i: number) {
      const { get } = await import('gymnura')
      return (await get(this.kept[i]!))[3]
    }
  }
  const hoarder = actor(Hoarder).remote()
  for (let i = 0; i < 4; i++) await get(hoarder.hoard.remote(i))
  const mine = Array.from({ length: 4 }, (_, i) => put(array(2, i)))
  const usage = () => (store() as unknown as { usage: { inMemoryBytes: number } }).usage.inMemoryBytes
  await eventually(() => usage() <= 8 * MIB)
  for (let i = 0; i < 4; i++) assert.is(await get(hoarder.read.remote(i)), i)
  for (const [i, ref] of mine.entries()) assert.is((await get(ref))[3], i)
})

test('an object with refs to many others', async () => {
  await start(64)
  const all = put(Array.from({ length: 2000 }, (_, i) => put(i)))
  const inner = await get(all)
  assert.is(await get(inner[1999]!), 1999)
  const back = (await get(echo.remote([all]))) as ObjectRef<ObjectRef<number>[]>[]
  assert.is(await get((await get(back[0]!))[1000]!), 1000)
})

test.run()
