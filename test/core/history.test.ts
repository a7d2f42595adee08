import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hexId } from '../../core/api/object-ref.js'
import { type HistoryPart, MAX_NAMES, TaskHistory } from '../../core/control/history.js'
import { type TaskRow, taskTypes } from '../../core/control/rows.js'

interface Ended {
  id: number
  name: string
  kind: number
  actorId: number
  worker: number
  parentId: number
  attempt: number
  times: [created: number, start: number, end: number]
  error: { type: string; message: string } | undefined
}

const anId = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20 }), fc.maxSafeNat())
const aTime = fc.double({ min: 1, max: 4e12, noNaN: true })
const ended: fc.Arbitrary<Ended> = fc.record({
  id: fc.maxSafeNat(),
  name: fc.constantFrom('square', 'Counter', 'Counter.add', '__proto__', ''),
  kind: fc.nat(2),
  actorId: anId,
  worker: anId,
  parentId: anId,
  attempt: fc.nat(2 ** 32 - 1),
  times: fc.tuple(aTime, fc.oneof(fc.constant(0), aTime), aTime),
  error: fc.option(fc.record({ type: fc.constantFrom('TaskError', 'ActorDiedError'), message: fc.string() }), { nil: undefined }),
})

function record(history: TaskHistory, { id, name, kind, actorId, worker, parentId, attempt, times, error }: Ended): void {
  const common = [id, history.name(name), kind, actorId, worker, parentId, attempt, ...times] as const
  if (error === undefined) history.finished(...common)
  else history.failed(...common, error.type, error.message)
}

function expectedRow({ id, name, kind, actorId, worker, parentId, attempt, times, error }: Ended): TaskRow {
  return {
    taskId: hexId(id),
    attemptNumber: attempt,
    name,
    state: error === undefined ? 'FINISHED' : 'FAILED',
    type: taskTypes[kind]!,
    actorId: actorId === 0 ? null : hexId(actorId),
    workerId: worker === 0 ? null : hexId(worker),
    parentTaskId: parentId === 0 ? null : hexId(parentId),
    creationTimeMs: times[0],
    startTimeMs: times[1] === 0 ? null : times[1],
    endTimeMs: times[2],
    errorType: error?.type ?? null,
    errorMessage: error?.message ?? null,
  }
}

/** The last so many of each sort, in the order in which all came. */
function held(all: Ended[], finished: number, failed: number): Ended[] {
  const good = all.filter(({ error }) => error === undefined)
  const bad = all.filter(({ error }) => error !== undefined)
  const kept = new Set([...good.slice(Math.max(0, good.length - finished)), ...bad.slice(Math.max(0, bad.length - failed))])
  return all.filter((task) => kept.has(task))
}

test('the history holds the last finished and, apart from them, the last failed, in the order in which they ended', () => {
  fc.assert(
    fc.property(
      fc.array(ended, { maxLength: 60 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 6 }),
      (all, finished, failed) => {
        const history = new TaskHistory({ finished, failed })
        for (const task of all) record(history, task)
        const expected = held(all, finished, failed).map(expectedRow)
        assert.equal(history.rows(), expected)
        assert.is(history.size, expected.length)
        for (const newest of [0, 1, 5, 100]) assert.equal(history.rows(newest), newest === 0 ? [] : expected.slice(-newest))
      },
    ),
    { numRuns: 300 },
  )
})

test('the order and the limits hold at real sizes, where the ring has many blocks and goes round several times', () => {
  const history = new TaskHistory({ finished: 5000, failed: 1500 })
  const name = history.name('f')
  for (let id = 1; id <= 23_456; id++) {
    if (id % 3 === 0) history.failed(id, name, 0, 0, 1, 0, 0, id, id, id, 'TaskError', `number ${id}`)
    else history.finished(id, name, 0, 0, 1, 0, 0, id, id, id)
  }
  const rows = history.rows()
  const ids = rows.map(({ taskId }) => Number.parseInt(taskId, 16))
  assert.equal(
    ids,
    ids.toSorted((a, b) => a - b),
  )
  assert.is(ids.at(-1), 23_456)
  assert.is(rows.filter(({ state }) => state === 'FINISHED').length, 5000)
  const failed = rows.filter(({ state }) => state === 'FAILED')
  assert.is(failed.length, 1500)
  for (const { taskId, errorMessage } of failed) assert.is(errorMessage, `number ${Number.parseInt(taskId, 16)}`)
})

test('counts are of all tasks since the start, by name, type and state, also of those that are not held any more', () => {
  fc.assert(
    fc.property(fc.array(ended, { maxLength: 80 }), (all) => {
      const history = new TaskHistory({ finished: 3, failed: 2 })
      for (const task of all) record(history, task)
      const tally = new Map<string, number>()
      for (const { name, kind, error } of all) {
        const key = JSON.stringify([name, taskTypes[kind], error === undefined ? 'FINISHED' : 'FAILED'])
        tally.set(key, (tally.get(key) ?? 0) + 1)
      }
      const counts = history.counts().map(({ name, type, state, count }) => [JSON.stringify([name, type, state]), count] as const)
      assert.is(counts.length, tally.size)
      for (const [key, count] of counts) assert.is(count, tally.get(key))
    }),
  )
})

test('what a thread that is gone has recorded stands behind the history that takes it over, with its counts', () => {
  fc.assert(
    fc.property(fc.array(ended, { maxLength: 40 }), fc.array(ended, { maxLength: 60 }), (before, after) => {
      const parts: HistoryPart[] = []
      const gone = new TaskHistory({ finished: 12, failed: 6 }, (part) => parts.push(part))
      for (const task of after) record(gone, task)
      const known = new TaskHistory({ finished: 12, failed: 6 })
      for (const part of parts) known.take(part)
      const history = new TaskHistory()
      for (const task of before) record(history, task)
      history.absorb(known)
      assert.equal(history.rows(), [...before, ...held(after, 12, 6)].map(expectedRow))
      const all = new TaskHistory()
      for (const task of [...before, ...after]) record(all, task)
      const sorted = (one: TaskHistory) =>
        one
          .counts()
          .map((count) => JSON.stringify(count))
          .toSorted()
      assert.equal(sorted(history), sorted(all))
    }),
  )
})

test('a history that has seen nothing has no rows and no counts', () => {
  const history = new TaskHistory()
  assert.equal(history.rows(), [])
  assert.equal(history.counts(), [])
})

test('a name has one index, and names beyond the limit share one', () => {
  const history = new TaskHistory({ finished: 10 })
  assert.is(history.name('a'), history.name('a'))
  assert.is.not(history.name('a'), history.name('b'))
  for (let n = 0; n < MAX_NAMES + 5; n++) history.finished(n + 1, history.name(`task ${n}`), 0, 0, 0, 0, 0, 1, 1, 1)
  assert.is(history.name('one more'), history.name('and another'))
  assert.is(history.rows().at(-1)!.name, `(more than ${MAX_NAMES} names)`)
  const counts = history.counts()
  assert.is(
    counts.reduce((sum, { count }) => sum + count, 0),
    MAX_NAMES + 5,
  )
  assert.is(counts.length, MAX_NAMES - 1)
})

test('a very long error message is kept in part', () => {
  const history = new TaskHistory()
  const name = history.name('f')
  history.failed(1, name, 0, 0, 0, 0, 0, 1, 1, 1, 'TaskError', `beginning ${'ä'.repeat(100_000)}`)
  const message = history.rows()[0]!.errorMessage!
  assert.is(message.length, 2000)
  assert.match(message, /^beginning ä+…$/)
})

test.run()
