import { setTimeout as sleep } from 'node:timers/promises'
import { actor, cancel, get, init, kill, type ObjectRef, put, remote, shutdown, state, type TaskRow } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hexId } from '../../core/api/object-ref.js'
import { rejection } from './expect.js'

const square = remote(function square(x: number) {
  return x * x
})
/** Runs until it is cancelled, and ends well then. */
const held = remote(async function held() {
  const { signal } = (await import('gymnura')).runtimeContext()
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return 1
})

/** Asks until what is looked for is there. */
async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await look()
    if (found) return found
    await sleep(10)
  }
  throw new Error('it never came')
}
const stateOf = async (ref: ObjectRef): Promise<string | undefined> => (await state.getTask(ref.id))?.state
const ends = async (kill: Promise<unknown>): Promise<void> => void (await kill.catch(() => undefined))

test.before(() => init({ numCpus: 2, resources: { lamp: 1 } }))
test.after(() => shutdown())

test('a task that is over has its times in order, its worker and its name', async () => {
  const before = performance.timeOrigin + performance.now()
  const ref = square.remote(3)
  await get(ref)
  const row = (await state.getTask(ref.id))!
  const after = performance.timeOrigin + performance.now()
  assert.equal([row.name, row.state, row.type, row.attemptNumber, row.parentTaskId], ['square', 'FINISHED', 'NORMAL_TASK', 0, null])
  const times = [before - 1, row.creationTimeMs, row.startTimeMs!, row.endTimeMs!, after + 5]
  assert.equal(
    times,
    times.toSorted((a, b) => a - b),
  )
  const worker = (await state.getWorker(row.workerId!))!
  assert.ok(worker.isAlive)
  assert.match(worker.name, /^worker-\d+$/)
})

test('a task that threw is FAILED with the class and the message of its error, each attempt apart', async () => {
  const flaky = remote(
    function flaky() {
      throw new RangeError('out of luck')
    },
    { retryExceptions: true, maxRetries: 2, name: 'unlucky' },
  )
  const ref = flaky.remote()
  await rejection(get(ref))
  const rows = await state.listTasks({ filters: [['taskId', '=', ref.id]] })
  assert.equal(
    rows.map(({ attemptNumber, state: was, name }) => [attemptNumber, was, name]),
    [0, 1, 2].map((attempt) => [attempt, 'FAILED', 'unlucky']),
  )
  assert.is(rows[2]!.errorType, 'TaskError')
  assert.match(rows[2]!.errorMessage!, /out of luck/)
})

test('tasks under way have the words of Ray for how far they are', async () => {
  const slow = held.remote()
  const behind = square.remote(slow)
  const lamp = held.options({ numCpus: 0, resources: { lamp: 1 } })
  const first = lamp.remote()
  const second = lamp.remote()
  const caller = remote(async function caller(inner: ObjectRef[]) {
    return await (await import('gymnura')).get(inner[0]!)
  }).remote([slow])
  await eventually(async () => (await stateOf(slow)) === 'RUNNING')
  assert.is(await stateOf(behind), 'PENDING_ARGS_AVAIL')
  await eventually(async () => (await stateOf(caller)) === 'RUNNING_IN_RAY_GET')
  await eventually(async () => (await stateOf(first)) === 'RUNNING')
  assert.is(await stateOf(second), 'PENDING_NODE_ASSIGNMENT')
  const { summary } = (await state.summary()).tasks
  assert.is(summary.find(({ name }) => name === 'caller')!.stateCounts.RUNNING_IN_RAY_GET, 1)
  await cancel(slow)
  await cancel(first)
  await eventually(async () => (await stateOf(second)) === 'RUNNING')
  await cancel(second)
  await get([slow, behind, first, second, caller] as ObjectRef[])
  for (const ref of [slow, behind, first, second, caller]) assert.is(await stateOf(ref), 'FINISHED')
  const rows = await state.listTasks({ filters: [['taskId', '=', first.id]] })
  assert.is(rows.length, 1)
})

test('calls of an actor wait, run and end under its id', async () => {
  class Slow {
    private open: () => void = () => {}
    async nap(): Promise<void> {
      await new Promise<void>((resolve) => (this.open = resolve))
    }
    wake() {
      this.open()
    }
  }
  const slow = actor(Slow, { concurrencyGroups: { naps: { maxConcurrency: 1, methods: ['nap'] } } }).remote()
  const first = slow.nap.remote()
  const second = slow.nap.remote()
  await eventually(async () => (await stateOf(first)) === 'RUNNING')
  const row = (await state.getTask(second.id))!
  assert.equal([row.state, row.name, row.type, row.actorId], ['SUBMITTED_TO_WORKER', 'Slow.nap', 'ACTOR_TASK', hexId(slow.actorId)])
  await get(slow.wake.remote())
  await get(first)
  await eventually(async () => (await stateOf(second)) === 'RUNNING')
  await get(slow.wake.remote())
  await get(second)
  const made = await state.listTasks({
    filters: [
      ['actorId', '=', slow.actorId],
      ['type', '=', 'ACTOR_CREATION_TASK'],
    ],
  })
  assert.equal(
    made.map(({ name, state: was }) => [name, was]),
    [['new Slow', 'FINISHED']],
  )
  await kill(slow)
})

test('a worker that computes is left out and holds nobody up, and one that dies meanwhile too', async () => {
  const busy = remote(
    function busy(ms: number) {
      const end = Date.now() + ms
      while (Date.now() < end);
    },
    { maxRetries: 0 },
  )
  const refs = [busy.remote(2500), busy.remote(2500)]
  await eventually(async () => (await stateOf(refs[0]!)) === 'RUNNING')
  const began = Date.now()
  const asked = state.listTasks({ filters: [['name', '=', 'busy']] })
  await Promise.all([sleep(100), cancel(refs[0]!, { force: true })])
  assert.is((await asked).length, 2)
  assert.ok(Date.now() - began < 2000)
  assert.is(((await rejection(get(refs[0]!))) as Error).name, 'TaskCancelledError')
  await get(refs[1]!)
})

test('a worker that ends while rows are gathered does not keep them from the others', async () => {
  class Frail {
    async ask(): Promise<number> {
      return (await import('gymnura')).state.listTasks().then((rows) => rows.length)
    }
    end() {
      process.exit(3)
    }
  }
  const frail = actor(Frail).remote()
  await get(frail.ask.remote())
  for (let round = 0; round < 3; round++) {
    const victim = actor(Frail).remote()
    await get(victim.ask.remote())
    const open = victim.ask.remote()
    const end = victim.end.remote()
    const [rows] = await Promise.all([state.listTasks(), ends(get(open)), ends(get(end))])
    assert.ok(rows.length > 0)
  }
  await kill(frail)
})

test('what a task starts names it as parent, and is seen from inside and outside', async () => {
  const parent = remote(async function parent() {
    const { get, remote, runtimeContext, state } = await import('gymnura')
    const ref = remote((x: number) => x * x).remote(5)
    await get(ref)
    return {
      parentId: runtimeContext().taskId!,
      childId: ref.id,
      seen: await state.getTask(ref.id),
      workers: (await state.listWorkers()).length,
      total: (await state.listTasks({ limit: 1 })).total,
    }
  })
  const { parentId, childId, seen, workers, total } = await get(parent.remote())
  assert.is(seen!.parentTaskId, hexId(parentId))
  assert.ok(workers >= 3)
  assert.ok(total > 1)
  assert.equal((await state.getTask(childId)) as TaskRow, seen)
})

test('actors are listed living and dead, with who they are and why they ended', async () => {
  class Listed {
    async where() {
      return (await import('gymnura')).runtimeContext().workerId!
    }
    fall() {
      process.exit(9)
    }
  }
  const listed = actor(Listed, { name: 'the listed', maxRestarts: 1 }).remote()
  const worker = await get(listed.where.remote())
  const row = (await state.getActor(listed.actorId))!
  assert.equal([row.className, row.state, row.name, row.numRestarts, row.isDetached], ['Listed', 'ALIVE', 'the listed', 0, false])
  assert.is((await state.getWorker(row.workerId!))!.name, worker)
  await ends(get(listed.fall.remote()))
  await get(listed.where.remote())
  assert.is((await state.getActor(listed.actorId))!.numRestarts, 1)
  await kill(listed)
  const dead = (await state.getActor(listed.actorId))!
  assert.is(dead.state, 'DEAD')
  assert.match(dead.deathCause!, /kill\(\)/)
})

test('workers that are gone say how they ended', async () => {
  class Ends {
    constructor(how: string) {
      if (how === 'throw') throw new Error('not made')
    }
    fall() {
      process.exit(9)
    }
    ok() {
      return true
    }
  }
  const class_ = actor(Ends)
  const crashed = class_.remote('')
  await get(crashed.ok.remote())
  await ends(get(crashed.fall.remote()))
  const killed = class_.remote('')
  await get(killed.ok.remote())
  await kill(killed)
  const unmade = class_.remote('throw')
  await rejection(get(unmade.ok.remote()))
  const exits = async (id: number) =>
    await eventually(async () => {
      const found = await state.listWorkers({
        filters: [
          ['name', '=', `Ends-${id}`],
          ['isAlive', '=', false],
        ],
      })
      return found[0]
    })
  const [a, b, c] = [await exits(crashed.actorId), await exits(killed.actorId), await exits(unmade.actorId)]
  assert.equal([a.exitType, b.exitType, c.exitType], ['SYSTEM_ERROR', 'INTENDED_USER_EXIT', 'USER_ERROR'])
  assert.match(a.exitDetail!, /exit code 9/)
  assert.match(c.exitDetail!, /not made/)
  assert.ok(a.endTimeMs! >= a.startTimeMs!)
  const drivers = await state.listWorkers({ filters: [['workerType', '=', 'DRIVER']] })
  assert.equal([drivers.length, drivers[0]!.pid, drivers[0]!.isAlive], [1, process.pid, true])
})

test('an object that has travelled is listed with its size, its owner and that it was put', async () => {
  const ref = put(new Float64Array(1000))
  const length = remote((refs: ObjectRef<Float64Array>[]) => refs.length)
  await get(length.remote([ref]))
  const row = (await state.getObject(ref.id))!
  assert.equal([row.objectId, row.taskStatus, row.type, row.referenceType], [hexId(ref.id), 'NIL', 'DRIVER', 'LOCAL_REFERENCE'])
  assert.ok(row.objectSize! >= 8000 && row.objectSize! < 9000)
})

test('a list tells how many there are behind its limit, and a flood of tasks is counted in full', async () => {
  const refs = Array.from({ length: 3000 }, (_, x) => square.remote(x))
  const rows = await state.listTasks({ filters: [['name', '=', 'square']], limit: 5 })
  assert.is(rows.length, 5)
  assert.ok(rows.total >= 3000)
  await get(refs)
  const { summary } = (await state.summary()).tasks
  const counts = summary.find(({ name }) => name === 'square')!.stateCounts
  assert.ok(counts.FINISHED! >= 3000)
  assert.is(counts.RUNNING, undefined)
})

test('tasks that a thread has submitted are listed when it is gone, with how they ended', async () => {
  class Submitter {
    async run() {
      const { actor, get, remote } = await import('gymnura')
      const good = remote((x: number) => x, { name: 'left good' })
      const bad = remote(
        () => {
          throw new RangeError('left behind')
        },
        { name: 'left bad' },
      )
      class Helper {
        help() {
          return 1
        }
      }
      await get(Array.from({ length: 1500 }, (_, i) => good.remote(i)))
      await get(bad.remote() as ObjectRef).catch(() => {})
      await get(actor(Helper).remote().help.remote())
      setImmediate(() => process.exit(3))
      await new Promise(() => {})
    }
  }
  await rejection(get(actor(Submitter).remote().run.remote()))
  const named = async (name: string) => await state.listTasks({ filters: [['name', '=', name]] })
  const good = await named('left good')
  assert.is(good.total, 1500)
  assert.ok(good.every(({ state: was }) => was === 'FINISHED'))
  const [bad] = await named('left bad')
  assert.equal([bad!.state, bad!.errorType], ['FAILED', 'TaskError'])
  assert.match(bad!.errorMessage!, /left behind/)
  assert.is((await named('Helper.help'))[0]!.state, 'FINISHED')
  const { summary } = (await state.summary()).tasks
  assert.is(summary.find(({ name }) => name === 'left good')!.stateCounts.FINISHED, 1500)
})

test.run()
