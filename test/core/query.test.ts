import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GymnuraError } from '../../core/api/errors.js'
import { hexId } from '../../core/api/object-ref.js'
import { type Cell, type Filter, joinTasks, type Query, select, withTotal } from '../../core/control/query.js'
import { type Columns, columns, type TaskRow } from '../../core/control/rows.js'

type Row = { id: string; name: string | null; size: number | null; alive: boolean; state: string }
const shape: Columns<Row> = { id: 'id', name: 'text', size: 'number', alive: 'boolean', state: ['ALIVE', 'DEAD'] }

const names = ['', 'a', 'A', 'ab', 'Ab', 'b']
const rowOf: fc.Arbitrary<Row> = fc.record({
  id: fc.nat(5).map(hexId),
  name: fc.constantFrom(null, ...names),
  size: fc.oneof(fc.constant(null), fc.integer({ min: -2, max: 3 })),
  alive: fc.boolean(),
  state: fc.constantFrom('ALIVE', 'DEAD'),
})

const equality = fc.constantFrom('=' as const, '!=' as const)
const anyOrder = fc.constantFrom('=' as const, '!=' as const, '<' as const, '<=' as const, '>' as const, '>=' as const)
const filterOf: fc.Arbitrary<Filter<keyof Row>> = fc.oneof(
  fc.tuple(fc.constant('id' as const), anyOrder, fc.oneof(fc.nat(5), fc.nat(5).map(hexId))),
  fc.tuple(fc.constant('name' as const), fc.oneof(anyOrder, fc.constant('contains' as const)), fc.constantFrom(...names)),
  fc.tuple(fc.constant('size' as const), anyOrder, fc.oneof(fc.integer({ min: -2, max: 3 }), fc.constantFrom('1', ' -1 ', '2.0'))),
  fc.tuple(fc.constant('alive' as const), equality, fc.constantFrom(true, false, 'true', 'false')),
  fc.tuple(fc.constant('state' as const), equality, fc.constantFrom('ALIVE', 'dead')),
  fc.tuple(fc.constantFrom('name' as const, 'size' as const), equality, fc.constant(null)),
)

/** The same said naively: what each operator means for one row. */
function holds(row: Row, [key, operator, value]: Filter<keyof Row>): boolean {
  const cell: Cell = row[key]
  if (operator === '!=') return !holds(row, [key, '=', value])
  if (cell === null || value === null) return operator === '=' && cell === value
  let wanted: Cell = value
  if (key === 'id' && typeof value === 'number') wanted = hexId(value)
  if (key === 'size') wanted = Number(value)
  if (key === 'alive') wanted = String(value) === 'true'
  const [a, b] = typeof cell === 'string' ? [cell.toUpperCase(), String(wanted).toUpperCase()] : [Number(cell), Number(wanted)]
  if (operator === 'contains') return String(a).indexOf(String(b)) >= 0
  return { '=': a === b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[operator]
}

test('a selection is the newest rows for which all filters hold, and says how many there were', () => {
  fc.assert(
    fc.property(
      fc.array(rowOf, { maxLength: 30 }),
      fc.array(filterOf, { maxLength: 3 }),
      fc.integer({ min: 1, max: 12 }),
      (rows, filters, limit) => {
        const expected = rows.filter((row) => filters.every((filter) => holds(row, filter)))
        const selected = select('test', shape, rows, { filters, limit })
        assert.equal([...selected], expected.slice(Math.max(0, expected.length - limit)))
        assert.is(selected.total, expected.length)
      },
    ),
    { numRuns: 1000 },
  )
})

test('selecting from the selections of parts is selecting from the whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(rowOf, { maxLength: 10 }), { maxLength: 4 }),
      filterOf,
      fc.integer({ min: 1, max: 6 }),
      (parts, filter, limit) => {
        const query: Query<Row> = { filters: [filter], limit }
        const selections = parts.map((part) => select('test', shape, part, query))
        const total = selections.reduce((sum, part) => sum + part.total, 0)
        const ofParts = select('test', shape, withTotal(selections.flat(), total), query)
        const ofWhole = select('test', shape, parts.flat(), query)
        assert.equal([...ofParts], [...ofWhole])
        assert.is(ofParts.total, ofWhole.total)
      },
    ),
  )
})

test('total does not show when rows are printed or compared', () => {
  const selected = select('test', shape, [{ id: hexId(1), name: null, size: null, alive: true, state: 'ALIVE' }])
  assert.equal(Object.keys(selected), ['0'])
  assert.not.match(JSON.stringify(selected), 'total')
})

test('without a query the newest hundred are taken', () => {
  const rows = Array.from({ length: 250 }, (_, n): Row => ({ id: hexId(n), name: null, size: n, alive: true, state: 'ALIVE' }))
  const selected = select('test', shape, rows)
  assert.is(selected.length, 100)
  assert.is(selected.at(-1)!.size, 249)
  assert.is(selected.total, 250)
})

function refusal(query: unknown): string {
  try {
    select('state.listTasks', columns.tasks, [], query as Query<TaskRow>)
  } catch (error) {
    assert.is((error as GymnuraError).code, 'ERR_INVALID_ARGUMENT')
    return (error as Error).message
  }
  throw new Error(`accepted: ${JSON.stringify(query)}`)
}

test('a key that rows do not have is refused with the nearest one and all there are, also where there are no rows', () => {
  const message = refusal({
    filters: [
      ['name', '=', 'f'],
      ['taskid', '=', '1'],
    ],
  })
  assert.match(message, /^state\.listTasks: filters\[1\]: rows have no 'taskid'; did you mean 'taskId'\?/)
  for (const key of Object.keys(columns.tasks)) assert.ok(message.includes(key))
  assert.match(refusal({ filters: [['constructor', '=', '1']] }), /rows have no 'constructor'/)
})

test('each other mistake in a query is refused in its own words', () => {
  assert.match(refusal({ filters: [['state', '==', 'FAILED']] }), /unknown operator '==' \(known: = != </)
  assert.match(refusal({ filters: [['state', '=', 'FINISHD']] }), /state is never 'FINISHD'; did you mean 'FINISHED'\?/)
  assert.match(refusal({ filters: [['state', '=', 5]] }), /state must be compared with text, not 5/)
  assert.match(refusal({ filters: [['attemptNumber', '>', 'many']] }), /attemptNumber must be compared with a number, not 'many'/)
  assert.match(refusal({ filters: [['attemptNumber', '>', '']] }), /must be compared with a number, not ''/)
  assert.match(refusal({ filters: [['attemptNumber', '>', Number.NaN]] }), /must be compared with a number/)
  assert.match(refusal({ filters: [['attemptNumber', 'contains', '1']] }), /is a number; 'contains' is for text/)
  assert.match(refusal({ filters: [['actorId', '>', null]] }), /compared with null by = and != only/)
  assert.match(refusal({ filters: [['taskId', '=', -1]] }), /taskId must be compared with text, not -1/)
  assert.match(refusal({ filters: [['state', '=']] }), /filters\[0\] must be \[key, operator, value\].* not \["state","="\]/)
  assert.match(refusal({ filters: ['state', '=', 'FAILED'] }), /filters\[0\] must be \[key, operator, value\].* not 'state'/)
  assert.match(refusal({ filters: { state: 'FAILED' } }), /filters must be a list/)
  assert.match(refusal({ limits: 5 }), /unknown option 'limits'; did you mean 'limit'\?/)
  assert.match(refusal(null), /expects \{ filters, limit \}, not null/)
  for (const limit of [0, 10_001, 1.5, '5', Number.NaN, null])
    assert.match(refusal({ limit }), /limit must be a whole number between 1 and 10000/)
})

test('tasks of several threads are joined in the order in which they ended, those under way last', () => {
  const row = (taskId: string, creationTimeMs: number, endTimeMs: number | null): TaskRow => ({
    taskId,
    attemptNumber: 0,
    name: 'f',
    state: endTimeMs === null ? 'RUNNING' : 'FINISHED',
    type: 'NORMAL_TASK',
    actorId: null,
    workerId: null,
    parentTaskId: null,
    creationTimeMs,
    startTimeMs: null,
    endTimeMs,
    errorType: null,
    errorMessage: null,
  })
  const joined = joinTasks([[row('b', 1, 20), row('d', 4, null)], withTotal([row('a', 2, 10), row('c', 3, null)], 7)])
  assert.equal(
    joined.map(({ taskId }) => taskId),
    ['a', 'b', 'c', 'd'],
  )
  assert.is(joined.total, 9)
})

test.run()
