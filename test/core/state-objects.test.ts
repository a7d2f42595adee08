import { actor, get, init, type ObjectRef, put, remote, shutdown, state } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hexId } from '../../core/api/object-ref.js'
import { eventually } from './expect.js'

const MIB = 2 ** 20
const filled = remote((x: number, length: number) => new Float64Array(length).fill(x), { name: 'filled' })

test.before(() => init({ numCpus: 2, objectStoreBytes: 8 * MIB }))
test.after(() => shutdown())

/** A thread that the machine keeps waiting may miss the second that a look takes at most: then it is looked again. */
async function rowOf({ id }: { id: number }) {
  let row = await state.getObject(id)
  await eventually(async () => {
    row ??= await state.getObject(id)
    return row !== undefined
  })
  return row!
}

test('every object that a program has a ref to is listed, small ones that never travelled too', async () => {
  const small = put({ a: 1 })
  const large = put(new Float64Array(MIB / 8))
  const result = filled.remote(1, MIB / 8)
  const number = remote(() => 7).remote()
  const failed = remote(() => {
    throw new Error('no')
  }).remote()
  await get([result, number])
  await get(failed).catch(() => {})
  const rows = await state.listObjects({ limit: 1000 })
  const found = [small, large, result, number, failed].map((ref) => rows.find(({ objectId }) => objectId === hexId(ref.id)))
  assert.equal(
    found.map((row) => [row?.taskStatus, row?.location, row?.referenceCount, row?.type, row?.referenceType]),
    [
      ['NIL', 'INLINE', 1, 'DRIVER', 'LOCAL_REFERENCE'],
      ['NIL', 'IN_MEMORY', 1, 'DRIVER', 'LOCAL_REFERENCE'],
      ['FINISHED', 'IN_MEMORY', 1, 'DRIVER', 'LOCAL_REFERENCE'],
      ['FINISHED', 'INLINE', 1, 'DRIVER', 'LOCAL_REFERENCE'],
      ['FAILED', null, 1, 'DRIVER', 'LOCAL_REFERENCE'],
    ],
  )
  assert.ok(found[0]!.objectSize! > 0 && found[0]!.objectSize! < 100)
  assert.ok(found[1]!.objectSize! >= MIB)
  assert.is(found[2]!.name, 'filled')
})

test('a result that is not there yet is listed with its task', async () => {
  const slow = remote(() => new Promise((resolve) => setTimeout(resolve, 3000)), { name: 'slow' }).remote()
  const row = await rowOf(slow)
  assert.equal([row.taskStatus, row.location, row.objectSize, row.name], ['PENDING_NODE_ASSIGNMENT', null, null, 'slow'])
  await get(slow)
  assert.is((await rowOf(slow)).taskStatus, 'FINISHED')
})

test('what was moved to disk is listed as spilled, and is not brought back by that', async () => {
  const refs = Array.from({ length: 8 }, () => put(new Float64Array((2 * MIB) / 8)))
  const rows = await state.listObjects({ filters: [['location', '=', 'SPILLED']] })
  assert.ok(rows.length >= 4)
  assert.is((await rowOf(refs[0]!)).location, 'SPILLED')
  assert.is((await state.listObjects({ filters: [['location', '=', 'SPILLED']] })).length, rows.length)
  assert.is(refs.length, 8)
})

test('objects of workers are listed with their owner, and with how many threads have refs to them', async () => {
  class Keeper {
    own: ObjectRef | undefined
    given: ObjectRef | undefined
    async make() {
      const { put } = await import('gymnura')
      this.own = put(new Float64Array(10_000))
      return this.own.id
    }
    take({ ref }: { ref: ObjectRef }) {
      this.given = ref
    }
  }
  const first = actor(Keeper).remote()
  const second = actor(Keeper).remote()
  const id = await get(first.make.remote())
  const own = await rowOf({ id })
  assert.equal([own.type, own.objectSize! >= 80_000, own.referenceCount], ['WORKER', true, 1])
  const keeper = (await state.listActors({ filters: [['className', '=', 'Keeper']] }))[0]!
  assert.is(own.workerId, keeper.workerId)
  const ref = put('shared')
  await get([first.take.remote({ ref }), second.take.remote({ ref })])
  await eventually(async () => (await rowOf(ref)).referenceCount === 3)
})

test('an object whose refs are gone is not listed any more', async () => {
  const id = (() => put({ b: 2 }).id)()
  assert.is(await state.getObject(id), undefined)
})

test('a worker lists the same', async () => {
  const ref = put({ c: 3 })
  const ask = remote(async (id: number) => {
    const row = await (await import('gymnura')).state.getObject(id)
    return [row?.type, row?.location]
  })
  assert.equal(await get(ask.remote(ref.id)), ['DRIVER', 'INLINE'])
})

test('a hundred thousand refs are listed in a moment', async () => {
  const refs = Array.from({ length: 100_000 }, (_, i) => put(i))
  const rows = await state.listObjects({ limit: 10 })
  assert.is(rows.length, 10)
  assert.ok(rows.total >= refs.length)
})

test.run()
