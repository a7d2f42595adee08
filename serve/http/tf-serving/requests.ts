import type { ModelDescription } from '../../containers/container.js'
import { ServeError } from '../../errors.js'
import { isBase64 } from '../../query/base64.js'
import type { Inputs } from '../../query/inputs.js'
import { readRows } from '../../query/read-rows.js'
import type { Signature } from '../../query/signature.js'
import { didYouMean, invalid } from '../../refusals.js'
import { type Body, parseBody } from '../json-body.js'
import { checkArrays, checkCount, type RequestLimits } from '../request-limits.js'

/** Of one row; what lies deeper is no number. */
const MOST_DIMENSIONS = 32
const SIGNATURE = 'serving_default'

/** What a request asks about, and in which of the two formats it is to be answered. */
export interface TfRequest {
  readonly inputs: Inputs
  /** 'row': an answer a row; 'column': one tensor an output. */
  readonly format: 'row' | 'column'
}

const isObject = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value)
/** A value that is bytes: `{"b64": "..."}`. */
const isBytes = (value: unknown): value is Body => isObject(value) && 'b64' in value

function parse(text: string, expected: string, limits: RequestLimits): Body {
  checkArrays(text, limits)
  const body = parseBody(text, expected)
  const { signature_name: name } = body
  if (name !== undefined && name !== SIGNATURE && name !== '') invalid('signature_name', `"${SIGNATURE}"`, name)
  return body
}

/** One row as the model takes it: nested numbers are laid flat, bytes are those of its numbers or of itself. */
function flatRow(value: unknown, { inputType }: ModelDescription, path: string): unknown {
  if (isBytes(value)) return bytesRow(value.b64, inputType, `${path}.b64`)
  // Text is for those who send bytes as a string of characters.
  if (inputType === 'bytes' && typeof value === 'string') return Buffer.from(value).toString('base64')
  if (typeof value === 'number' && inputType !== 'strings' && inputType !== 'bytes') return [value]
  return Array.isArray(value) && value.some(Array.isArray) ? value.flat(MOST_DIMENSIONS) : value
}

function bytesRow(given: unknown, inputType: ModelDescription['inputType'], path: string): unknown {
  if (!isBase64(given)) return invalid(path, 'bytes in base64', given)
  if (inputType === 'bytes') return given
  const bytes = Buffer.from(given, 'base64')
  if (inputType === 'strings') return bytes.toString()
  if (inputType !== 'floats' || bytes.length % 4 !== 0)
    return invalid(path, 'the bytes of float32 numbers, for a model that takes these', given)
  return Array.from(new Float32Array(new Uint8Array(bytes).buffer))
}

/** The value of the model's only input in `{name: value}`. */
function named(value: Body, name: string, path: string): unknown {
  for (const key of Object.keys(value)) {
    if (key !== name) throw new ServeError('QUERY_INVALID', `${path}: the model has no input "${key}"${didYouMean(key, [name])}`)
  }
  return value[name]
}

/**
 * A `:predict` body: `{"instances": [...]}`, the row format, or `{"inputs": ...}`, the column format.
 * @throws ServeError `QUERY_INVALID` naming the first wrong field's path
 */
export function readPredict(text: string, model: ModelDescription, { input }: Signature, limits: RequestLimits): TfRequest {
  const body = parse(text, '{"instances": [...]} or {"inputs": [...]}', limits)
  const { instances, inputs } = body
  if ((instances === undefined) === (inputs === undefined))
    throw new ServeError('QUERY_INVALID', 'instances, inputs: expected one of the two')
  const format = instances === undefined ? 'column' : 'row'
  const rows = format === 'row' ? instances : isObject(inputs) && !isBytes(inputs) ? named(inputs, input.name, 'inputs') : inputs
  const path = format === 'row' ? 'instances' : isObject(inputs) ? `inputs.${input.name}` : 'inputs'
  if (!Array.isArray(rows)) return invalid(path, 'an array of rows', rows)
  checkCount(rows, limits, path, 'rows')
  const pathOf = (row: number) => `${path}[${row}]`
  const values = rows.map((row: unknown, i) => {
    const value = format === 'row' && isObject(row) && !isBytes(row) ? named(row, input.name, pathOf(i)) : row
    return flatRow(value, model, pathOf(i))
  })
  return { inputs: readRows(values, model, pathOf), format }
}

/**
 * A `:classify` or `:regress` body: `{"context": {...}, "examples": [{...}]}`, each example the model's input by name; what all have in
 * common may be in the context.
 * @throws ServeError `QUERY_INVALID`
 */
export function readExamples(text: string, model: ModelDescription, { input }: Signature, limits: RequestLimits): Inputs {
  const { examples, context = {} } = parse(text, '{"examples": [{...}]}', limits)
  if (!isObject(context)) return invalid('context', 'an object', context)
  if (!Array.isArray(examples)) return invalid('examples', 'an array of objects', examples)
  checkCount(examples, limits, 'examples', 'rows')
  const pathOf = (row: number) => `examples[${row}].${input.name}`
  const values = examples.map((example: unknown, i) => {
    if (!isObject(example)) return invalid(`examples[${i}]`, 'an object', example)
    return flatRow(named({ ...context, ...example }, input.name, `examples[${i}]`), model, pathOf(i))
  })
  return readRows(values, model, pathOf)
}
