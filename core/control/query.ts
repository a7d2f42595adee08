import { closest } from 'fastest-levenshtein'
import { invalid } from '../api/errors.js'
import { hexId } from '../api/object-ref.js'
import type { Columns, ColumnType, TaskRow } from './rows.js'

export type Cell = string | number | boolean | null

/**
 * How a row's value must stand to the given one. Text is compared without regard to case, as in Ray; 'contains' is for text.
 * null is equal to itself only, and never less or more than anything.
 */
type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'contains'

/** For example `['state', '=', 'FAILED']`. An id may be given as its number, a number or truth value also as text ('5', 'true'). */
export type Filter<Key extends string = string> = readonly [key: Key, operator: Operator, value: Cell]

export interface Query<Row> {
  /** All must hold. Default none. */
  readonly filters?: readonly Filter<keyof Row & string>[]
  /** At most so many rows, the newest; 1 to 10,000. Default 100. */
  readonly limit?: number
}

/**
 * Rows, oldest first, newest last, and how many there were before `limit` cut them: `rows.total > rows.length` tells that some
 * are missing. `total` is not enumerable, so it shows neither in `console.table` nor in JSON.
 */
export type Rows<Row> = Row[] & { readonly total: number }

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 10_000
const operators = ['=', '!=', '<', '<=', '>', '>=', 'contains'] as const satisfies readonly Operator[]

/**
 * The newest `limit` rows that pass all filters. `rows` may itself be what such a selection left of more (its `total` says of how
 * many), so that threads can each select from their own and the selection of all is made from those.
 */
export function select<Row extends object>(
  caller: string,
  columns: Columns<Row>,
  rows: readonly Row[] & { readonly total?: number },
  query: Query<Row> = {},
): Rows<Row> {
  const { passes, limit } = compile(caller, columns, query)
  const found = rows.filter(passes)
  const total = found.length + (rows.total ?? rows.length) - rows.length
  return withTotal(found.slice(-limit), total)
}

export function withTotal<Row>(rows: Row[], total: number): Rows<Row> {
  return Object.defineProperty(rows, 'total', { value: total }) as Rows<Row>
}

/** Tasks of several threads as one list: in the order in which they ended, and behind them those under way. */
export function joinTasks(parts: readonly (readonly TaskRow[] & { readonly total?: number })[]): Rows<TaskRow> {
  const over: TaskRow[] = []
  const underWay: TaskRow[] = []
  let total = 0
  for (const part of parts) {
    total += part.total ?? part.length
    for (const row of part) (row.endTimeMs === null ? underWay : over).push(row)
  }
  over.sort((a, b) => a.endTimeMs! - b.endTimeMs!)
  underWay.sort((a, b) => a.creationTimeMs - b.creationTimeMs)
  return withTotal([...over, ...underWay], total)
}

type Test = (cell: Cell) => boolean

function compile<Row extends object>(caller: string, columns: Columns<Row>, query: Query<Row>) {
  if (typeof query !== 'object' || query === null) throw invalid(`${caller}: expects { filters, limit }, not ${shown(query)}`)
  for (const key of Object.keys(query)) {
    if (key !== 'filters' && key !== 'limit') throw invalid(`${caller}: unknown option '${key}'; ${meant(key, ['filters', 'limit'])}`)
  }
  const { filters = [], limit = DEFAULT_LIMIT } = query
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw invalid(`${caller}: limit must be a whole number between 1 and ${MAX_LIMIT}, not ${shown(limit)}`)
  if (!Array.isArray(filters)) throw invalid(`${caller}: filters must be a list such as [['state', '=', 'FAILED']], not ${shown(filters)}`)
  const tests = filters.map((filter, index) => compileFilter(`${caller}: filters[${index}]`, columns, filter))
  return { limit, passes: (row: Row) => tests.every(({ key, test }) => test(row[key as keyof Row] as Cell)) }
}

function compileFilter(where: string, columns: Readonly<Record<string, ColumnType>>, filter: Filter): { key: string; test: Test } {
  if (!Array.isArray(filter) || filter.length !== 3)
    throw invalid(`${where} must be [key, operator, value] such as ['state', '=', 'FAILED'], not ${shown(filter)}`)
  const [key, operator, value] = filter as Filter
  if (typeof key !== 'string' || !Object.hasOwn(columns, key))
    throw invalid(`${where}: rows have no ${shown(key)}; ${meant(String(key), Object.keys(columns))}`)
  if (!operators.includes(operator)) throw invalid(`${where}: unknown operator ${shown(operator)} (known: ${operators.join(' ')})`)
  return { key, test: testOf(`${where}: ${key}`, columns[key]!, operator, value) }
}

function testOf(where: string, type: ColumnType, operator: Operator, given: Cell): Test {
  const equality = operator === '=' || operator === '!='
  if (given === null) {
    if (!equality) throw invalid(`${where} can be compared with null by = and != only, not by ${operator}`)
    return (cell) => (cell === null) === (operator === '=')
  }
  if (operator === 'contains') {
    if (type === 'number' || type === 'boolean') throw invalid(`${where} is a ${type}; 'contains' is for text`)
    const part = expectText(where, given).toLowerCase()
    return (cell) => typeof cell === 'string' && cell.toLowerCase().includes(part)
  }
  if (type === 'boolean' && !equality) throw invalid(`${where} is true or false, which = and != compare, not ${operator}`)
  const value = valueFor(where, type, equality, given)
  switch (operator) {
    case '=':
      return (cell) => comparable(cell) === value
    case '!=':
      return (cell) => comparable(cell) !== value
    case '<':
      return (cell) => cell !== null && comparable(cell) < value
    case '<=':
      return (cell) => cell !== null && comparable(cell) <= value
    case '>':
      return (cell) => cell !== null && comparable(cell) > value
    case '>=':
      return (cell) => cell !== null && comparable(cell) >= value
  }
}

/** Text without its case; anything else as it is. */
function comparable<T extends Cell>(cell: T): T {
  return (typeof cell === 'string' ? cell.toLowerCase() : cell) as T
}

/** The given value as the column has it. */
function valueFor(where: string, type: ColumnType, equality: boolean, given: string | number | boolean): string | number | boolean {
  if (type === 'number') {
    const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
    if (typeof number !== 'number' || Number.isNaN(number)) throw invalid(`${where} must be compared with a number, not ${shown(given)}`)
    return number
  }
  if (type === 'boolean') {
    if (typeof given === 'boolean') return given
    if (given === 'true' || given === 'false') return given === 'true'
    throw invalid(`${where} must be compared with true or false, not ${shown(given)}`)
  }
  if (type === 'id' && typeof given === 'number' && Number.isSafeInteger(given) && given >= 0) return hexId(given)
  const text = expectText(where, given)
  const unknownWord = equality && typeof type !== 'string' && !type.some((word) => comparable(word) === comparable(text))
  if (unknownWord) throw invalid(`${where} is never ${shown(text)}; ${meant(text.toUpperCase(), type)}`)
  return comparable(text)
}

function expectText(where: string, given: Cell): string {
  if (typeof given !== 'string') throw invalid(`${where} must be compared with text, not ${shown(given)}`)
  return given
}

function meant(given: string, known: readonly string[]): string {
  return `did you mean '${closest(given, [...known])}'? (known: ${known.join(', ')})`
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value
  }
}
