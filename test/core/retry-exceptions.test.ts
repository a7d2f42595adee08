import { actor, get, init, type ObjectRef, remote, runtimeContext, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

export class Busy extends Error {}
export class VeryBusy extends Busy {}
export class Renamed extends RangeError {
  override name = 'OtherName'
}
const kinds = { Busy, VeryBusy, Renamed }
type Kind = keyof typeof kinds

export function fail(runs: Int32Array, kind: Kind): void {
  Atomics.add(runs, 0, 1)
  throw new kinds[kind]('no')
}

export class Failing {
  fail(runs: Int32Array, kind: Kind): void {
    fail(runs, kind)
  }
}

if (runtimeContext().workerId === undefined) {
  test.before(() => init({ numCpus: 2 }))
  test.after(() => shutdown())

  async function runsOf(call: (runs: Int32Array) => ObjectRef<void>): Promise<number> {
    const runs = new Int32Array(new SharedArrayBuffer(4))
    await rejection(get(call(runs)))
    return runs[0]!
  }

  test('retryExceptions takes classes of the program’s own, whatever name their errors bear, and what is derived from them', async () => {
    const failing = remote(fail, { module: import.meta.url, maxRetries: 2 })
    const failingActor = actor(Failing, { module: import.meta.url, maxTaskRetries: 2 }).remote()
    const timesRun = async (kind: Kind, retryExceptions: (new (message?: string) => Error)[]) => [
      await runsOf((runs) => failing.options({ retryExceptions }).remote(runs, kind)),
      await runsOf((runs) => failing.options({ retryExceptions, timeoutMs: 60_000 }).remote(runs, kind)),
      await runsOf((runs) => failingActor.fail.options({ retryExceptions }).remote(runs, kind)),
    ]
    assert.equal(await timesRun('Busy', [Busy]), [3, 3, 3])
    assert.equal(await timesRun('VeryBusy', [Busy]), [3, 3, 3])
    assert.equal(await timesRun('Renamed', [Renamed]), [3, 3, 3])
    assert.equal(await timesRun('Renamed', [RangeError]), [3, 3, 3])
    assert.equal(await timesRun('Busy', [Error]), [3, 3, 3])
    assert.equal(await timesRun('Busy', [VeryBusy]), [1, 1, 1])
    assert.equal(await timesRun('Busy', [RangeError, Renamed]), [1, 1, 1])
  })

  test('the same where the error has come from a further thread', async () => {
    const runs = new Int32Array(new SharedArrayBuffer(4))
    const outer = remote(async (runs: Int32Array, url: string) => {
      const { get, remote } = await import('gymnura')
      const { fail } = await import(url)
      try {
        await get(remote(fail as (runs: Int32Array, kind: string) => void, { module: url }).remote(runs, 'Busy'))
      } catch (error) {
        throw (error as Error).cause
      }
    })
    await rejection(get(outer.options({ retryExceptions: [Busy], maxRetries: 1 }).remote(runs, import.meta.url)))
    assert.is(runs[0], 2)
  })

  test.run()
}
