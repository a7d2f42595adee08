import { spawn } from 'node:child_process'
import {
  ActorPool,
  actor,
  cancel,
  type GymnuraError,
  get,
  init,
  kill,
  Pool,
  placementGroup,
  put,
  Queue,
  remote,
  shutdown,
  state,
  timeline,
} from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

/** Runs a program that imports the package; it must end by itself. */
function program(source: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { cwd: new URL('../../..', import.meta.url) })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** Stands in a module's top level: what a worker must not run. */
export function guarded(): string {
  return 'imported'
}

test('a program ends by itself, after its gets and without shutdown', async () => {
  const { code, output } = await program(`
    import { actor, get, remote } from 'gymnura'
    const slow = remote(async (x) => { await new Promise((r) => setTimeout(r, 100)); return x * x })
    class A { hi() { return 'hi' } }
    console.log(await get(slow.remote(7)), await get(actor(A).remote().hi.remote()))
  `)
  assert.is(output, '49 hi\n')
  assert.is(code, 0)
})

test('tasks that nobody waits for do not keep a program alive', async () => {
  const { code, output } = await program(`
    import { remote } from 'gymnura'
    remote(() => { for (;;); }).remote()
    console.log('end')
  `)
  assert.is(output, 'end\n')
  assert.is(code, 0)
})

test('a get that is caught without await still holds the process until it is settled', async () => {
  const { code, output } = await program(`
    import { get, remote } from 'gymnura'
    get(remote(() => { process.exit(5) }, { maxRetries: 0 }).remote()).catch((error) => console.log(error.code))
  `)
  assert.is(output, 'ERR_WORKER_CRASHED\n')
  assert.is(code, 0)
})

test('a program that idles uses no processor time', async () => {
  const { code, output } = await program(`
    import { actor, get, init, remote } from 'gymnura'
    await init({ numCpus: 2 })
    class A { hi() { return 'hi' } }
    await get([remote(() => 1).remote(), actor(A).remote().hi.remote()])
    await new Promise((r) => setTimeout(r, 100))
    const before = process.cpuUsage()
    await new Promise((r) => setTimeout(r, 500))
    const { user, system } = process.cpuUsage(before)
    console.log((user + system) / 1000 < 100 ? 'idle' : 'busy: ' + (user + system) / 1000 + ' ms')
  `)
  assert.is(output, 'idle\n')
  assert.is(code, 0)
})

test('a second init is refused, unless it is to be ignored', async () => {
  await init({ numCpus: 1 })
  const error = (await rejection(init())) as GymnuraError
  assert.is(error.code, 'ERR_INIT')
  await init({ ignoreReinitError: true })
  assert.match((await rejection(init({ numCpu: 1 } as object))).message, /did you mean 'numCpus'/)
  assert.match((await rejection(init({ numCpus: 0 }))).message, /numCpus must be a whole number between 1 and 1024, not 0/)
  await shutdown()
})

test('init is optional, and the runtime can be started again after shutdown', async () => {
  await shutdown()
  const square = remote((x: number) => x * x)
  assert.is(await get(square.remote(3)), 9)
  await shutdown()
  assert.is(await get(square.remote(4)), 16)
  await shutdown()
})

test('what was made before shutdown says so afterwards, and starts no runtime', async () => {
  await init({ numCpus: 1 })
  class Still {
    here() {
      return true
    }
  }
  const still = actor(Still).remote()
  const group = placementGroup([{ numCpus: 1 }])
  await group.ready()
  const pending = remote(() => new Promise(() => {})).remote()
  const pool = new ActorPool([still])
  const queue = new Queue<number>()
  const processes = new Pool({ processes: 1 })
  await get(still.here.remote())
  await shutdown()
  const calls: Record<string, () => Promise<unknown>> = {
    'group.ready': () => group.ready(),
    kill: () => kill(still),
    'a call': () => get(still.here.remote()),
    get: () => get(pending),
    'queue.put': () => queue.put(1),
    'pool.map': () => processes.map((x: number) => x, [1]),
    'ActorPool.map': () => pool.map((one) => one.here.remote(), [1]).next(),
  }
  for (const [what, call] of Object.entries(calls)) assert.is(((await rejection(call())) as GymnuraError).code, 'ERR_SHUTDOWN', what)
  await group.remove()
  await cancel(pending)
  for (const call of [() => state.listTasks(), () => state.summary(), () => timeline()])
    assert.match((await rejection(call())).message, /no runtime is running/)
  // It would be refused if one of them had started a runtime.
  await init({ numCpus: 1 })
  assert.is(((await rejection(kill(still))) as GymnuraError).code, 'ERR_SHUTDOWN')
  assert.match((await rejection(group.ready())).message, /removed|shut down/)
  await shutdown()
})

test('shutdown fails what is pending', async () => {
  await init({ numCpus: 1 })
  const forever = remote(() => new Promise(() => {}))
  const running = get(forever.remote())
  const queued = get(forever.remote())
  const both = Promise.all([rejection(running), rejection(queued)])
  await shutdown()
  for (const error of await both) assert.is((error as GymnuraError).code, 'ERR_SHUTDOWN')
})

test('init inside a worker is refused and names the guard', async () => {
  const inside = remote(async () => {
    const { init } = await import('gymnura')
    await init()
  })
  const error = await rejection(get(inside.remote()))
  assert.match(error.message, /init\(\) was called inside a worker.*isMainThread/)
  await shutdown()
})

test('everything that submits can be used inside a task', async () => {
  const nested = remote(async (box: { ref: unknown }) => {
    const { get, put, remote, actor, wait } = await import('gymnura')
    class A {
      hi() {
        return 1
      }
    }
    const ref = box.ref as ReturnType<typeof put>
    const codes: string[] = []
    for (const attempt of [() => remote(() => 1).remote(), () => put(1), () => get(ref), () => wait([ref]), () => actor(A).remote()]) {
      try {
        await attempt()
        codes.push('passed')
      } catch (error) {
        codes.push((error as { code: string }).code)
      }
    }
    return codes
  })
  const codes = await get(nested.remote({ ref: put(1) }))
  assert.equal(codes, Array(5).fill('passed'))
  await shutdown()
})

test.run()
