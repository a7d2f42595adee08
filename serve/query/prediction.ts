import type { OutputDescription } from '../containers/container.js'
import { type Column, itemOf, textOf } from '../containers/element-types.js'
import { parseShallow } from '../containers/shallow-json.js'
import type { Json } from '../state/state.js'

/** What a model said about one input: made once, shared by every query that asked for it and by the cache. */
export class Prediction {
  #json: string | undefined

  constructor(readonly output: Json) {}

  get json(): string {
    this.#json ??= JSON.stringify(this.output)
    return this.#json
  }

  /** About what it costs to keep, bytes. */
  get bytes(): number {
    return 64 + cost(this.output)
  }
}

function cost(value: Json): number {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return 16
  if (typeof value === 'string') return 32 + 2 * value.length
  if (Array.isArray(value))
    return typeof value[0] === 'number' ? 32 * value.length : value.reduce((sum: number, part) => sum + cost(part), 32)
  return Object.entries(value).reduce((sum, [key, part]) => sum + 64 + 2 * key.length + cost(part), 64)
}

/** Whole numbers that models answer all the time: actions of a Discrete space. */
const SMALL = Array.from({ length: 256 }, (_, output) => new Prediction(output))

/** Why a model's answer is none. */
const NOT_FINITE = 'The model answered a number that is not finite'
const NOT_JSON = 'The model answered text that is not JSON'

export class NoValue extends Error {}

/** An output of item `item` as JSON has it: a number, an array of numbers, a string, bytes in base64. @throws NoValue */
export function valueAt(column: Column, item: number, items: number, { shape }: OutputDescription): Json {
  const elements = itemOf(column, item, items)
  const { type } = column
  if (type === 'strings' || type === 'json' || (type === 'bytes' && shape.length > 0)) {
    if (type === 'bytes') return Buffer.from(elements).toString('base64')
    return type === 'strings' ? textOf(elements) : parsed(textOf(elements))
  }
  if (shape.length === 0) return finite(elements[0]!)
  const values = new Array<number>(elements.length)
  for (let i = 0; i < values.length; i++) values[i] = finite(elements[i]!)
  return values
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value
  throw new NoValue(NOT_FINITE)
}

function parsed(text: string): Json {
  try {
    return parseShallow(text) as Json
  } catch (error) {
    throw new NoValue(`${NOT_JSON}: ${(error as Error).message}`)
  }
}

/** The prediction for item `item` of `items` of a model's first output, or the reason why there is none. */
export function predictionAt(column: Column, item: number, items: number, described: OutputDescription): Prediction | string {
  if (column.type === 'integers' && described.shape.length === 0) {
    const output = column.elements[item]!
    return SMALL[output] ?? new Prediction(output)
  }
  try {
    return new Prediction(valueAt(column, item, items, described))
  } catch (error) {
    if (error instanceof NoValue) return error.message
    throw error
  }
}
