import { actor, get, init, type ObjectRef, put, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { engine } from '../../core/engine/current.js'
import type { LocalEngine } from '../../core/engine/local.js'

/*
 * Every way an object comes to be × every way its ref is handed on, with room in the store and without: the reader finds the
 * value, and when the refs are gone nothing is left in any thread.
 */

const MIB = 2 ** 20
const LENGTH = MIB / 8
type Large = Float64Array
type Ref = ObjectRef<Large>

class Maker {
  make(x: number, length: number) {
    return new Float64Array(length).fill(x)
  }
  async store(x: number, length: number) {
    const { put } = await import('gymnura')
    return [put(new Float64Array(length).fill(x))]
  }
  async submit(x: number, length: number) {
    const { remote } = await import('gymnura')
    return [remote((x: number, length: number) => new Float64Array(length).fill(x)).remote(x, length)]
  }
}

class Keeper {
  private kept: Ref[] = []
  keep(refs: Ref[]) {
    this.kept = refs
  }
  give() {
    return this.kept
  }
  async read() {
    const { get } = await import('gymnura')
    return (await get(this.kept[0]!)).at(-1)
  }
  last(value: Large) {
    return value.at(-1)
  }
  async readFrom(other: { give: { remote(): ObjectRef<Ref[]> } }) {
    const { get } = await import('gymnura')
    return (await get((await get(other.give.remote()))[0]!)).at(-1)
  }
  drop() {
    this.kept = []
  }
}

const filled = remote((x: number, length: number) => new Float64Array(length).fill(x))
const last = remote((value: Large) => value.at(-1))
const plus = remote((value: Large, x: number) => value.map((y) => y + x))
const readNested = remote(async ([ref]: Ref[]) => {
  const { get } = await import('gymnura')
  return (await get(ref!)).at(-1)
})
const readDeep = remote(async ([ref]: Ref[]) => {
  const { get, remote } = await import('gymnura')
  const inner = remote(async ([ref]: Ref[]) => {
    const { get, remote } = await import('gymnura')
    const last = remote((value: Large) => value.at(-1))
    return [await get(last.remote(ref!)), (await get(ref!)).at(-1)]
  })
  return get(inner.remote([ref!]))
})
const passOn = remote((refs: Ref[]) => refs)
const streamOf = remote(
  function* (refs: Ref[]) {
    for (const ref of refs) yield [ref]
  },
  { numReturns: 'streaming' },
)
const streamed = remote(
  function* (x: number, length: number) {
    yield new Float64Array(length).fill(x)
  },
  { numReturns: 'streaming' },
)

let maker: ReturnType<ReturnType<typeof actor<typeof Maker>>['remote']>
let apart: typeof maker
let keeper: ReturnType<ReturnType<typeof actor<typeof Keeper>>['remote']>
let reader: typeof keeper

async function firstOf(stream: unknown): Promise<ObjectRef> {
  for await (const ref of stream as AsyncIterable<ObjectRef>) return ref
  throw new Error('an empty stream')
}

const producers: Record<string, (x: number) => Ref | Promise<Ref>> = {
  'put by the driver': (x) => put(new Float64Array(LENGTH).fill(x)),
  'a task': (x) => filled.remote(x, LENGTH),
  'a task made of another': (x) => plus.remote(filled.remote(x - 1, LENGTH), 1),
  'a task with its own resources': (x) => filled.options({ numCpus: 0.5 }).remote(x, LENGTH),
  'a process': (x) => filled.options({ runtime: 'process' }).remote(x, LENGTH),
  'an actor': (x) => maker.make.remote(x, LENGTH),
  'put by an actor': async (x) => (await get(maker.store.remote(x, LENGTH)))[0]!,
  'a task of an actor': async (x) => (await get(maker.submit.remote(x, LENGTH)))[0]!,
  'put by an actor in a process': async (x) => (await get(apart.store.remote(x, LENGTH)))[0]!,
  'a task of an actor in a process': async (x) => (await get(apart.submit.remote(x, LENGTH)))[0]!,
  'a stream': async (x) => (await firstOf(streamed.remote(x, LENGTH))) as Ref,
}

const carriers: Record<string, (ref: Ref) => Promise<unknown>> = {
  get: async (ref) => (await get(ref)).at(-1),
  'an argument of a task': (ref) => get(last.remote(ref)),
  'an argument of a task with its own resources': (ref) => get(last.options({ numCpus: 0.5 }).remote(ref)),
  'an argument of a process': (ref) => get(last.options({ runtime: 'process' }).remote(ref)),
  'an argument of an actor': (ref) => get(keeper.last.remote(ref)),
  'nested in an argument of a task': (ref) => get(readNested.remote([ref])),
  'nested in an argument of a process': (ref) => get(readNested.options({ runtime: 'process' }).remote([ref])),
  'nested, from task to task to task': async (ref) => {
    const [a, b] = (await get(readDeep.remote([ref]))) as number[]
    assert.is(a, b)
    return a
  },
  'nested, from a process to tasks': async (ref) => {
    const [a, b] = (await get(readDeep.options({ runtime: 'process' }).remote([ref]))) as number[]
    assert.is(a, b)
    return a
  },
  'through a task and back': async (ref) => (await get((await get(passOn.remote([ref])))[0]!)).at(-1),
  'through a process and back': async (ref) => (await get((await get(passOn.options({ runtime: 'process' }).remote([ref])))[0]!)).at(-1),
  'through a stream': async (ref) => (await get(((await get(await firstOf(streamOf.remote([ref])))) as Ref[])[0]!)).at(-1),
  'kept by an actor and read there': async (ref) => {
    await get(keeper.keep.remote([ref]))
    return get(keeper.read.remote())
  },
  'kept by an actor and read by another': async (ref) => {
    await get(keeper.keep.remote([ref]))
    return get(reader.readFrom.remote(keeper as never))
  },
  'inside what is put': async (ref) => {
    const box = put({ deep: [ref] })
    const read = remote(async (box: { deep: Ref[] }) => (await (await import('gymnura')).get(box.deep[0]!)).at(-1))
    return get(read.remote(box))
  },
}

const store = () => (engine() as LocalEngine).values.store

/** What all threads hold, once garbage is collected everywhere. */
async function leftOver(): Promise<number> {
  const { usage } = store() as unknown as { usage: { inMemoryBytes: number; onDiskBytes: number } }
  for (const end = Date.now() + 10_000; usage.inMemoryBytes + usage.onDiskBytes > 0 && Date.now() < end; ) {
    store().sweep()
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  return usage.inMemoryBytes + usage.onDiskBytes
}

/** The tests for a store with room for so many of the objects, which are a MiB each; half of the carriers a file, as each takes seconds. */
export function testTravel(mib: number, half: 0 | 1): void {
  test.after.each(() => shutdown())
  for (const [carrier, carry] of Object.entries(carriers).filter((_, i) => i % 2 === half)) {
    test(`with room for ${mib}: ${carrier}`, async () => {
      await init({ numCpus: 2, objectStoreBytes: mib * MIB })
      maker = actor(Maker).remote()
      apart = actor(Maker, { runtime: 'process' }).remote()
      keeper = actor(Keeper).remote()
      reader = actor(Keeper).remote()
      await (async () => {
        let x = 1
        const refs: [string, number, Ref][] = []
        for (const [producer, produce] of Object.entries(producers)) refs.push([producer, ++x, await produce(x)])
        for (const [producer, expected, ref] of refs) assert.is(await carry(ref), expected, producer)
        // In the other order, and again: some have left their thread by now, and memory.
        for (const [producer, expected, ref] of refs.reverse()) assert.is(await carry(ref), expected, producer)
      })()
      await get(keeper.drop.remote())
      assert.is(await leftOver(), 0)
    })
  }
  test.run()
}
