import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  actor,
  cancel,
  get,
  init,
  put,
  remote,
  shutdown,
  TaskCancelledError,
  TaskError,
  TaskTimeoutError,
  WorkerCrashedError,
} from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

test.before(async () => init({ numCpus: 2, numGpus: 2 }))
test.after(() => shutdown())

test('a task with runtime process runs in a process of its own, with the environment it was given', async () => {
  const where = remote(() => [process.pid, process.env.LEVEL ?? null] as const, { runtime: 'process', env: { LEVEL: 'seven' } })
  const [pid, level] = await get(where.remote())
  assert.is.not(pid, process.pid)
  assert.is(level, 'seven')
  assert.is(process.env.LEVEL, undefined)
  const plain = remote(() => process.env.LEVEL ?? null, { runtime: 'process' })
  assert.is(await get(plain.remote()), null)
})

test('typed arrays of any size go there and back whole', async () => {
  const twice = remote((array: Float64Array) => array.map((x) => 2 * x), { runtime: 'process' })
  for (const length of [0, 10, 5000, 2_000_000]) {
    const array = Float64Array.from({ length }, (_, i) => i)
    const result = await get(twice.remote(array))
    assert.is(result.length, length)
    assert.is(result.at(-1), array.at(-1) === undefined ? undefined : 2 * array.at(-1)!)
  }
  const stored = put(new Float64Array(100_000).fill(3))
  const sum = remote((array: Float64Array) => array.reduce((a, b) => a + b, 0), { runtime: 'process' })
  assert.equal(await get([sum.remote(stored), sum.remote(stored)]), [300_000, 300_000])
})

test('what a process task throws arrives with its class and cause', async () => {
  const fail = remote(
    () => {
      throw new RangeError('too far', { cause: new TypeError('inner') })
    },
    { runtime: 'process', name: 'far' },
  )
  const error = (await rejection(get(fail.remote()))) as TaskError
  assert.instance(error, TaskError)
  assert.instance(error.cause, RangeError)
  assert.instance((error.cause as Error).cause, TypeError)
  assert.match(error.message, /far failed: RangeError: too far/)
})

test('a process that aborts, exits or is killed costs its task only', async () => {
  const ways = [
    remote(() => process.abort(), { runtime: 'process', maxRetries: 0, name: 'aborts' }),
    remote(() => process.exit(3), { runtime: 'process', maxRetries: 0, name: 'exits' }),
    remote(() => process.kill(process.pid, 'SIGKILL'), { runtime: 'process', maxRetries: 0, name: 'killed' }),
  ]
  for (const way of ways) {
    const error = await rejection(get(way.remote() as never))
    assert.instance(error, WorkerCrashedError)
    assert.match(error.message, /died while running it/)
  }
  assert.is(await get(remote(() => 'alive', { runtime: 'process' }).remote()), 'alive')
})

test('a task that kills its process is run again as often as maxRetries says', async () => {
  const attempts = remote(
    async (path: string) => {
      const { appendFileSync, readFileSync } = await import('node:fs')
      appendFileSync(path, 'x')
      if (readFileSync(path, 'utf8').length < 3) process.kill(process.pid, 'SIGKILL')
      return readFileSync(path, 'utf8').length
    },
    { runtime: 'process', maxRetries: 3 },
  )
  const folder = mkdtempSync(join(tmpdir(), 'gymnura-test-'))
  assert.is(await get(attempts.remote(`${folder}/tries`)), 3)
  rmSync(folder, { recursive: true })
})

test('an infinite loop ends by timeoutMs, and by cancel with force', async () => {
  const forever = remote(
    () => {
      for (;;);
    },
    { runtime: 'process', timeoutMs: 300, name: 'forever' },
  )
  assert.instance(await rejection(get(forever.remote() as never)), TaskTimeoutError)
  const open = remote(() => new Promise(() => {}), { runtime: 'process' }).remote()
  await new Promise((resolve) => setTimeout(resolve, 100))
  await cancel(open, { force: true })
  assert.instance(await rejection(get(open)), TaskCancelledError)
})

test('a process task starts tasks, makes actors, puts and waits', async () => {
  const nested = remote(
    async (n: number) => {
      const { actor, get, put, remote, wait } = await import('gymnura')
      class Sum {
        total = 0
        add(k: number) {
          this.total += k
          return this.total
        }
      }
      const square = remote((x: number) => x * x)
      const sum = actor(Sum).remote()
      const refs = Array.from({ length: n }, (_, i) => square.remote(i))
      const [ready] = await wait(refs, { numReturns: n })
      for (const ref of ready) sum.add.remote(ref)
      return [await get(sum.add.remote(put(1000)))]
    },
    { runtime: 'process' },
  )
  assert.equal(await get(nested.remote(10)), [1285])
})

test('an actor can live in a process, be called from anywhere, and is started again with its state', async () => {
  class Counter {
    n = 0
    add(k: number) {
      this.n += k
      return this.n
    }
    pid() {
      return process.pid
    }
    die() {
      process.kill(process.pid, 'SIGKILL')
    }
    saveState() {
      return this.n
    }
    restoreState(n: number) {
      this.n = n
    }
  }
  const counter = actor(Counter, { runtime: 'process', maxRestarts: 1, maxTaskRetries: 0 }).remote()
  assert.is(await get(counter.add.remote(2)), 2)
  const pid = await get(counter.pid.remote())
  assert.is.not(pid, process.pid)
  const call = remote(async (handle: typeof counter) => {
    const { get } = await import('gymnura')
    return get(handle.add.remote(5))
  })
  assert.is(await get(call.remote(counter)), 7)
  assert.is(await get(call.options({ runtime: 'process' }).remote(counter)), 12)
  await rejection(get(counter.die.remote() as never))
  assert.is(await get(counter.add.remote(1)), 13)
  assert.is.not(await get(counter.pid.remote()), pid)
})

test('GPUs are assigned by id, in CUDA_VISIBLE_DEVICES', async () => {
  const devices = remote(
    async () => {
      const { runtimeContext } = await import('gymnura')
      return { env: process.env.CUDA_VISIBLE_DEVICES, ids: runtimeContext().gpuIds }
    },
    { runtime: 'process', numGpus: 1, numCpus: 0 },
  )
  const both = await get([devices.remote(), devices.remote()])
  for (const { env, ids } of both) assert.is(env, ids.join(','))
})

test('a driver that is killed leaves no process and no file behind', async () => {
  const script = `
    const { init, remote } = await import('gymnura')
    await init({ numCpus: 2 })
    const stay = remote(() => new Promise(() => {}), { runtime: 'process' })
    stay.remote()
    const pid = remote(() => process.pid, { runtime: 'process' })
    const { get } = await import('gymnura')
    ;(await import('node:fs')).writeSync(1, String(await get(pid.remote())))
    process.kill(process.pid, 'SIGKILL')`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 30_000 })
  const pid = Number(stdout.trim())
  assert.ok(pid > 0, stdout)
  for (let tries = 0; tries < 100 && isAlive(pid); tries++) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.not(isAlive(pid))
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie that nobody has waited for is over.
    return !readdirSync('/proc').includes(String(pid)) ? false : !isZombie(pid)
  } catch {
    return false
  }
}

function isZombie(pid: number): boolean {
  return spawnSync('sh', ['-c', `grep -q 'State:.Z' /proc/${pid}/status`]).status === 0
}

test.run()
