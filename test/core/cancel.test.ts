import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { actor, cancel, GymnuraError, get, init, type ObjectRef, remote, shutdown, TaskCancelledError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually, rejection } from './expect.js'

test.before(() => init({ numCpus: 2, resources: { lamp: 1 } }))
test.after(() => shutdown())

const flag = (length = 1) => new Int32Array(new SharedArrayBuffer(4 * length))
/** Says that it runs, and runs until it is cancelled; it fails then. */
const held = remote(async function held(began: Int32Array) {
  const { signal } = (await import('gymnura')).runtimeContext()
  Atomics.add(began, 0, 1)
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  Atomics.add(began, 0, 100)
  signal.throwIfAborted()
})
/** Hears nothing. */
const deaf = remote(function deaf(began: Int32Array) {
  Atomics.add(began, 0, 1)
  for (;;);
})
const mark = remote(function mark(ran: Int32Array) {
  Atomics.add(ran, 0, 1)
})
const cancelled = async (ref: ObjectRef) => assert.instance(await rejection(get(ref)), TaskCancelledError)
/** Occupies both workers; ends them when called. */
async function busy(): Promise<() => Promise<void>> {
  const began = flag()
  const refs = [held.remote(began), held.remote(began)]
  await eventually(() => began[0] === 2)
  return async () => {
    for (const ref of refs) await cancel(ref)
  }
}

test('a queued task that is cancelled never runs, and get throws TaskCancelledError with its name', async () => {
  const free = await busy()
  const ran = flag()
  const ref = mark.remote(ran)
  await cancel(ref)
  await free()
  const error = await rejection(get(ref))
  assert.instance(error, TaskCancelledError)
  assert.match(error.message, /^mark was cancelled$/)
  await get([remote(() => 1).remote(), remote(() => 2).remote()])
  assert.is(ran[0], 0)
})

test('a task that waits for its arguments, or for resources, is cancelled at once', async () => {
  const began = flag()
  const ran = flag()
  const lamp = held.options({ numCpus: 0, resources: { lamp: 1 } }).remote(began)
  await eventually(() => began[0] === 1)
  const noLamp = mark.options({ numCpus: 0, resources: { lamp: 1 } }).remote(ran)
  const behind = remote((_: unknown, ran: Int32Array) => Atomics.add(ran, 0, 1)).remote(lamp, ran)
  await cancel(noLamp)
  await cancel(behind)
  await cancelled(noLamp)
  await cancelled(behind)
  await cancel(lamp)
  await cancelled(lamp)
  await get(remote(() => 1, { numCpus: 0, resources: { lamp: 1 } }).remote())
  assert.is(ran[0], 0)
})

test('a running task hears of it by its signal; it is cancelled if it throws then, and has a value if it gives one', async () => {
  const began = flag()
  const throws = held.remote(began)
  const gives = remote(async (began: Int32Array) => {
    const { signal } = (await import('gymnura')).runtimeContext()
    Atomics.add(began, 0, 1)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return 'in time'
  }).remote(began)
  await eventually(() => began[0] === 2)
  await Promise.all([cancel(throws), cancel(gives)])
  await cancelled(throws)
  assert.is(await get(gives), 'in time')
})

test('a cancelled task is not run again, whatever its retries', async () => {
  const began = flag()
  const ref = held.options({ retryExceptions: true, maxRetries: 5 }).remote(began)
  const forced = deaf.options({ maxRetries: 5 }).remote(began)
  await eventually(() => began[0] === 2)
  await cancel(ref)
  await cancelled(ref)
  await cancel(forced, { force: true })
  await cancelled(forced)
  await get(remote(() => 1).remote())
  assert.is(began[0], 102)
})

test('with force a task that hears nothing is ended, and cancel resolves when its thread is gone', async () => {
  const began = flag()
  const ref = deaf.remote(began)
  await eventually(() => began[0] === 1)
  await cancel(ref, { force: true })
  await cancelled(ref)
})

test('nothing happens to a task that is over', async () => {
  const ref = remote(() => 7).remote()
  assert.is(await get(ref), 7)
  await cancel(ref)
  await cancel(ref, { force: true })
  assert.is(await get(ref), 7)
})

for (const force of [false, true]) {
  test(`a task whose thread or process is still starting is cancelled before it begins (force: ${force})`, async () => {
    // No idle thread of an earlier test is there to begin them at once.
    await shutdown()
    await init({ numCpus: 2, resources: { lamp: 1 } })
    const ran = flag()
    const thread = mark.options({ timeoutMs: 60_000 }).remote(ran)
    const resource = mark.options({ numCpus: 0, resources: { lamp: 1 } }).remote(ran)
    const apart = remote(
      (file: string) => {
        require('node:fs').writeFileSync(file, 'ran')
      },
      { runtime: 'process' },
    ).remote('/nowhere/at/all')
    const all: ObjectRef[] = [thread, resource, apart]
    await Promise.all(all.map((ref) => cancel(ref, { force })))
    for (const ref of all) await cancelled(ref)
    // The next of each kind run where those would have.
    await get(mark.options({ timeoutMs: 60_000 }).remote(flag()))
    await get(mark.options({ numCpus: 0, resources: { lamp: 1 } }).remote(flag()))
    assert.is(ran[0], 0)
  })
}

/** Starts children of every kind and waits. */
const parent = remote(async function parent(child: string, began: Int32Array) {
  const { actor, get, remote } = await import('gymnura')
  const run = remote(new Function(`return ${child}`)() as (began: Int32Array) => Promise<void>)
  class Server {
    async serve(began: Int32Array) {
      const { signal } = (await import('gymnura')).runtimeContext()
      Atomics.add(began, 0, 1)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      Atomics.add(began, 0, 100)
    }
  }
  const server = actor(Server).remote()
  await get([run.remote(began), run.options({ timeoutMs: 60_000 }).remote(began), server.serve.remote(began)])
})
const CHILD = `async (began) => {
  const { signal } = (await import('gymnura')).runtimeContext()
  Atomics.add(began, 0, 1)
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  Atomics.add(began, 0, 100)
  signal.throwIfAborted()
}`

test('what a cancelled task has started is cancelled too: its tasks, those with threads of their own, and its calls of actors', async () => {
  const began = flag()
  const ref = parent.remote(CHILD, began)
  await eventually(() => began[0] === 3)
  await cancel(ref)
  await cancelled(ref)
  await eventually(() => began[0] === 303)
})

test('without recursive only the task itself is cancelled', async () => {
  const began = flag()
  const alone = remote(async (began: Int32Array) => {
    const { get, remote, runtimeContext } = await import('gymnura')
    const { signal } = runtimeContext()
    const child = remote(async (began: Int32Array) => {
      const { signal } = (await import('gymnura')).runtimeContext()
      Atomics.add(began, 0, 1)
      while (Atomics.load(began, 0) < 10) await new Promise((resolve) => setTimeout(resolve, 2))
      return signal.aborted
    }).remote(began)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    Atomics.add(began, 0, 10)
    return [signal.aborted, await get(child)]
  })
  const ref = alone.remote(began)
  await eventually(() => began[0] === 1)
  await cancel(ref, { recursive: false })
  assert.equal(await get(ref), [true, false])
})

test('what a cancelled task starts afterwards is cancelled as well, unless recursive is false', async () => {
  const late = remote(async (began: Int32Array) => {
    const { get, remote, runtimeContext } = await import('gymnura')
    const { signal } = runtimeContext()
    Atomics.add(began, 0, 1)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    try {
      return await get(remote(() => 'ran').remote())
    } catch (error) {
      return (error as Error).name
    }
  })
  for (const recursive of [true, false]) {
    const began = flag()
    const ref = late.remote(began)
    await eventually(() => began[0] === 1)
    await cancel(ref, { recursive })
    assert.is(await get(ref), recursive ? 'TaskCancelledError' : 'ran')
  }
})

test('with force also children on other threads that hear nothing are ended, and theirs', async () => {
  const began = flag()
  const tree = remote(async (began: Int32Array, depth: number): Promise<unknown> => {
    const { get, remote } = await import('gymnura')
    Atomics.add(began, 0, 1)
    if (depth === 0) for (;;);
    const next = remote((began: Int32Array) => {
      Atomics.add(began, 0, 1)
      for (;;);
    })
    return await get([next.remote(began), next.options({ timeoutMs: 60_000 }).remote(began)])
  })
  const ref = tree.remote(began, 1)
  await eventually(() => began[0] === 3)
  await cancel(ref, { force: true })
  await cancelled(ref)
  // Both workers are free again.
  const both = flag(2)
  const meet = remote((both: Int32Array) => {
    Atomics.add(both, 0, 1)
    for (const end = Date.now() + 10_000; Atomics.load(both, 0) < 2 && Date.now() < end; );
    return Atomics.load(both, 0)
  })
  assert.equal(await get([meet.remote(both), meet.remote(both)]), [2, 2])
})

test('a task that returns several values is cancelled by any of its refs', async () => {
  const kinds = [held.options({ numReturns: 3 }), held.options({ numReturns: 3, timeoutMs: 60_000 })]
  for (const kind of kinds) {
    const began = flag()
    const refs = kind.remote(began)
    await eventually(() => began[0] === 1)
    await cancel(refs[2]!)
    for (const ref of refs) await cancelled(ref)
  }
  const free = await busy()
  const queued = held.options({ numReturns: 2 }).remote(flag())
  await cancel(queued[1]!)
  for (const ref of queued) await cancelled(ref)
  await free()
})

test('a task can be cancelled from a thread that did not submit it, by any of its refs', async () => {
  const canceller = remote(async (refs: ObjectRef[], force: boolean) => {
    await (await import('gymnura')).cancel(refs[0]!, { force })
  })
  for (const options of [{}, { timeoutMs: 60_000 }] as const) {
    for (const force of [false, true]) {
      const began = flag()
      const [first, second] = held.options({ numReturns: 2, ...options }).remote(began)
      await eventually(() => began[0] === 1)
      await get(canceller.remote([second!], force))
      await cancelled(first!)
      await cancelled(second!)
    }
  }
})

test('the program, and another worker, cancel what a worker has started', async () => {
  class Starter {
    async start(began: Int32Array, options: object) {
      const { remote } = await import('gymnura')
      return remote(
        async (began: Int32Array) => {
          const { signal } = (await import('gymnura')).runtimeContext()
          Atomics.add(began, 0, 1)
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
          signal.throwIfAborted()
        },
        { numReturns: 2, ...options },
        // A process shares no memory: it gets a copy.
      ).remote('runtime' in options ? Int32Array.from(began) : began)
    }
  }
  const starter = actor(Starter).remote()
  const other = remote(async (refs: ObjectRef[]) => {
    await (await import('gymnura')).cancel(refs[0]!)
  })
  for (const options of [{}, { timeoutMs: 60_000 }, { runtime: 'process' }]) {
    for (const how of ['driver', 'worker']) {
      const began = flag()
      const refs = await get(starter.start.remote(began, options))
      // A process does not share the flag.
      if (!('runtime' in options)) await eventually(() => began[0] === 1)
      if (how === 'driver') await cancel(refs[1]!)
      else await get(other.remote([refs[1]!]))
      for (const ref of refs) await cancelled(ref)
    }
  }
})

test('force is refused for a call of an actor, running or not: it would end the actor', async () => {
  class Slow {
    async nap(began: Int32Array) {
      Atomics.add(began, 0, 1)
      await new Promise((resolve) => setTimeout(resolve, 100))
      return 1
    }
  }
  const slow = actor(Slow, { maxConcurrency: 1 }).remote()
  const began = flag()
  const refs = [slow.nap.remote(began), slow.nap.remote(began)]
  await eventually(() => began[0] === 1)
  for (const ref of refs) {
    const error = await rejection(cancel(ref, { force: true }))
    assert.instance(error, GymnuraError)
    assert.match(error.message, /Slow\.nap is a call of an actor, .* use kill\(handle\)/)
  }
  assert.equal(await get(refs), [1, 1])
})

test('an outstanding cancel or kill keeps the process alive until it is done', () => {
  const run = (body: string) => {
    const script = `import { actor, cancel, get, init, kill, remote } from 'gymnura'\nawait init({ numCpus: 1 })\n${body}\nconsole.log('done')`
    return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 30_000 })
  }
  const spin = 'const ref = remote(() => { for (;;); }).remote()\nawait new Promise((go) => setTimeout(go, 300))\n'
  for (const body of [
    `${spin}await cancel(ref, { force: true })`,
    `class A { m() { for (;;); } }\nconst a = actor(A).remote()\na.m.remote()\nawait new Promise((go) => setTimeout(go, 300))\nawait kill(a)`,
    `const owner = actor(class { async go() { const { remote } = await import('gymnura'); return [remote(async () => { await new Promise(() => {}) }).remote()] } }).remote()
     const [ref] = await get(owner.go.remote())\nawait cancel(ref)`,
  ]) {
    const { status, stdout, stderr } = run(body)
    assert.equal([status, stdout], [0, 'done\n'], stderr)
  }
})

test('cancel that races with the end of its tasks leaves every get with a value or TaskCancelledError', async () => {
  const quick = remote(async (i: number) => {
    const { signal } = (await import('gymnura')).runtimeContext()
    await new Promise((resolve) => setTimeout(resolve, i % 3))
    signal.throwIfAborted()
    return i
  })
  const refs = Array.from({ length: 300 }, (_, i) => quick.options(i % 10 === 0 ? { timeoutMs: 60_000 } : {}).remote(i))
  for (const [i, ref] of refs.entries()) {
    if (i % 5 === 0) await sleep(1)
    void cancel(ref)
  }
  for (const [i, ref] of refs.entries()) {
    const outcome = await get(ref, { timeoutMs: 30_000 }).catch((error: Error) => error)
    if (outcome !== i) assert.instance(outcome, TaskCancelledError)
  }
})

test.run()
