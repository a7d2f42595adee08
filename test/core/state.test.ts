import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hexId } from '../../core/api/object-ref.js'
import { type StateSource, setStateSource, state } from '../../core/api/state.js'
import { TaskHistory } from '../../core/control/history.js'
import { select } from '../../core/control/query.js'
import { type ActorRow, columns, type ObjectRow, type RowKind, type RowKinds } from '../../core/control/rows.js'
import { rejection } from './expect.js'

const actor = (id: number, className: string, actorState: ActorRow['state']): ActorRow => ({
  actorId: hexId(id),
  className,
  state: actorState,
  name: null,
  namespace: null,
  workerId: null,
  pid: null,
  numRestarts: 0,
  isDetached: false,
  deathCause: null,
})

const object = (id: number, objectSize: number | null, callSite: string | null): ObjectRow => ({
  objectId: hexId(id),
  objectSize,
  taskStatus: 'NIL',
  referenceType: 'LOCAL_REFERENCE',
  name: null,
  location: 'INLINE',
  referenceCount: 1,
  callSite,
  type: 'DRIVER',
  workerId: null,
  pid: 1,
})

/** Two threads, each with a history of its own. */
function source(): StateSource {
  const threads = [new TaskHistory(), new TaskHistory()]
  threads.forEach((history, thread) => {
    const square = history.name('square')
    const add = history.name('Counter.add')
    for (let n = 1; n <= 150; n++) history.finished(1000 * thread + n, square, 0, 0, 5, 0, 0, n, n, n + 1)
    history.failed(1000 * thread + 500, add, 2, 77, 6, 3, 0, 1, 2, 3, 'TaskError', 'no')
    history.finished(1000 * thread + 500, add, 2, 77, 6, 3, 1, 4, 5, 6)
  })
  const all: { [Kind in RowKind]: RowKinds[Kind][] } = {
    tasks: threads.flatMap((history) => history.rows()),
    actors: [actor(77, 'Counter', 'ALIVE'), actor(78, 'Counter', 'DEAD'), actor(79, 'Queue', 'ALIVE'), actor(80, 'Counter', 'ALIVE')],
    objects: [object(1, 10, 'a.ts:1'), object(2, 500, 'b.ts:2'), object(3, null, 'a.ts:1'), object(4, 20, null)],
    workers: [],
  }
  return {
    rows: async (kind) => all[kind],
    counts: async () => [
      ...threads.flatMap((history) => history.counts()),
      { name: 'square', type: 'NORMAL_TASK', state: 'RUNNING', count: 2 },
    ],
  }
}

test('before an engine is there the state API says so', async () => {
  assert.is(((await rejection(state.listTasks())) as Error & { code: string }).code, 'ERR_INIT')
})

test('lists give the rows that pass the filters, the newest last, and how many there were', async () => {
  setStateSource(source)
  const failed = await state.listTasks({ filters: [['state', '=', 'FAILED']] })
  assert.is(failed.length, 2)
  assert.equal([failed[0]!.errorType, failed[0]!.errorMessage, failed[0]!.type], ['TaskError', 'no', 'ACTOR_TASK'])
  const some = await state.listTasks({ filters: [['name', '=', 'square']], limit: 10 })
  assert.is(some.length, 10)
  assert.is(some.total, 300)
  assert.is((await state.listActors({ filters: [['state', '!=', 'DEAD']] })).length, 3)
  assert.is((await state.listObjects({ filters: [['objectSize', '>=', 20]] })).length, 2)
  assert.equal([...(await state.listWorkers())], [])
})

test('a source that selects by itself gives the same lists', async () => {
  const whole = source()
  setStateSource(() => ({
    ...whole,
    rows: async <Kind extends RowKind>(kind: Kind, query?: Parameters<StateSource['rows']>[1]) =>
      select('test', columns[kind], await whole.rows(kind), query as never),
  }))
  const some = await state.listTasks({ filters: [['name', '=', 'square']], limit: 10 })
  assert.is(some.length, 10)
  assert.is(some.total, 300)
})

test('a bad query rejects, in the words of the call, before the source is asked', async () => {
  setStateSource(() => {
    throw new Error('asked')
  })
  assert.match(
    (await rejection(state.listActors({ filters: [['stat' as 'state', '=', 'ALIVE']] }))).message,
    /^state\.listActors: .*did you mean 'state'/,
  )
})

test('one row is found by its id, as a number or as it is shown, and of a task the last attempt', async () => {
  setStateSource(source)
  assert.is((await state.getTask(500))!.attemptNumber, 1)
  assert.is((await state.getTask(hexId(500)))!.state, 'FINISHED')
  assert.is((await state.getActor(78))!.state, 'DEAD')
  assert.is((await state.getObject(2))!.objectSize, 500)
  assert.is(await state.getWorker(1), undefined)
  assert.is(await state.getTask(123_456), undefined)
})

test('the summary counts tasks by name and state, actors by class and state, and objects by place and size', async () => {
  setStateSource(source)
  assert.equal(await state.summary(), {
    tasks: {
      totalTasks: 302,
      totalActorTasks: 4,
      totalActorScheduled: 0,
      summary: [
        { name: 'square', type: 'NORMAL_TASK', stateCounts: { FINISHED: 300, RUNNING: 2 } },
        { name: 'Counter.add', type: 'ACTOR_TASK', stateCounts: { FINISHED: 2, FAILED: 2 } },
      ],
    },
    actors: {
      totalActors: 4,
      summary: [
        { className: 'Counter', stateCounts: { ALIVE: 2, DEAD: 1 } },
        { className: 'Queue', stateCounts: { ALIVE: 1 } },
      ],
    },
    objects: {
      totalObjects: 4,
      totalSizeBytes: 530,
      summary: [
        { callSite: 'b.ts:2', totalObjects: 1, totalSizeBytes: 500 },
        { callSite: null, totalObjects: 1, totalSizeBytes: 20 },
        { callSite: 'a.ts:1', totalObjects: 2, totalSizeBytes: 10 },
      ],
    },
  })
})

test.run()
