import { GymnuraError, get, init, type ObjectRef, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually, rejection } from './expect.js'

test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

const kinds = [{}, { timeoutMs: 60_000 }] as const

test('with numReturns n a task gives n refs, one for each value of the array that it returns', async () => {
  const three = remote((x: number) => [x, [x + 1], { z: x + 2 }], { numReturns: 3 })
  for (const kind of kinds) {
    const refs = three.options(kind).remote(1)
    assert.is(refs.length, 3)
    assert.equal(await get(refs), [1, [2], { z: 3 }])
  }
  assert.equal(await get(remote(async () => [4, 5], { numReturns: 2 }).remote()), [4, 5])
})

test('with numReturns 0 a task gives nothing, and runs', async () => {
  const ran = new Int32Array(new SharedArrayBuffer(4))
  const nothing = remote((ran: Int32Array) => void Atomics.add(ran, 0, 1), { numReturns: 0 })
  for (const [i, kind] of kinds.entries()) {
    assert.is(nothing.options(kind).remote(ran), undefined)
    await eventually(() => ran[0] === i + 1)
  }
})

test('with numReturns 1 an array is the value, as without the option', async () => {
  assert.equal(await get(remote(() => [1, 2], { numReturns: 1 }).remote()), [1, 2])
})

test('a task that returns another number of values fails all its refs with what was expected', async () => {
  const expected = /pair: numReturns is 2, so it must return an array of 2 values, not (an array of 3|number|undefined)/
  for (const value of [[1, 2, 3], 7, undefined]) {
    for (const kind of kinds) {
      const pair = remote((value: unknown) => value as number[], { numReturns: 2, name: 'pair', ...kind })
      const refs = pair.remote(value) as ObjectRef[]
      const errors = await Promise.all(refs.map((ref) => rejection(get(ref))))
      assert.match(errors[0]!.message, expected)
      assert.instance(errors[0], GymnuraError)
      assert.is(errors[1], errors[0])
    }
  }
})

test('an error of the task fails all its refs, and each can be an argument by itself', async () => {
  const fails = remote(
    (): number[] => {
      throw new Error('both')
    },
    { numReturns: 2 },
  )
  for (const ref of fails.remote()) assert.match((await rejection(get(ref))).message, /both/)
  const [first, second] = remote(() => [10, 20], { numReturns: 2 }).remote()
  assert.is(await get(remote((a: number, b: number) => a - b).remote(second!, first!)), 10)
})

test.run()
