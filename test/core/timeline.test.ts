import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GymnuraError } from '../../core/api/errors.js'
import { hexId } from '../../core/api/object-ref.js'
import { type StateSource, setStateSource } from '../../core/api/state.js'
import { timeline } from '../../core/api/timeline.js'
import { type TaskRow, taskTypes } from '../../core/control/rows.js'
import { type TraceEvent, traceEvents } from '../../core/control/timeline.js'
import { rejection } from './expect.js'

const folder = mkdtempSync(join(tmpdir(), 'gymnura-timeline-'))
test.after(() => rmSync(folder, { recursive: true }))

const EPOCH_MS = 1_795_478_400_000.123

function task(id: number, worker: number, startMs: number | null, endMs: number | null, more: Partial<TaskRow> = {}): TaskRow {
  return {
    taskId: hexId(id),
    attemptNumber: 0,
    name: `task ${id}`,
    state: endMs === null ? 'RUNNING' : 'FINISHED',
    type: 'NORMAL_TASK',
    actorId: null,
    workerId: worker === 0 ? null : hexId(worker),
    parentTaskId: null,
    creationTimeMs: EPOCH_MS + (startMs ?? 0) - 1,
    startTimeMs: startMs === null ? null : EPOCH_MS + startMs,
    endTimeMs: endMs === null ? null : EPOCH_MS + endMs,
    errorType: null,
    errorMessage: null,
    ...more,
  }
}

function setRows(tasks: TaskRow[], names: Record<number, string> = {}): void {
  const workers = Object.entries(names).map(([id, name]) => ({ workerId: hexId(Number(id)), name }))
  setStateSource(
    () => ({ rows: async (kind) => ({ tasks, workers })[kind as 'tasks'] as never, counts: async () => [] }) satisfies StateSource,
  )
}

/** The fields that the Trace Event Format asks of each sort of event, and no others. */
function checkFormat(events: readonly TraceEvent[]): void {
  const whole = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0
  const time = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0
  const allowed = {
    X: ['ph', 'name', 'cat', 'pid', 'tid', 'ts', 'dur', 'args'],
    M: ['ph', 'name', 'pid', 'tid', 'args'],
    s: ['ph', 'name', 'cat', 'pid', 'tid', 'ts', 'id'],
    f: ['ph', 'name', 'cat', 'pid', 'tid', 'ts', 'id', 'bp'],
  }
  for (const event of events) {
    assert.equal(Object.keys(event).sort(), allowed[event.ph].sort())
    assert.ok(typeof event.name === 'string' && whole(event.pid) && whole(event.tid), JSON.stringify(event))
    if (event.ph === 'M') continue
    assert.ok(time(event.ts) && event.cat !== '', JSON.stringify(event))
    if (event.ph === 'X') assert.ok(time(event.dur), JSON.stringify(event))
    else assert.ok(whole(event.id), JSON.stringify(event))
  }
}

interface Slice {
  readonly name: string
  readonly taskId: unknown
  readonly start: number
  readonly end: number
}

/**
 * Reads a trace as Perfetto's importer does: microseconds become whole nanoseconds by cutting off, events are put in order of
 * time, a thread has a stack of slices, one that reaches over the end of the one around it is an error, and an arrow's
 * end belongs to the slice on top of the stack at its moment. Gives the arrows, as pairs of task ids.
 */
function importAsPerfetto(events: readonly TraceEvent[]): { slices: number; arrows: [unknown, unknown][] } {
  const nanoseconds = (us: number): number => Math.trunc(us * 1000)
  const stacks = new Map<number, Slice[]>()
  const open = new Map<number, Slice>()
  const arrows: [unknown, unknown][] = []
  let slices = 0
  for (const event of events.filter(({ ph }) => ph !== 'M').toSorted((a, b) => nanoseconds(a.ts!) - nanoseconds(b.ts!))) {
    const start = nanoseconds(event.ts!)
    const stack = stacks.get(event.tid) ?? []
    stacks.set(event.tid, stack)
    if (event.ph === 'X') {
      const end = start + nanoseconds(event.dur!)
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        const bothEmpty = top.start === top.end && start === end
        if (top.end < start || (top.end === start && !bothEmpty)) stack.pop()
        else {
          assert.ok(end <= top.end, `${event.name} reaches over the end of ${top.name}`)
          break
        }
      }
      stack.push({ name: event.name, taskId: event.args!.taskId, start, end })
      slices++
      continue
    }
    const top = stack.at(-1)!
    assert.ok(top.start <= start && start < top.end, 'an arrow ends inside a slice')
    if (event.ph === 's') {
      assert.not.ok(open.has(event.id!), 'an arrow has an id of its own')
      open.set(event.id!, top)
    } else arrows.push([open.get(event.id!)!.taskId, top.taskId])
  }
  assert.is(arrows.length, open.size)
  return { slices, arrows }
}

test('a task is one complete event: when it ran in microseconds, where, of which type, and who it was', async () => {
  setRows(
    [
      task(1, 7, 0, 2.5, { type: 'ACTOR_TASK', actorId: hexId(9), attemptNumber: 1 }),
      task(2, 7, 2.5, 3, { state: 'FAILED', errorType: 'TaskError', errorMessage: 'no "good"' }),
    ],
    { 7: "Counter 'c'" },
  )
  const events = await timeline()
  checkFormat(events)
  const [line] = events.filter(({ name }) => name === 'thread_name')
  assert.equal(line!.args, { name: "Counter 'c'" })
  const [first, second] = events.filter(({ ph }) => ph === 'X')
  assert.equal(first, {
    ph: 'X',
    name: 'task 1',
    cat: 'ACTOR_TASK',
    pid: 1,
    tid: line!.tid,
    ts: 0,
    dur: 2500,
    args: { taskId: hexId(1), attemptNumber: 1, state: 'FINISHED', actorId: hexId(9) },
  })
  assert.equal([second!.ts, second!.dur, second!.args!.errorType, second!.args!.errorMessage], [2500, 500, 'TaskError', 'no "good"'])
  assert.is(events.find(({ name }) => name === 'process_labels')!.args!.labels, `from ${new Date(EPOCH_MS).toISOString()}`)
})

test('a task that still runs ends now, and one that never ran is not there', () => {
  const events = [...traceEvents([task(1, 7, 0, null), task(2, 0, null, 4), task(3, 0, null, null)], [], EPOCH_MS + 8)]
  assert.equal(
    events.filter(({ ph }) => ph === 'X').map(({ ts, dur, args }) => [args!.taskId, ts, dur]),
    [[hexId(1), 0, 8000]],
  )
})

test('tasks that one worker ran at the same time are on lines of their own, with its name', () => {
  const tasks = [task(1, 7, 0, 10), task(2, 7, 1, 3), task(3, 7, 2, 12), task(4, 7, 3, 5), task(5, 7, 12, 13), task(6, 8, 0, 1)]
  const events = [...traceEvents(tasks, [{ workerId: hexId(7), name: 'Env' }], EPOCH_MS)]
  const lines = new Map(events.filter(({ name }) => name === 'thread_name').map(({ tid, args }) => [tid, args!.name]))
  assert.equal([...lines.values()], ['Env', 'Env (2)', 'Env (3)', `worker ${hexId(8)}`])
  assert.is(importAsPerfetto(events).slices, 6)
  assert.is(events.find(({ name }) => name === 'task 2')!.tid, events.find(({ name }) => name === 'task 4')!.tid)
})

test('an arrow goes from a task to each that it started', () => {
  const tasks = [
    task(1, 7, 0, 10),
    task(2, 8, 4, 6, { parentTaskId: hexId(1), creationTimeMs: EPOCH_MS + 3 }),
    task(3, 7, 11, 12, { parentTaskId: hexId(2), creationTimeMs: EPOCH_MS + 6 }),
    task(4, 8, 20, 21, { parentTaskId: hexId(99) }),
  ]
  const events = [...traceEvents(tasks, [], EPOCH_MS)]
  checkFormat(events)
  assert.equal(importAsPerfetto(events).arrows, [
    [hexId(1), hexId(2)],
    [hexId(2), hexId(3)],
  ])
  assert.equal(
    events.filter(({ ph }) => ph === 's' || ph === 'f').map(({ ts }) => ts),
    [3000, 4000, 5999.875, 11_000],
  )
})

test('whatever the tasks, Perfetto drops none of them and draws every arrow from a parent to its child', () => {
  // On a coarse grid starts and ends coincide; on the fine one they are closer than the clock can tell.
  const moment = fc.oneof(fc.nat(12), fc.double({ min: 0, max: 0.01, noNaN: true }), fc.double({ min: 0, max: 1e6, noNaN: true }))
  const anyTask = fc.record({
    worker: fc.integer({ min: 1, max: 3 }),
    times: fc.tuple(moment, moment, moment),
    parent: fc.option(fc.nat(30)),
  })
  fc.assert(
    fc.property(fc.array(anyTask, { maxLength: 30 }), (all) => {
      const tasks = all.map(({ worker, times, parent }, n) => {
        const [created, start, end] = times.toSorted((a, b) => a - b) as [number, number, number]
        return task(n, worker, start, end, { creationTimeMs: EPOCH_MS + created, parentTaskId: parent === null ? null : hexId(parent) })
      })
      const events = JSON.parse(JSON.stringify([...traceEvents(tasks, [], EPOCH_MS)])) as TraceEvent[]
      checkFormat(events)
      const { slices, arrows } = importAsPerfetto(events)
      assert.is(slices, tasks.length)
      for (const [from, to] of arrows) assert.is(tasks.find(({ taskId }) => taskId === to)!.parentTaskId, from)
    }),
    { numRuns: 2000 },
  )
})

test('a worker has as many lines as it had tasks at once, and no more', () => {
  const touching = [task(1, 1, 1, 2), task(2, 1, 1, 1), task(3, 1, 0, 1), task(4, 1, 2, 2)]
  assert.is([...traceEvents(touching, [], EPOCH_MS)].filter(({ name }) => name === 'thread_name').length, 1)
  const span = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 10 }))
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 40 }), (spans) => {
      const tasks = spans.map(([start, length], n) => task(n, 1, start, start + length))
      const lines = [...traceEvents(tasks, [], EPOCH_MS)].filter(({ name }) => name === 'thread_name').length
      const atOnce = spans.map(([moment]) => spans.filter(([start, length]) => start <= moment && moment < start + length).length)
      assert.is(lines, Math.max(...atOnce))
    }),
  )
})

test('with a path the events are a JSON file, one line each; 100,000 tasks too', async () => {
  const tasks = Array.from({ length: 100_000 }, (_, n) =>
    task(n + 1, 1 + (n % 4), n, n + 3, {
      type: taskTypes[n % 3]!,
      parentTaskId: n === 0 ? null : hexId(n),
      creationTimeMs: EPOCH_MS + n - 0.5,
    }),
  )
  setRows(tasks, { 1: 'one' })
  const path = join(folder, 'large.json')
  assert.is(await timeline(path), undefined)
  const text = readFileSync(path, 'utf8')
  assert.match(text, /^\[\{"/)
  const events = JSON.parse(text) as TraceEvent[]
  assert.is(text.split('\n').length, events.length + 1)
  assert.equal(events, await timeline())
  checkFormat(events)
  const { slices, arrows } = importAsPerfetto(events)
  assert.equal([slices, arrows.length], [100_000, 99_999])
  assert.equal(readdirSync(folder), ['large.json'])
})

test('a runtime that has run nothing has a timeline that can be opened', async () => {
  setRows([])
  const path = join(folder, 'empty.json')
  await timeline(path)
  assert.equal(
    (JSON.parse(readFileSync(path, 'utf8')) as TraceEvent[]).map(({ name }) => name),
    ['process_name'],
  )
})

test('a file that cannot be written is refused with its path and the reason, and leaves nothing behind', async () => {
  setRows([task(1, 7, 0, 1)])
  const missing = (await rejection(timeline(join(folder, 'no', 'trace.json')))) as GymnuraError
  assert.is(missing.code, 'ERR_INVALID_ARGUMENT')
  assert.match(missing.message, /^timeline: cannot write '.*trace\.json' \(Error: ENOENT.*does its folder exist/)
  const taken = join(folder, 'taken')
  mkdirSync(taken)
  assert.match((await rejection(timeline(taken))).message, /cannot write/)
  assert.equal(
    readdirSync(folder).filter((name) => name.includes('tmp')),
    [],
  )
  assert.match((await rejection(timeline(5 as unknown as string))).message, /expects a path such as 'trace\.json', not number/)
})

test.run()
